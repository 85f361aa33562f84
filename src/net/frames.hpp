/// Builders of Ethernet, IPv4, IPv6 and UDP; ARP and neighbour discovery both ways. Views of
/// received Ethernet, IP and UDP are in frame_parse.hpp.
///
/// Owner thread: any; pure functions, no allocation. Parsers take exactly the bytes received and
/// read nothing beyond; builders write into the span given and return the bytes used, 0 when it is
/// too small. Network byte order. RFC 894, 826, 791, 8200, 768, 1071, 4861, 4443.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/types.hpp>

#include "net/checksum.hpp"
#include "net/frame_parse.hpp"

namespace jumpgate::net {

using MutableBytes = std::span<std::uint8_t>;

inline constexpr std::size_t kArpSize = 28;
inline constexpr std::size_t kIcmpSize = 8;
inline constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEtherTypeArp = 0x0806;
inline constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolIcmpv6 = 58;
// The options of one byte, RFC 791 section 3.1.
inline constexpr std::uint8_t kIpEndOfOptions = 0;
inline constexpr std::uint8_t kIpNoOperation = 1;
inline constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
inline constexpr std::uint8_t kDefaultTtl = 64;

std::size_t build_ethernet(MutableBytes out, const MacAddress& destination,
                           const MacAddress& source, std::uint16_t type);

/// An IP header without options before `payload_size` bytes of payload; IPv4: don't-fragment set,
/// checksum filled in.
std::size_t build_ip(MutableBytes out, const IpAddress& source, const IpAddress& destination,
                     std::uint8_t protocol, std::size_t payload_size,
                     std::uint8_t ttl = kDefaultTtl);
/// Bytes of build_ip's header.
constexpr std::size_t ip_header_size(IpFamily family) {
  return family == IpFamily::kV4 ? kIpv4Size : kIpv6Size;
}

/// A complete frame with one UDP datagram, checksums filled in: for what the controller sends
/// itself.
std::size_t build_udp_frame(MutableBytes out, const MacAddress& destination_mac,
                            const MacAddress& source_mac, const Endpoint& source,
                            const Endpoint& destination, Bytes payload);

// ---- ARP (Ethernet, IPv4) ----
enum class ArpOperation : std::uint16_t { kRequest = 1, kReply = 2 };
struct ArpView {
  ArpOperation operation{};
  MacAddress sender_mac{};
  IpAddress sender{};
  MacAddress target_mac{};
  IpAddress target{};
};
/// The Ethernet payload of an ARP frame.
std::expected<ArpView, DropReason> parse_arp(Bytes payload);
/// A whole frame of 42 bytes.
std::size_t build_arp_frame(MutableBytes out, const MacAddress& destination_mac,
                            const ArpView& arp);

// ---- Neighbour discovery ----
enum class NdKind : std::uint8_t { kSolicitation = 135, kAdvertisement = 136 };
struct NdView {
  NdKind kind{};
  IpAddress source{};  // of the IPv6 header; unspecified in duplicate address detection
  IpAddress destination{};
  IpAddress target{};
  bool has_link_address{
      false};  // source (solicitation) or target (advertisement) link-layer address option
  MacAddress link_address{};
  // Flags of an advertisement.
  bool router{false};
  bool solicited{false};
  bool override_flag{false};
};
/// An IPv6 packet; anything but a valid NS or NA (RFC 4861 sections 7.1.1, 7.1.2: hop limit 255,
/// checksum, code 0, options of non-zero length) is kNdIgnored.
std::expected<NdView, DropReason> parse_nd(Bytes ip_packet);
/// Whether an IPv6 packet is a neighbour solicitation or advertisement that came from this link: by
/// its type and its hop limit of 255, which no router's packet has.
bool is_nd(Bytes ip_packet);
/// A whole frame.
std::size_t build_nd_frame(MutableBytes out, const MacAddress& destination_mac,
                           const MacAddress& source_mac, const NdView& nd);
/// ff02::1:ffXX:XXXX of an address, and the Ethernet address of a multicast group (RFC 2464 section
/// 7).
IpAddress solicited_node(const IpAddress& address);
MacAddress multicast_mac(const IpAddress& group);

}  // namespace jumpgate::net
