#include "audit/sink.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jumpgate::audit {
namespace {

namespace fs = std::filesystem;

class FileSinkTest : public ::testing::Test {
 protected:
  FileSinkTest() {
    std::string pattern = (fs::temp_directory_path() / "jg-sink-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FileSinkTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return (folder_ / "events.jsonl").string(); }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path folder_;
};

TEST_F(FileSinkTest, AppendsToWhatIsThere) {
  std::ofstream(path()) << "old\n";
  FileSink sink({path()});
  EXPECT_TRUE(sink.write({}, "new\n"));
  EXPECT_EQ(read(path()), "old\nnew\n");
}

TEST_F(FileSinkTest, ANewFileIsNotForOthers) {
  FileSink sink({path()});
  EXPECT_TRUE(sink.write({}, "new\n"));
  EXPECT_EQ(fs::status(path()).permissions() & fs::perms::others_all, fs::perms::none);
}

TEST_F(FileSinkTest, OpenedBeforehandItTakesTheFirstEventAllTheSame) {
  FileSink sink({path()});
  EXPECT_TRUE(sink.open());
  EXPECT_EQ(read(path()), "");
  EXPECT_TRUE(sink.write({}, "new\n"));
  EXPECT_EQ(read(path()), "new\n");
  FileSink nowhere({(folder_ / "no-such-folder" / "events").string()});
  EXPECT_FALSE(nowhere.open());
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(FileSinkTest, APipeIsNeitherWaitedForNorRotated) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  FileSink sink({path(), 10, 3});
  EXPECT_FALSE(sink.write({}, "nobody reads\n")) << "and we are back";
  const int reader = ::open(path().c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  const std::string line(4000, 'x');
  unsigned taken = 0;
  while (taken < 1000 && sink.write({}, line))
    ++taken;
  EXPECT_GT(taken, 1U);
  EXPECT_LT(taken, 1000U) << "a full pipe loses lines";
  EXPECT_TRUE(fs::is_fifo(path())) << "max_bytes is for files";
  EXPECT_FALSE(fs::exists(path() + ".1"));
  ::close(reader);
}

TEST_F(FileSinkTest, RotatesBySizeAndKeepsSoMany) {
  FileSink sink({path(), 10, 3});
  for (const char* line : {"11111111\n", "22222222\n", "33333333\n", "44444444\n"}) {
    EXPECT_TRUE(sink.write({}, line));
  }
  EXPECT_EQ(read(path()), "44444444\n");
  EXPECT_EQ(read(path() + ".1"), "33333333\n");
  EXPECT_EQ(read(path() + ".2"), "22222222\n");
  EXPECT_FALSE(fs::exists(path() + ".3"));
}

TEST_F(FileSinkTest, ASingleFileIsStartedAnew) {
  FileSink sink({path(), 10, 1});
  EXPECT_TRUE(sink.write({}, "11111111\n"));
  EXPECT_TRUE(sink.write({}, "22222222\n"));
  EXPECT_EQ(read(path()), "22222222\n");
  EXPECT_FALSE(fs::exists(path() + ".1"));
}

TEST_F(FileSinkTest, ALineIsNeverSplitOverTwoFiles) {
  FileSink sink({path(), 4, 2});
  EXPECT_TRUE(sink.write({}, "longer than a file\n"));
  EXPECT_EQ(read(path()), "longer than a file\n");
}

TEST_F(FileSinkTest, AMissingFolderCostsLinesUntilItIsThere) {
  const std::string late = (folder_ / "late" / "events.jsonl").string();
  FileSink sink({late});
  EXPECT_FALSE(sink.write({}, "lost\n"));
  fs::create_directory(folder_ / "late");
  EXPECT_TRUE(sink.write({}, "kept\n"));
  EXPECT_EQ(read(late), "kept\n");
}

TEST_F(FileSinkTest, AFullDiskCostsLines) {
  FileSink sink({"/dev/full"});
  EXPECT_FALSE(sink.write({}, "lost\n"));
  EXPECT_FALSE(sink.write({}, "lost\n"));
}

TEST_F(FileSinkTest, ALineThatDidNotFitLeavesNoPart) {
  FileSink sink({path()});
  ASSERT_TRUE(sink.write({}, "first\n"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto signal_before = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 9, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_FALSE(sink.write({}, "second\n"));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, signal_before);
  EXPECT_EQ(read(path()), "first\n");
  EXPECT_TRUE(sink.write({}, "third\n"));
  EXPECT_EQ(read(path()), "first\nthird\n");
}

TEST(StreamSink, APipeThatNobodyReadsCostsLinesNotTime) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);  // blocking, as stderr is
  StreamSink sink(ends[1]);
  const std::string line(1024, 'x');
  int written = 0;
  while (sink.write({}, line) && written < 1000)
    ++written;
  EXPECT_GT(written, 0);
  EXPECT_LT(written, 1000);
  EXPECT_FALSE(sink.write({}, line));
  std::string buffer(8192, ' ');
  ASSERT_GT(::read(ends[0], buffer.data(), buffer.size()), 0);
  EXPECT_TRUE(sink.write({}, line));
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace jumpgate::audit
