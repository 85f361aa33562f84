#include "tun/checksum.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace jumpgate::tun {
namespace {

std::uint64_t add_carry(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t sum = a + b;
  return sum + static_cast<std::uint64_t>(sum < a);
}

/// A word as it lies in memory.
template <class Word>
std::uint64_t native(const std::uint8_t* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

}  // namespace

std::uint64_t checksum_add(std::uint64_t sum, std::span<const std::uint8_t> bytes) {
  // In the machine's own order, four bytes at a time into eight: the compiler makes vectors of it,
  // and one's complement addition minds neither order nor grouping (RFC 1071 2.B, 2.C). No carry is
  // lost below 2^34 bytes.
  std::uint64_t own = 0;
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4)
    own += native<std::uint32_t>(&bytes[at]);
  if (at + 2 <= bytes.size()) {
    own += native<std::uint16_t>(&bytes[at]);
    at += 2;
  }
  if (at < bytes.size()) {
    const std::array<std::uint8_t, 2> padded{bytes[at], 0};
    own += native<std::uint16_t>(padded.data());
  }
  std::uint16_t folded = checksum_fold(own);
  if constexpr (std::endian::native == std::endian::little) folded = __builtin_bswap16(folded);
  return add_carry(sum, folded);
}

std::uint16_t checksum_fold(std::uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  while ((sum >> 16) != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

std::uint64_t pseudo_header_sum(std::span<const std::uint8_t> packet, std::uint8_t protocol,
                                std::size_t transport_length) {
  const bool v6 = (packet[0] >> 4) == 6;
  const std::uint64_t addresses =
      v6 ? checksum_add(0, packet.subspan(8, 32)) : checksum_add(0, packet.subspan(12, 8));
  return addresses + protocol + transport_length;
}

}  // namespace jumpgate::tun
