#include "audit/log_files.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "audit/json_line.hpp"
#include "tests/support/temp_folder.hpp"

namespace jumpgate::audit {
namespace {

class LogFilesTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path(name)) << text;
  }
  // "FILE.LINE TEXT" of each line; a mark behind what is not whole.
  static std::vector<std::string> lines(LogFiles& log) {
    std::vector<std::string> all;
    const auto read = log.read([&](const LogLine& line) {
      all.push_back(std::to_string(line.at.file) + "." + std::to_string(line.at.line) + " " +
                    std::string(line.text.substr(0, 8)) + (line.ended ? "" : " cut") +
                    (line.too_long ? " long" : ""));
    });
    EXPECT_TRUE(read);
    return all;
  }
  testing::TempFolder folder_;
};

TEST_F(LogFilesTest, ReadsARotatedLogFromTheOldestOn) {
  write("log", "e\n");
  write("log.1", "c\nd\n");
  write("log.2", "a\nb\n");
  auto log = LogFiles::open_rotated(folder_.path("log"), 4);
  ASSERT_TRUE(log) << log.error();
  EXPECT_EQ(lines(*log), (std::vector<std::string>{"0.1 a", "0.2 b", "1.1 c", "1.2 d", "2.1 e"}));
}

TEST_F(LogFilesTest, OlderFilesThanAreKeptAreNotTheLogs) {
  write("log", "b\n");
  write("log.1", "a\n");
  write("log.2", "stray\n");
  auto log = LogFiles::open_rotated(folder_.path("log"), 1);
  ASSERT_TRUE(log);
  EXPECT_EQ(lines(*log).size(), 2U);
}

TEST_F(LogFilesTest, AFileThatIsThereTwiceIsReadOnce) {
  write("log", "a\n");
  std::filesystem::create_hard_link(folder_.path("log"), folder_.path("log.1"));
  auto log = LogFiles::open_rotated(folder_.path("log"), 4);
  ASSERT_TRUE(log);
  EXPECT_EQ(lines(*log), (std::vector<std::string>{"0.1 a"}));
}

TEST_F(LogFilesTest, MarksWhatIsCutAndWhatIsTooLong) {
  write("log", std::string(3 * kMaxLine, 'x') + "\n" + std::string(kMaxLine - 1, 'y') + "\n" +
                   std::string(kMaxLine, 'w') + "\nz");
  auto log = LogFiles::open({folder_.path("log")});
  ASSERT_TRUE(log);
  EXPECT_EQ(lines(*log), (std::vector<std::string>{"0.1 xxxxxxxx long", "0.2 yyyyyyyy",
                                                   "0.3 wwwwwwww long", "0.4 z cut"}));
}

TEST_F(LogFilesTest, NamesTheFileItCanNotRead) {
  const auto log = LogFiles::open({folder_.path("none")});
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error(), "can not read " + folder_.path("none") + ": No such file or directory");
}

}  // namespace
}  // namespace jumpgate::audit
