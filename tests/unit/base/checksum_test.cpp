#include "base/checksum.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::base {
namespace {

/// RFC 1071 section 1, word by word; `odd` says that the bytes begin within a word.
std::uint16_t slow_sum(const std::uint8_t* at, std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i)
    sum += i % 2 == 0 ? std::uint32_t{at[i]} << 8 : at[i];
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::uint16_t fast_sum(const std::uint8_t* at, std::size_t size) {
  return __builtin_bswap16(fold(sum_native({at, size})));
}

TEST(Checksum, EveryLengthAndAlignmentSumsLikeTheDefinition) {
  std::vector<std::uint8_t> bytes(300);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  // Every place in a line of the cache.
  for (std::size_t offset = 0; offset < 64; ++offset)
    for (std::size_t size = 0; size + offset <= bytes.size(); ++size) {
      // In a vector that ends with it, so that a sanitizer sees a read beyond it.
      const std::vector<std::uint8_t> room(
          bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(offset + size));
      ASSERT_EQ(fast_sum(room.data() + offset, size), slow_sum(&bytes[offset], size))
          << size << " bytes at " << offset;
    }
}

TEST(Checksum, NoCarryIsLost) {
  for (const std::size_t size : {31U, 32U, 63U, 64U, 65'535U}) {
    const std::vector<std::uint8_t> ones(size, 0xff);
    EXPECT_EQ(fast_sum(ones.data(), size), slow_sum(ones.data(), size)) << size;
  }
}

}  // namespace
}  // namespace jumpgate::base
