#include "tun/checksum.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

namespace jumpgate::tun {
namespace {

std::uint64_t add_carry(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t sum = a + b;
  return sum + static_cast<std::uint64_t>(sum < a);
}

std::uint64_t big_endian_word(const std::uint8_t* p) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
}

}  // namespace

std::uint64_t checksum_add(std::uint64_t sum, std::span<const std::uint8_t> bytes) {
  std::size_t at = 0;
  // Eight bytes at a time: one's complement addition does not mind how the words are grouped (RFC
  // 1071 2.C).
  for (; at + 8 <= bytes.size(); at += 8)
    sum = add_carry(sum, big_endian_word(&bytes[at]));
  for (; at + 2 <= bytes.size(); at += 2)
    sum = add_carry(sum, load_be16(&bytes[at]));
  if (at < bytes.size()) sum = add_carry(sum, static_cast<std::uint64_t>(bytes[at]) << 8);
  return sum;
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
