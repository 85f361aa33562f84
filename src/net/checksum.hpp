/// The checksums of IP headers and of what lies in IP packets (RFC 1071, RFC 1624, RFC 768, RFC 8200).
///
/// Owner thread: any; pure functions, no allocation. Bound: an IP packet of 65,535 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <jumpgate/types.hpp>

#include "base/bytes.hpp"
#include "base/checksum.hpp"

namespace jumpgate::net {

using Bytes = std::span<const std::uint8_t>;

using base::fold;
using base::load_native32;
using base::sum_native;

/// Ready to be stored; `sum` carries a partial sum (pseudo_header_sum).
inline std::uint16_t internet_checksum(Bytes bytes, std::uint32_t sum = 0) {
  const std::uint16_t folded = __builtin_bswap16(fold(sum_native(bytes)));
  return static_cast<std::uint16_t>(~fold(std::uint64_t{folded} + sum));
}

/// The checksum at `checksum` after one 16-bit word that it covers has changed (RFC 1624 equation 3).
inline void update_checksum(std::uint8_t* checksum, std::uint16_t before, std::uint16_t after) {
  const std::uint32_t sum = (~std::uint32_t{base::load_be16(checksum)} & 0xffff) +
                            (~std::uint32_t{before} & 0xffff) + after;
  base::store_be16(checksum, static_cast<std::uint16_t>(~fold(sum)));
}

/// Whether a sum over a checksum and all that it covers folds to ones: a multiple of 0xffff, but for that of zeros
/// alone. The compiler makes a multiplication of it, where folding is a chain of steps.
inline bool is_sound(std::uint64_t sum) {
  return sum != 0 && sum % 0xffff == 0;
}

/// Sum of an IPv4 header of 20 bytes, native order.
inline std::uint64_t ipv4_header_sum(const std::uint8_t* header) {
  return load_native32(header) + load_native32(header + 4) + load_native32(header + 8) +
         load_native32(header + 12) + load_native32(header + 16);
}
inline bool ipv4_header_is_sound(const std::uint8_t* header) {
  return is_sound(ipv4_header_sum(header));
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
