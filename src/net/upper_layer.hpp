/// What follows the IP header: IPv6 extension headers walked, fragments recognised, and which of
/// them no router should carry.
///
/// RFC 8200 section 4, RFC 4302 and RFC 7045 (extension headers), RFC 7112 (the first fragment holds
/// the whole chain), RFC 1858 and RFC 3128 (tiny fragments), RFC 7126 section 4.3 and 4.4 (source
/// routes), RFC 791.
/// Owner thread: any; pure functions, shared by gateway and client, no allocation. Bound:
/// kMaxExtensionHeaders headers. Failure: a named fault; nothing beyond the packet is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <jumpgate/drops.hpp>

#include "base/bytes.hpp"
#include "net/frames.hpp"

namespace jumpgate::net {

/// Each kind once and destination options twice are seven (RFC 8200 section 4.1).
inline constexpr std::size_t kMaxExtensionHeaders = 8;

/// The smallest header of TCP, in which its flags stand; RFC 1858 section 3.2.1 calls it tmin.
inline constexpr std::size_t kTcpHeader = 20;

inline constexpr std::uint8_t kHopByHopHeader = 0;
inline constexpr std::uint8_t kRoutingHeader = 43;
inline constexpr std::uint8_t kFragmentHeader = 44;
inline constexpr std::uint8_t kAuthenticationHeader = 51;
inline constexpr std::uint8_t kDestinationHeader = 60;

constexpr bool is_extension_header(std::uint8_t protocol) {
  return protocol == kHopByHopHeader || protocol == kRoutingHeader || protocol == kFragmentHeader ||
         protocol == kAuthenticationHeader || protocol == kDestinationHeader;
}

struct UpperLayer {
  std::uint8_t protocol{0};
  std::size_t offset{0};    // of the payload, from the start of the packet
  bool readable{true};      // false: the chain ends nowhere, or is too long
  bool fragment{false};     // any but a whole datagram
  bool first{true};         // holds the start of the upper layer
  bool more{false};         // fragments follow
  bool authentic{false};    // IPv6: behind an authentication header, so not to be changed
  std::size_t position{0};  // bytes of the datagram's payload before this fragment
};

inline UpperLayer upper_of_v4(Bytes packet) {
  const std::uint16_t word = base::load_be16(&packet[6]);
  UpperLayer upper{.protocol = packet[9], .offset = std::size_t{packet[0] & 0x0fU} * 4};
  upper.position = std::size_t{word & 0x1fffU} * 8;
  upper.more = (word & 0x2000) != 0;
  upper.first = upper.position == 0;
  upper.fragment = upper.more || !upper.first;
  return upper;
}
UpperLayer upper_of_v6(Bytes packet);
/// `packet` is a whole IP packet whose own header and lengths are sound.
inline UpperLayer upper_layer_of(Bytes packet) {
  return (packet[0] >> 4) == 4 ? upper_of_v4(packet) : upper_of_v6(packet);
}

/// Whether option_fault() has anything to look at: IPv4 options or a fragment, IPv6 extension
/// headers.
inline bool has_options(const std::uint8_t* ip) {
  if ((ip[0] >> 4) == 6) return is_extension_header(ip[6]);
  return ip[0] != 0x45 || (ip[6] & 0x3f) != 0 || ip[7] != 0;
}
/// Why a router should not carry such a packet: `inner_source_route`, `inner_bad_extension`,
/// `inner_bad_fragment`.
std::optional<DropReason> option_fault(Bytes packet);

}  // namespace jumpgate::net
