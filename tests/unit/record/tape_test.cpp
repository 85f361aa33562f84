#include "record/tape.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "../../support/temp_folder.hpp"

namespace jumpgate::record {
namespace {

class Tape : public ::testing::Test {
 protected:
  /// Records of 1, 2, 3 ... bytes.
  Bytes written(std::size_t records) {
    Bytes bytes;
    TapeWriter writer([&bytes](std::span<const std::uint8_t> more) {
      bytes.insert(bytes.end(), more.begin(), more.end());
      return true;
    });
    for (std::size_t i = 1; i <= records; ++i)
      EXPECT_TRUE(writer.write(Bytes(i, static_cast<std::uint8_t>(i))));
    return bytes;
  }
  /// How many records come back, and then what.
  std::pair<std::size_t, std::string> read(const Bytes& bytes) {
    const std::string path = folder_.path("tape");
    std::ofstream(path, std::ios::binary) << std::string(bytes.begin(), bytes.end());
    auto reader = TapeReader::open(path);
    if (!reader) return {0, reader.error()};
    for (std::size_t count = 0;; ++count) {
      const auto record = reader->next();
      if (!record) return {count, record.error()};
      if (!*record) return {count, ""};
      EXPECT_EQ((*record)->size(), count + 1);
    }
  }

  testing::TempFolder folder_;
};

TEST_F(Tape, RecordsComeBack) {
  EXPECT_EQ(read(written(3)), (std::pair<std::size_t, std::string>{3, ""}));
}

TEST_F(Tape, EveryFlippedByteIsNamed) {
  const Bytes good = written(3);
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= 1;
    const auto [count, fault] = read(bad);
    EXPECT_LT(count, 3U) << at;
    EXPECT_FALSE(fault.empty()) << at;
  }
}

TEST_F(Tape, EveryCutWithinARecordIsNamed) {
  const Bytes good = written(1);
  const std::size_t title = written(0).size();
  for (std::size_t size = title + 1; size < good.size(); ++size) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(read(cut).second.find("record 1: cut"), std::string::npos) << size;
  }
}

TEST_F(Tape, ARecordTakenOutIsNamedByTheNext) {
  Bytes bytes = written(3);
  const auto first = static_cast<std::ptrdiff_t>(written(0).size());
  const auto second = static_cast<std::ptrdiff_t>(written(1).size());
  bytes.erase(bytes.begin() + first, bytes.begin() + second);
  EXPECT_NE(read(bytes).second.find("record 1: damaged or edited"), std::string::npos);
}

TEST_F(Tape, AnotherVersionAndAnotherFileAreNamed) {
  Bytes bytes = written(1);
  bytes[kTitle.size()] = '1';
  EXPECT_NE(read(bytes).second.find("a recording of version 1; this program replays version " +
                                    std::to_string(kTapeVersion)),
            std::string::npos);
  EXPECT_NE(read(Bytes(100, 'x')).second.find("is no recording"), std::string::npos);
  EXPECT_NE(read({}).second.find("is no recording"), std::string::npos);
  EXPECT_FALSE(TapeReader::open(folder_.path("nothing")));
}

TEST_F(Tape, AfterOneRefusalNothingIsWritten) {
  std::size_t asked = 0;
  TapeWriter writer([&asked](std::span<const std::uint8_t>) { return ++asked != 2; });
  EXPECT_FALSE(writer.write(Bytes(1)));
  EXPECT_FALSE(writer.write(Bytes(1)));
  EXPECT_EQ(asked, 2U) << "a recording with a gap is none";
}

}  // namespace
}  // namespace jumpgate::record
