/// TCP's maximum segment size, lowered to what fits the tunnel (RFC 9293 section 3.7.1, RFC 6691).
///
/// Purpose: hosts behind either end learn of the tunnel's MTU from the SYN already, whether or not
/// ICMP reaches them. Both directions of a connection are clamped, at both ends of the tunnel.
/// Owner thread: any; pure functions, shared by gateway and client, no allocation. Bound: the TCP
/// header of one SYN. Failure: none; what has no such option, or a broken one, stays as it is.
#pragma once

#include <cstdint>

#include "net/frames.hpp"

namespace jumpgate::net {

/// The rare case of clamp_mss(): a SYN.
void clamp_mss_of_syn(MutableBytes packet, std::size_t tcp, std::uint16_t mtu);
/// Behind extension headers, if it is TCP at all.
void clamp_mss_behind_extensions(MutableBytes packet, std::uint16_t mtu);

/// Lowers the option of a SYN or SYN-ACK in `packet`, a whole and sound IP packet, so that its
/// segments fit `mtu`. The checksum follows by RFC 1624.
inline void clamp_mss(MutableBytes packet, std::uint16_t mtu) {
  constexpr std::size_t kFlags = 13;
  constexpr std::uint8_t kSyn = 0x02;
  const std::uint8_t* ip = packet.data();
  std::size_t tcp = kIpv6Size;
  if ((ip[0] >> 4) == 4) {
    if (ip[9] != kProtocolTcp) return;
    tcp = std::size_t{ip[0] & 0x0fU} * 4;
    if ((base::load_be16(ip + 6) & 0x1fff) != 0) return;  // not the first fragment
  } else if (ip[6] != kProtocolTcp) {
    if (ip[6] != kProtocolUdp) clamp_mss_behind_extensions(packet, mtu);
    return;
  }
  if (packet.size() > tcp + kFlags && (ip[tcp + kFlags] & kSyn) != 0)
    clamp_mss_of_syn(packet, tcp, mtu);
}

}  // namespace jumpgate::net
