/// Inner packets that are larger than the tunnel: which still go whole, which may be cut, and the
/// cutting (RFC 791 section 2.3 and 3.2, RFC 1812 section 5.2.7).
///
/// Owner thread: any; pure functions, shared by gateway and client, no allocation. Bound: one
/// packet. Failure: a packet that neither fits nor may be cut deserves an ICMP error, which is the
/// caller's to make (net/icmp.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include <jumpgate/limits.hpp>

#include "net/frames.hpp"

namespace jumpgate::net {

/// The smallest MTU that IPv6 lets a link have (RFC 8200 section 5): a tunnel over a path that is
/// smaller still takes such packets.
inline constexpr std::size_t kIpv6MinMtu = 1280;

/// What an MTU means to a packet of that family: also what "packet too big" says.
constexpr std::uint16_t mtu_for(bool v6, std::uint16_t mtu) {
  return v6 && mtu < kIpv6MinMtu ? kIpv6MinMtu : mtu;
}
/// IPv4 without don't-fragment.
inline bool may_be_cut(Bytes packet) {
  return (packet[0] >> 4) == 4 && (packet[6] & 0x40) == 0;
}

/// Cuts a packet that may_be_cut() into pieces of at most `mtu` bytes, one at a time.
class Fragmenter {
 public:
  /// `packet` outlives it; `mtu` is 68 or more (RFC 791 section 3.2).
  Fragmenter(Bytes packet, std::uint16_t mtu) : packet_(packet), mtu_(mtu) {}

  /// The next piece, a whole IP packet, into `out`, which holds `mtu` bytes; its size, 0 when there
  /// is no more.
  std::size_t next(MutableBytes out);

 private:
  [[nodiscard]] std::size_t copy_header(MutableBytes out) const;

  Bytes packet_;
  std::uint16_t mtu_;
  std::size_t done_{0};  // bytes of the payload
};

}  // namespace jumpgate::net
