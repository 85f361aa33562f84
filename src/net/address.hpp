/// Text forms of addresses, prefixes and endpoints, and the arithmetic on them.
///
/// Owner thread: any; pure functions without I/O, usable by gateway and client. Failure: nullopt on
/// anything that is not exactly the form (RFC 4291 section 2.2, RFC 5952 on output, RFC 4632
/// prefixes). No name is ever resolved.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <jumpgate/types.hpp>

namespace jumpgate::net {

/// "192.0.2.1" or "2001:db8::1"; no zone, no brackets.
std::optional<IpAddress> parse_address(std::string_view text);
/// "10.8.0.0/24"; without "/n" a single address. Host bits are kept.
std::optional<IpPrefix> parse_prefix(std::string_view text);
/// "192.0.2.1:51820" or "[2001:db8::1]:51820".
std::optional<Endpoint> parse_endpoint(std::string_view text);
/// "02:00:00:00:00:01".
std::optional<MacAddress> parse_mac(std::string_view text);

std::string to_string(const IpAddress& address);
std::string to_string(const IpPrefix& prefix);
std::string to_string(const Endpoint& endpoint);
std::string to_string(const MacAddress& mac);

/// From bytes in network order as they stand in a header.
IpAddress address_v4(std::span<const std::uint8_t, 4> bytes);
IpAddress address_v6(std::span<const std::uint8_t, 16> bytes);

/// Bits of the family's addresses: 32, 128, or 0 for none.
constexpr std::uint8_t address_bits(IpFamily family) {
  return family == IpFamily::kV4 ? 32 : family == IpFamily::kV6 ? 128 : 0;
}
/// The prefix with its host bits cleared.
IpPrefix network_of(const IpPrefix& prefix);
bool contains(const IpPrefix& prefix, const IpAddress& address);
/// One holds the other.
bool overlaps(const IpPrefix& a, const IpPrefix& b);

bool is_unspecified(const IpAddress& address);
bool is_multicast(const IpAddress& address);
/// 169.254/16 and fe80::/10.
bool is_link_local(const IpAddress& address);
/// An address that can be a datagram's source and be answered: neither unspecified, multicast,
/// broadcast nor loopback.
bool is_answerable(const IpAddress& address);

}  // namespace jumpgate::net
