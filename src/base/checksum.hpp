/// The arithmetic of the Internet checksum (RFC 1071).
///
/// Owner thread: any; pure functions, no allocation. Sums are taken in native byte order, which the
/// checksum does not care about (RFC 1071 section 2 (B)), and turned at the end. Bound: at most
/// 2^34 bytes a sum, so that no carry of 32-bit words is lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace jumpgate::base {

/// One's complement sum of any length, not yet folded, in native order; an odd last byte is padded.
std::uint64_t sum_native(std::span<const std::uint8_t> bytes);

constexpr std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffff'ffff) + (sum >> 32);
  sum = (sum & 0xffff'ffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

inline std::uint64_t load_native32(const std::uint8_t* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

}  // namespace jumpgate::base
