/// ICMP (RFC 792, RFC 1812 section 4.3) and ICMPv6 (RFC 4443): echo replies and errors about inner
/// packets.
///
/// Owner thread: any; pure functions on layer 3 packets, no allocation: IP packet in, IP packet out
/// (no Ethernet). Builders return the bytes written to `out`, 0 when nothing may be sent: the
/// packet is itself an ICMP error or redirect, an IPv4 fragment other than the first (IPv6: one of
/// ICMPv6), from or to a multicast or unspecified address, or `out` is too small. Bound: an error
/// quotes at most what keeps it within 576 bytes (IPv4) or 1280 (IPv6). Rate limits are the caller's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/frames.hpp"

namespace jumpgate::net {

enum class IcmpError : std::uint8_t {
  kNoRoute,          // IPv4 3/0, IPv6 1/0
  kHostUnreachable,  // IPv4 3/1, IPv6 1/3
  kAdministrative,   // IPv4 3/13, IPv6 1/1
  kPortUnreachable,  // IPv4 3/3, IPv6 1/4
  kTtlExceeded,      // 11/0, 3/0
  kTooBig,           // 3/4 with the MTU (RFC 1191), 2/0
};

/// Largest packet build_icmp_error() makes.
inline constexpr std::size_t kMaxIcmpError = 1280;

/// The answer to an echo request to one of our addresses; `request` is the whole IP packet.
std::size_t build_echo_reply(MutableBytes out, Bytes request);
/// Whether an IP packet is an echo request with a valid checksum.
bool is_echo_request(Bytes packet);
/// Why a packet to one of our addresses that is no echo request, nor for a tunnel, is dropped: nobody
/// listens there, and ICMP errors are never believed.
DropReason why_unwanted(std::uint8_t protocol);

/// An error about `packet`, from our address `source` (of its family) to its sender. `mtu` for
/// kTooBig only.
std::size_t build_icmp_error(MutableBytes out, IcmpError error, const IpAddress& source,
                             Bytes packet, std::uint32_t mtu = 0);

}  // namespace jumpgate::net
