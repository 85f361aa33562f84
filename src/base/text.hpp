/// Text forms of addresses, keys and ids, as people write them in configuration and read them in
/// events.
///
/// Owner thread: any; pure functions, no name resolution. Bound: linear in the text. Failure: a
/// message that says what was found and what is expected.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include <jumpgate/types.hpp>

#include "base/secret.hpp"

namespace jumpgate::base {

template <class T>
using Parsed = std::expected<T, std::string>;

/// What to do with bits behind the prefix length: "10.0.0.1/24" is a network by mistake, or an
/// interface's address.
enum class HostBits { kRefuse, kKeep };

/// "192.0.2.1", "2001:db8::1"; no zone, no brackets.
[[nodiscard]] Parsed<IpAddress> parse_ip(std::string_view text);
/// "192.0.2.0/24", "2001:db8::/32"; a bare address is a prefix of full length.
[[nodiscard]] Parsed<IpPrefix> parse_prefix(std::string_view text,
                                            HostBits host_bits = HostBits::kRefuse);
/// "192.0.2.1:51820", "[2001:db8::1]:51820"; port 0 is refused.
[[nodiscard]] Parsed<Endpoint> parse_endpoint(std::string_view text);
/// "02:00:5e:10:00:01"
[[nodiscard]] Parsed<MacAddress> parse_mac(std::string_view text);
/// 32 bytes in base64: 44 characters, the last one '=' (as WireGuard writes keys). It may be a
/// private key, so it wipes itself.
[[nodiscard]] Parsed<SecretArray<32>> parse_key(std::string_view text);
/// Hexadecimal digits, exactly two for each byte of `out`.
[[nodiscard]] Parsed<void> parse_hex(std::string_view text, std::span<std::uint8_t> out);
/// 32 hexadecimal digits.
[[nodiscard]] Parsed<SessionId> parse_session_id(std::string_view text);

[[nodiscard]] std::string format_ip(const IpAddress& address);  // RFC 5952; "none" without a family
[[nodiscard]] std::string format_prefix(const IpPrefix& prefix);
[[nodiscard]] std::string format_endpoint(const Endpoint& endpoint);
[[nodiscard]] std::string format_mac(const MacAddress& mac);
[[nodiscard]] std::string format_key(std::span<const std::uint8_t, 32> key);
[[nodiscard]] std::string format_hex(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::string format_session_id(const SessionId& id);

/// The number of bits an address of the family has: 32, 128, or 0 for none.
[[nodiscard]] constexpr unsigned address_bits(IpFamily family) {
  return family == IpFamily::kV4 ? 32U : family == IpFamily::kV6 ? 128U : 0U;
}
/// The address with the bits behind the length cleared.
[[nodiscard]] IpAddress masked(const IpAddress& address, unsigned length);
/// True when the address has the prefix's family and its first `length` bits.
[[nodiscard]] bool contains(const IpPrefix& prefix, const IpAddress& address);

}  // namespace jumpgate::base
