// What ARP and neighbour discovery messages do to the cache; the state machine itself is in
// neighbours.cpp.
#include <array>

#include "net/address.hpp"
#include "net/neighbours.hpp"
#include "net/own_addresses.hpp"

namespace jumpgate::net {
namespace {

constexpr std::size_t kLearnedMax = limits::kMaxNeighbours / 2;
constexpr IpAddress kAllNodes{.family = IpFamily::kV6,
                              .bytes = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

bool is_station(const MacAddress& mac) {
  return (mac.bytes[0] & 1) == 0 && mac != MacAddress{};
}

bool has_mac(NeighbourState state) {
  return state == NeighbourState::kReachable || state == NeighbourState::kStale ||
         state == NeighbourState::kDelay || state == NeighbourState::kProbe;
}

// RFC 4861 section 4.4: to the hosts of an inner port the gateway is a router, on an outer one a host
// among others.
bool is_router_on(const PortAddressing& port) {
  return port.role == PortRole::kInner;
}

}  // namespace

std::optional<DropReason> Neighbours::receive(std::uint8_t port_index,
                                              std::span<const std::uint8_t> frame, MonoNs now) {
  const auto ethernet = parse_ethernet(frame);
  if (!ethernet) return ethernet.error();
  const bool is_arp = ethernet->type == kEtherTypeArp;
  const PortAddressing* addressing = port(port_index);
  if (addressing == nullptr) return is_arp ? DropReason::kArpIgnored : DropReason::kNdIgnored;
  if (is_arp) return receive_arp(*addressing, ethernet->payload, now);
  if (ethernet->type != kEtherTypeIpv6) return DropReason::kEtherTypeUnknown;
  return receive_nd(*addressing, ethernet->source(), ethernet->payload, now);
}

std::optional<DropReason> Neighbours::receive_arp(const PortAddressing& port,
                                                  std::span<const std::uint8_t> payload,
                                                  MonoNs now) {
  const auto arp = parse_arp(payload);
  if (!arp) return arp.error();
  if (!is_station(arp->sender_mac) || arp->sender_mac == port.mac ||
      is_own_address(port, arp->sender))
    return DropReason::kArpIgnored;
  const bool to_us = is_own_address(port, arp->target);
  // RFC 826: merge first, then look at the operation. An address probe (RFC 5227) has no sender to
  // learn.
  const bool learnable = is_answerable(arp->sender) && is_on_link(port, arp->sender);
  if (arp->operation == ArpOperation::kReply) {
    const auto index = table_.find(port.port, arp->sender);
    if (!learnable || !index || contests(port, *index, arp->sender_mac, now))
      return DropReason::kArpIgnored;
    if (to_us && arp->target_mac == port.mac)
      resolved(*index, arp->sender_mac, NeighbourState::kReachable, now);
    else
      heard(port, arp->sender, arp->sender_mac, false, now);
    return std::nullopt;
  }
  if (learnable) heard(port, arp->sender, arp->sender_mac, to_us, now);
  if (!to_us) return DropReason::kArpIgnored;
  std::array<std::uint8_t, kEthernetSize + kArpSize> answer;
  const ArpView reply{ArpOperation::kReply, port.mac, arp->target, arp->sender_mac, arp->sender};
  const std::size_t size = build_arp_frame(answer, arp->sender_mac, reply);
  ++counters_.requests_answered;
  output_(port.port, std::span{answer}.first(size));
  return std::nullopt;
}

void Neighbours::heard(const PortAddressing& port, const IpAddress& address, const MacAddress& mac,
                       bool may_create, MonoNs now) {
  auto index = table_.find(port.port, address);
  const bool room = limits::kMaxNeighbours - free_.size() < kLearnedMax;
  if (!index && may_create && room) index = create(port.port, address);
  if (!index) return;
  const Entry& entry = entries_[*index];
  const bool known = has_mac(entry.state) && entry.mac == mac;
  // Not proof of reachability: what it says is used, and probed when used.
  if (!known && !contests(port, *index, mac, now))
    resolved(*index, mac, NeighbourState::kStale, now);
}

bool Neighbours::contests(const PortAddressing& port, std::uint32_t index, const MacAddress& mac,
                          MonoNs now) {
  Entry& entry = entries_[index];
  if (port.believes_announcements || !has_mac(entry.state) || entry.mac == mac) return false;
  if (entry.state != NeighbourState::kProbe) start_probes(index, now);
  entry.contested = true;
  return true;
}

std::optional<DropReason> Neighbours::receive_nd(const PortAddressing& port, const MacAddress& from,
                                                 std::span<const std::uint8_t> packet, MonoNs now) {
  const auto nd = parse_nd(packet);
  if (!nd) return nd.error();
  if (nd->has_link_address && (!is_station(nd->link_address) || nd->link_address == port.mac))
    return DropReason::kNdIgnored;
  if (nd->kind == NdKind::kSolicitation) return receive_solicitation(port, from, *nd, now);
  return receive_advertisement(port, *nd, now);
}

std::optional<DropReason> Neighbours::receive_solicitation(const PortAddressing& port,
                                                           const MacAddress& from, const NdView& nd,
                                                           MonoNs now) {
  const bool to_us = nd.destination == nd.target || nd.destination == solicited_node(nd.target);
  if (!to_us || !is_own_address(port, nd.target) || !is_station(from))
    return DropReason::kNdIgnored;
  const bool detection = is_unspecified(nd.source);
  if (!detection && (!is_on_link(port, nd.source) || is_own_address(port, nd.source)))
    return DropReason::kNdIgnored;
  if (nd.has_link_address) heard(port, nd.source, nd.link_address, true, now);
  NdView reply{.kind = NdKind::kAdvertisement,
               .source = nd.target,
               .target = nd.target,
               .has_link_address = true};
  reply.destination = detection ? kAllNodes : nd.source;
  reply.link_address = port.mac;
  reply.router = is_router_on(port);
  reply.solicited = !detection;
  reply.override_flag = true;
  const MacAddress to = detection             ? multicast_mac(kAllNodes)
                        : nd.has_link_address ? nd.link_address
                                              : from;
  std::array<std::uint8_t, 128> answer;
  const std::size_t size = build_nd_frame(answer, to, port.mac, reply);
  ++counters_.requests_answered;
  output_(port.port, std::span{answer}.first(size));
  return std::nullopt;
}

// RFC 4861 section 7.2.5.
std::optional<DropReason> Neighbours::receive_advertisement(const PortAddressing& port,
                                                            const NdView& nd, MonoNs now) {
  const auto index = table_.find(port.port, nd.target);
  if (!index || is_own_address(port, nd.target)) return DropReason::kNdIgnored;
  const Entry& entry = entries_[*index];
  const NeighbourState then = nd.solicited ? NeighbourState::kReachable : NeighbourState::kStale;
  if (entry.state == NeighbourState::kIncomplete || entry.state == NeighbourState::kFailed) {
    if (!nd.has_link_address) return DropReason::kNdIgnored;
    resolved(*index, nd.link_address, then, now);
    return std::nullopt;
  }
  const bool differs = nd.has_link_address && nd.link_address != entry.mac;
  if (differs && !nd.override_flag) {
    if (entry.state == NeighbourState::kReachable)
      resolved(*index, entry.mac, NeighbourState::kStale, now);
    return DropReason::kNdIgnored;
  }
  // Solicited or not: only the known one was asked, if any.
  if (differs && contests(port, *index, nd.link_address, now)) return DropReason::kNdIgnored;
  if (nd.solicited || differs) resolved(*index, differs ? nd.link_address : entry.mac, then, now);
  return std::nullopt;
}

void Neighbours::announce(std::uint8_t port_index) {
  const PortAddressing* addressing = port(port_index);
  if (addressing == nullptr) return;
  for (const IpPrefix& own : addressing->addresses) {
    std::array<std::uint8_t, 128> frame;
    std::size_t size = 0;
    if (own.address.family == IpFamily::kV4) {
      const ArpView arp{ArpOperation::kRequest, addressing->mac, own.address, {}, own.address};
      size = build_arp_frame(frame, kBroadcastMac, arp);
    } else {
      NdView nd{.kind = NdKind::kAdvertisement,
                .source = own.address,
                .destination = kAllNodes,
                .target = own.address};
      nd.has_link_address = true;
      nd.link_address = addressing->mac;
      nd.router = is_router_on(*addressing);
      nd.override_flag = true;
      size = build_nd_frame(frame, multicast_mac(kAllNodes), addressing->mac, nd);
    }
    output_(port_index, std::span{frame}.first(size));
  }
}

}  // namespace jumpgate::net
