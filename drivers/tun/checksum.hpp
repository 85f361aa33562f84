/// The Internet checksum (RFC 1071), for packets that the kernel hands over with theirs unfinished.
/// Pure functions, any thread, no bound but the bytes given.
#pragma once

#include <cstdint>
#include <span>

#include <jumpgate/types.hpp>

namespace jumpgate::tun {

/// Adds the bytes as big-endian 16-bit words to a running one's complement sum; an odd last byte is
/// padded.
std::uint64_t checksum_add(std::uint64_t sum, std::span<const std::uint8_t> bytes);

/// Folds a running sum to 16 bits, not complemented; host byte order.
std::uint16_t checksum_fold(std::uint64_t sum);

/// The sum of the TCP or UDP pseudo header of an IP packet (RFC 9293 3.1, RFC 8200 8.1). `packet`
/// holds the whole IP header, whose version the caller has checked.
std::uint64_t pseudo_header_sum(std::span<const std::uint8_t> packet, std::uint8_t protocol,
                                std::size_t transport_length);

inline std::uint16_t load_be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>((p[0] << 8) | p[1]);
}
inline std::uint32_t load_be32(const std::uint8_t* p) {
  return (static_cast<std::uint32_t>(load_be16(p)) << 16) | load_be16(p + 2);
}
inline void store_be16(std::uint8_t* p, std::uint16_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 8);
  p[1] = static_cast<std::uint8_t>(v & 0xff);
}
inline void store_be32(std::uint8_t* p, std::uint32_t v) {
  store_be16(p, static_cast<std::uint16_t>(v >> 16));
  store_be16(p + 2, static_cast<std::uint16_t>(v & 0xffff));
}

}  // namespace jumpgate::tun
