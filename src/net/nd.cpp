#include <algorithm>

#include "base/bytes.hpp"
#include "net/address.hpp"
#include "net/frames.hpp"

namespace jumpgate::net {
namespace {

// Type 1, code 1, checksum 2, flags or reserved 4, target 16.
constexpr std::size_t kNdSize = 24;
constexpr std::size_t kOptionUnit = 8;
constexpr std::uint8_t kSourceLinkOption = 1;
constexpr std::uint8_t kTargetLinkOption = 2;
constexpr std::uint8_t kHopLimit = 255;
constexpr std::uint8_t kFlagRouter = 0x80;
constexpr std::uint8_t kFlagSolicited = 0x40;
constexpr std::uint8_t kFlagOverride = 0x20;

// False when an option is malformed (RFC 4861 section 4.6: a length of zero, or beyond the end).
bool read_options(Bytes options, std::uint8_t wanted, NdView& view) {
  while (!options.empty()) {
    if (options.size() < 2) return false;
    const std::size_t size = std::size_t{options[1]} * kOptionUnit;
    if (size == 0 || size > options.size()) return false;
    if (options[0] == wanted && size == kOptionUnit) {
      view.has_link_address = true;
      std::copy_n(options.begin() + 2, 6, view.link_address.bytes.begin());
    }
    options = options.subspan(size);
  }
  return true;
}

bool is_solicited_node(const IpAddress& address, const IpAddress& target) {
  return address == solicited_node(target);
}

// The rules of RFC 4861 sections 7.1.1 and 7.1.2 that depend on the kind.
bool valid_for_kind(const NdView& nd) {
  if (is_multicast(nd.target)) return false;
  const bool detection = is_unspecified(nd.source);
  if (nd.kind == NdKind::kSolicitation)
    return !detection || (is_solicited_node(nd.destination, nd.target) && !nd.has_link_address);
  return !(is_multicast(nd.destination) && nd.solicited);
}

}  // namespace

bool is_nd(Bytes ip_packet) {
  if (ip_packet.size() < kIpv6Size + 1 || (ip_packet[0] >> 4) != 6 ||
      ip_packet[6] != kProtocolIcmpv6 || ip_packet[7] != kHopLimit)
    return false;
  const std::uint8_t type = ip_packet[kIpv6Size];
  return type == static_cast<std::uint8_t>(NdKind::kSolicitation) ||
         type == static_cast<std::uint8_t>(NdKind::kAdvertisement);
}

std::expected<NdView, DropReason> parse_nd(Bytes ip_packet) {
  const auto ignored = std::unexpected(DropReason::kNdIgnored);
  const auto ip = parse_ip(ip_packet);
  if (!ip || !is_nd(ip->packet) || ip->payload.size() < kNdSize) return ignored;
  const Bytes body = ip->payload;
  if (body[1] != 0 || internet_checksum(body, pseudo_header_sum(ip->source(), ip->destination(),
                                                                kProtocolIcmpv6, body.size())) != 0)
    return ignored;
  NdView nd;
  nd.kind = static_cast<NdKind>(body[0]);
  nd.source = ip->source();
  nd.destination = ip->destination();
  nd.target = address_v6(body.subspan<8, 16>());
  const bool advertisement = nd.kind == NdKind::kAdvertisement;
  nd.router = advertisement && (body[4] & kFlagRouter) != 0;
  nd.solicited = advertisement && (body[4] & kFlagSolicited) != 0;
  nd.override_flag = advertisement && (body[4] & kFlagOverride) != 0;
  if (!read_options(body.subspan(kNdSize), advertisement ? kTargetLinkOption : kSourceLinkOption,
                    nd))
    return ignored;
  if (!valid_for_kind(nd)) return ignored;
  return nd;
}

std::size_t build_nd_frame(MutableBytes out, const MacAddress& destination_mac,
                           const MacAddress& source_mac, const NdView& nd) {
  const std::size_t body_size = kNdSize + (nd.has_link_address ? kOptionUnit : 0);
  const std::size_t total = kEthernetSize + kIpv6Size + body_size;
  if (out.size() < total) return 0;
  build_ethernet(out, destination_mac, source_mac, kEtherTypeIpv6);
  build_ip(out.subspan(kEthernetSize), nd.source, nd.destination, kProtocolIcmpv6, body_size,
           kHopLimit);
  const MutableBytes body = out.subspan(kEthernetSize + kIpv6Size, body_size);
  std::ranges::fill(body, std::uint8_t{0});
  const bool advertisement = nd.kind == NdKind::kAdvertisement;
  body[0] = static_cast<std::uint8_t>(nd.kind);
  if (advertisement)
    body[4] = static_cast<std::uint8_t>((nd.router ? kFlagRouter : 0) |
                                        (nd.solicited ? kFlagSolicited : 0) |
                                        (nd.override_flag ? kFlagOverride : 0));
  std::ranges::copy(nd.target.bytes, body.begin() + 8);
  if (nd.has_link_address) {
    body[kNdSize] = advertisement ? kTargetLinkOption : kSourceLinkOption;
    body[kNdSize + 1] = 1;
    std::ranges::copy(nd.link_address.bytes, body.begin() + kNdSize + 2);
  }
  base::store_be16(&body[2],
                   internet_checksum(body, pseudo_header_sum(nd.source, nd.destination,
                                                             kProtocolIcmpv6, body_size)));
  return total;
}

IpAddress solicited_node(const IpAddress& address) {
  IpAddress group{.family = IpFamily::kV6,
                  .bytes = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};
  std::copy_n(address.bytes.begin() + 13, 3, group.bytes.begin() + 13);
  return group;
}

MacAddress multicast_mac(const IpAddress& group) {
  if (group.family == IpFamily::kV4)
    return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(group.bytes[1] & 0x7f), group.bytes[2],
             group.bytes[3]}};
  return {{0x33, 0x33, group.bytes[12], group.bytes[13], group.bytes[14], group.bytes[15]}};
}

}  // namespace jumpgate::net
