/// The Internet checksum (RFC 1071), for packets that the kernel hands over with theirs unfinished.
/// Pure functions, any thread, no bound but the bytes given.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/checksum.hpp"

namespace jumpgate::tun {

using base::load_be16;
using base::load_be32;
using base::store_be16;
using base::store_be32;

/// Adds the bytes as big-endian 16-bit words to a running one's complement sum, which base::fold
/// ends; an odd last byte is padded.
std::uint64_t checksum_add(std::uint64_t sum, std::span<const std::uint8_t> bytes);

/// The sum of the TCP or UDP pseudo header of an IP packet (RFC 9293 3.1, RFC 8200 8.1). `packet`
/// holds the whole IP header, whose version the caller has checked.
std::uint64_t pseudo_header_sum(std::span<const std::uint8_t> packet, std::uint8_t protocol,
                                std::size_t transport_length);

}  // namespace jumpgate::tun
