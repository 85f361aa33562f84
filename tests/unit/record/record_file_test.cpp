#include "record/record_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "../../support/temp_folder.hpp"

namespace jumpgate::record {
namespace {

using Bytes = std::vector<std::uint8_t>;

class RecordFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<RecordFile> open(std::uint64_t max_bytes = 1 << 30, std::uint32_t keep = 2) {
    auto file = RecordFile::open({.path = path_, .max_bytes = max_bytes, .keep = keep});
    EXPECT_TRUE(file) << file.error();
    return file ? std::move(*file) : nullptr;
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  testing::TempFolder folder_;
  std::string path_{folder_.path("r/record")};
};

TEST_F(RecordFileTest, WritesInOrderAndAllOfItBeforeItsEnd) {
  {
    const auto file = open();
    EXPECT_TRUE(file->write(Bytes{'a', 'b'}));
    EXPECT_TRUE(file->write(Bytes{'c'}));
  }
  EXPECT_EQ(content(path_), "abc");
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms(0600));
}

TEST_F(RecordFileTest, GoesRoundItsRing) {
  const Bytes chunk(RecordFile::kRing / 3, 'x');
  {
    const auto file = open();
    for (int i = 0; i < 10; ++i)
      while (!file->write(chunk))
        std::this_thread::yield();
  }
  EXPECT_EQ(std::filesystem::file_size(path_), chunk.size() * 10);
}

TEST_F(RecordFileTest, RefusesWhatFitsNeitherFileNorRing) {
  const auto file = open(4);
  EXPECT_TRUE(file->write(Bytes(4)));
  EXPECT_FALSE(file->write(Bytes(1)));
  path_ = folder_.path("other");
  EXPECT_FALSE(open()->write(Bytes(RecordFile::kRing + 1)));
}

TEST_F(RecordFileTest, KeepsTheNewestOfEarlierStarts) {
  for (const char* text : {"1", "2", "3", "4"})
    open()->write(Bytes{static_cast<std::uint8_t>(*text)});
  EXPECT_EQ(content(path_), "4");
  EXPECT_EQ(content(path_ + ".1"), "3");
  EXPECT_EQ(content(path_ + ".2"), "2");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3"));
}

TEST_F(RecordFileTest, AFolderThatCanNotBeMadeIsNamed) {
  const auto file = RecordFile::open({.path = "/proc/nowhere/record", .max_bytes = 1, .keep = 0});
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().find("record.file /proc/nowhere/record can not be made"),
            std::string::npos);
}

}  // namespace
}  // namespace jumpgate::record
