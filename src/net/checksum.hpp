/// The Internet checksum (RFC 1071).
///
/// Owner thread: any; pure functions, no allocation. Sums are taken in native byte order, which the
/// checksum does not care about (RFC 1071 section 2 (B)), and turned at the end. Bound: at most
/// 65,535 bytes, so that no 64-bit sum of 32-bit words can overflow.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <jumpgate/types.hpp>

namespace jumpgate::net {

using Bytes = std::span<const std::uint8_t>;

/// One's complement sum of any length, not yet folded, in native order.
std::uint64_t sum_native(Bytes bytes);

constexpr std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffff'ffff) + (sum >> 32);
  sum = (sum & 0xffff'ffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

/// Ready to be stored; `sum` carries a partial sum (pseudo_header_sum).
inline std::uint16_t internet_checksum(Bytes bytes, std::uint32_t sum = 0) {
  const std::uint16_t folded = __builtin_bswap16(fold(sum_native(bytes)));
  return static_cast<std::uint16_t>(~fold(std::uint64_t{folded} + sum));
}

inline std::uint64_t load_native32(const std::uint8_t* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

/// Sum of an IPv4 header of 20 bytes, native order.
inline std::uint64_t ipv4_header_sum(const std::uint8_t* header) {
  return load_native32(header) + load_native32(header + 4) + load_native32(header + 8) +
         load_native32(header + 12) + load_native32(header + 16);
}
inline bool ipv4_header_is_sound(const std::uint8_t* header) {
  return fold(ipv4_header_sum(header)) == 0xffff;
}

/// Partial sum of the pseudo header (RFC 768, RFC 8200 section 8.1), in network order as a number.
inline std::uint32_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                       std::uint8_t protocol, std::size_t length) {
  std::uint64_t sum = 0;
  const std::size_t size = source.family == IpFamily::kV4 ? 4 : 16;
  for (std::size_t i = 0; i < size; i += 4)
    sum += load_native32(&source.bytes[i]) + load_native32(&destination.bytes[i]);
  return std::uint32_t{__builtin_bswap16(fold(sum))} + static_cast<std::uint32_t>(length >> 16) +
         static_cast<std::uint32_t>(length & 0xffff) + protocol;
}

}  // namespace jumpgate::net
