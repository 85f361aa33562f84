/// Arithmetic on addresses and prefixes; their text forms are in base/text.hpp.
///
/// Owner thread: any; pure functions, usable by gateway and client (no DPDK). Failure: none;
/// different families never match. RFC 4632, RFC 4291.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include <jumpgate/types.hpp>

#include "base/bytes.hpp"

namespace jumpgate::net {

/// From bytes in network order as they stand in a header.
inline IpAddress address_v4(std::span<const std::uint8_t, 4> bytes) {
  IpAddress address{.family = IpFamily::kV4};
  std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
  return address;
}
inline IpAddress address_v6(std::span<const std::uint8_t, 16> bytes) {
  IpAddress address{.family = IpFamily::kV6};
  std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
  return address;
}

inline IpAddress address_at(IpFamily family, const std::uint8_t* bytes) {
  if (family == IpFamily::kV6) return address_v6(std::span<const std::uint8_t, 16>(bytes, 16));
  return address_v4(std::span<const std::uint8_t, 4>(bytes, 4));
}
/// Whether that address stands at `bytes`, without making one of them.
inline bool stands_at(const IpAddress& address, IpFamily family, const std::uint8_t* bytes) {
  if (address.family != family) return false;
  if (family == IpFamily::kV4)
    return base::load_le32(bytes) == base::load_le32(address.bytes.data());
  return base::load_le64(bytes) == base::load_le64(address.bytes.data()) &&
         base::load_le64(bytes + 8) == base::load_le64(&address.bytes[8]);
}

/// The prefix with its host bits cleared.
IpPrefix network_of(const IpPrefix& prefix);
/// The address alone, as a prefix of full length.
IpPrefix host_prefix(const IpAddress& address);
/// One holds the other.
bool overlaps(const IpPrefix& a, const IpPrefix& b);

inline bool is_unspecified(const IpAddress& address) {
  return address.bytes == decltype(address.bytes){};
}
inline bool is_multicast_at(IpFamily family, const std::uint8_t* bytes) {
  if (family == IpFamily::kV4) return (bytes[0] & 0xf0) == 0xe0;
  return family == IpFamily::kV6 && bytes[0] == 0xff;
}
inline bool is_multicast(const IpAddress& address) {
  return is_multicast_at(address.family, address.bytes.data());
}
/// 169.254/16 and fe80::/10.
bool is_link_local(const IpAddress& address);
/// An address that can be a datagram's source and be answered: neither unspecified, multicast,
/// broadcast nor loopback (RFC 1812 section 5.3.7, RFC 4291 section 2.5).
inline bool is_answerable_v4(const std::uint8_t* address) {
  // 0/8 is "this network", 127/8 loopback, 224/4 multicast, 240/4 reserved with the limited
  // broadcast at its end.
  return address[0] != 0 && address[0] != 127 && address[0] < 224;
}
inline bool is_answerable(const IpAddress& address) {
  if (address.family == IpFamily::kV4) return is_answerable_v4(address.bytes.data());
  constexpr IpAddress kLoopback{IpFamily::kV6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  return address.family == IpFamily::kV6 && !is_unspecified(address) && !is_multicast(address) &&
         address != kLoopback;
}

/// Where no router forwards to, nor from, whatever its routes say: unspecified, loopback, link-local,
/// groups and what is reserved (RFC 1812 section 5.3.7, RFC 4291 sections 2.5.2, 2.5.3 and 2.5.6).
inline bool is_never_forwarded(IpFamily family, const std::uint8_t* bytes) {
  if (family == IpFamily::kV4)
    return !is_answerable_v4(bytes) || (bytes[0] == 169 && bytes[1] == 254);
  if (bytes[0] == 0xff || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80)) return true;
  return bytes[0] == 0 && !is_answerable(address_at(IpFamily::kV6, bytes));
}

}  // namespace jumpgate::net
