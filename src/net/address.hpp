/// Arithmetic on addresses and prefixes; their text forms are in base/text.hpp.
///
/// Owner thread: any; pure functions, usable by gateway and client (no DPDK). Failure: none;
/// different families never match. RFC 4632, RFC 4291.
#pragma once

#include <cstdint>
#include <span>

#include <jumpgate/types.hpp>

namespace jumpgate::net {

/// From bytes in network order as they stand in a header.
IpAddress address_v4(std::span<const std::uint8_t, 4> bytes);
IpAddress address_v6(std::span<const std::uint8_t, 16> bytes);

/// The prefix with its host bits cleared.
IpPrefix network_of(const IpPrefix& prefix);
/// The address alone, as a prefix of full length.
IpPrefix host_prefix(const IpAddress& address);
/// One holds the other.
bool overlaps(const IpPrefix& a, const IpPrefix& b);

bool is_unspecified(const IpAddress& address);
bool is_multicast(const IpAddress& address);
/// 169.254/16 and fe80::/10.
bool is_link_local(const IpAddress& address);
/// An address that can be a datagram's source and be answered: neither unspecified, multicast,
/// broadcast nor loopback (RFC 1812 section 5.3.7, RFC 4291 section 2.5).
bool is_answerable(const IpAddress& address);

}  // namespace jumpgate::net
