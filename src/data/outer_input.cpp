#include "data/outer_input.hpp"

#include <algorithm>

#include <rte_ether.h>

#include "base/bytes.hpp"
#include "data/last_route.hpp"
#include "data/outer_fragments.hpp"
#include "data/reporting.hpp"
#include "net/address.hpp"
#include "net/frames.hpp"
#include "net/icmp.hpp"
#include "net/upper_layer.hpp"

namespace jumpgate::data {
namespace {

constexpr std::size_t kTypeOffset = 12;
constexpr std::uint16_t kVlanMask = 0x0fff;  // IEEE 802.1Q: above it stands the priority

bool has_vlan_tag(rte_mbuf* frame) {
  return rte_pktmbuf_data_len(frame) >= net::kEthernetSize + RTE_VLAN_HLEN &&
         base::load_be16(bytes_of(frame) + kTypeOffset) == RTE_ETHER_TYPE_VLAN;
}

struct OuterStage {
  Shard& shard;
  Batch<Datagram>& datagrams;
  Batch<InnerPacket>& inner;
  LastRoute last{*shard.routes};
  // IPv4 source and destination of the outer port's packet before, as they stand in the header: nothing was found against
  // them. Zero is nobody's.
  std::uint64_t addressed{0};

  bool drop(rte_mbuf* frame, DropReason reason) { return shard.drops.drop(frame, reason); }

  [[nodiscard]] bool is_outer_address(const net::IpView& ip) const {
    const auto& own = shard.shared.outer_addresses;
    return std::ranges::any_of(own, [&](const IpAddress& address) {
      return net::stands_at(address, ip.family, ip.destination_bytes());
    });
  }

  // In line, as all that takes a view: it then stays in registers.
  [[gnu::always_inline]] void tunnel_datagram(rte_mbuf* frame, const net::IpView& ip,
                                              const WorkerPort& port) {
    const bool checked =
        port.offloads.rx_udp_checksum &&
        (frame->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    if (const auto fault = net::udp_fault(ip, checked)) {
      drop(frame, *fault);
      return;
    }
    const net::UdpView udp = net::udp_view(ip);
    if (udp.destination_port != shard.shared.listen_port) {
      drop(frame, DropReason::kUdpWrongPort);
      return;
    }
    Datagram& datagram = datagrams.add();
    datagram.mbuf = frame;
    datagram.message = bytes_of(frame) + (udp.payload.data() - bytes_of(frame));
    datagram.ip = ip.packet.data();
    datagram.udp = ip.payload.data();
    datagram.slot = kNoSlot;
    datagram.length = static_cast<std::uint16_t>(udp.payload.size());
    datagram.v6 = ip.family == IpFamily::kV6;
  }

  /// To one of our addresses, and for no tunnel: only echo requests are answered, by the controller.
  void to_us(rte_mbuf* frame, std::uint8_t protocol, net::Bytes packet) {
    if (net::is_echo_request(packet))
      punt_echo(shard, frame);
    else
      drop(frame, net::why_unwanted(protocol));
  }

  /// Nobody on an inner port speaks for a peer or for us, to us neither. A neighbour's link-local
  /// address has no route, and needs none.
  [[nodiscard]] bool is_of_this_side(const rte_mbuf* frame, const net::IpView& ip) const {
    const bool v6 = ip.family == IpFamily::kV6;
    return (v6 && net::is_link_local(ip.source())) ||
           shard.sources.leads_back(*shard.routes, ip.source_bytes(), v6,
                                    static_cast<std::uint8_t>(frame->port));
  }

  /// A host of an inner port is told; strangers in front of an outer one are not.
  [[gnu::cold, gnu::noinline]] void no_such_port(rte_mbuf* frame, net::IpView ip) {
    if (const auto fault = net::udp_fault(ip)) {
      drop(frame, *fault);
      return;
    }
    cut_to(frame, ip.packet.data(), ip.packet.size());
    refuse_inner(shard, kNoSlot, frame, DropReason::kUdpWrongPort);
  }

  [[gnu::always_inline]] void to_outer_address(rte_mbuf* frame, const net::IpView& ip,
                                               const WorkerPort& port) {
    if (ip.protocol == net::kProtocolUdp)
      tunnel_datagram(frame, ip, port);
    else
      to_us(frame, ip.protocol, ip.packet);
  }

  /// What a path has cut goes on as the datagram it was, once it is whole. A function of its own that
  /// is given a copy of the view, so that it costs whole datagrams nothing.
  [[gnu::cold, gnu::noinline]] void fragment(rte_mbuf* frame, net::IpView ip) {
    if (const auto whole = take_fragment(shard, frame, ip))
      to_outer_address(whole->frame, whole->ip, shard.ports[whole->frame->port]);
  }

  [[gnu::always_inline]] void to_be_routed(rte_mbuf* frame, const net::IpView& ip,
                                           const net::RouteTarget& target) {
    if (net::is_multicast_at(ip.family, ip.destination_bytes())) {
      drop(frame, DropReason::kIpNotForUs);
      return;
    }
    cut_to(frame, ip.packet.data(), ip.packet.size());
    InnerPacket& packet = inner.add();
    packet.mbuf = frame;
    packet.from_slot = kNoSlot;
    packet.counted = false;
    packet.target = target;
  }

  /// On an outer port, to one of our addresses.
  [[gnu::always_inline]] void from_outside(rte_mbuf* frame, const net::IpView& ip,
                                           const WorkerPort& port) {
    if (ip.fragment || ip.protocol == net::kFragmentHeader)
      fragment(frame, ip);
    else
      to_outer_address(frame, ip, port);
  }

  [[gnu::always_inline]] void from_inside(rte_mbuf* frame, const net::IpView& ip) {
    const net::RouteTarget target = last.find(ip.family, ip.destination_bytes());
    if (target.kind != net::RouteKind::kLocal)
      to_be_routed(frame, ip, target);
    else if (!is_of_this_side(frame, ip))
      drop(frame, DropReason::kInnerBadSource);
    else if (ip.fragment || ip.protocol == net::kFragmentHeader)
      drop(frame, DropReason::kIpFragment);
    else if (ip.protocol == net::kProtocolUdp)
      no_such_port(frame, ip);
    else
      to_us(frame, ip.protocol, ip.packet);
  }

  /// Each family by a parser of its own, so that nothing of the view need be stored.
  [[gnu::always_inline]] void ipv4(rte_mbuf* frame, net::Bytes payload, const WorkerPort& port) {
    if (const auto fault = net::ipv4_fault(payload)) {
      drop(frame, *fault);
      return;
    }
    const net::IpView ip = net::ipv4_view(payload);
    const std::uint64_t addresses = base::load_le64(ip.source_bytes());
    const bool outer = port.role == net::PortRole::kOuter;
    if (!outer || addresses == 0 || addresses != addressed) {
      if (!net::is_answerable_v4(ip.source_bytes())) {
        drop(frame, DropReason::kIpMartian);
        return;
      }
      if (!outer) {
        from_inside(frame, ip);
        return;
      }
      if (!is_outer_address(ip)) {
        drop(frame, DropReason::kIpNotForUs);
        return;
      }
      addressed = addresses;
    }
    from_outside(frame, ip, port);
  }
  void ipv6(rte_mbuf* frame, net::Bytes payload, const WorkerPort& port, bool group) {
    const auto ip = net::parse_ipv6(payload);
    if (!ip) drop(frame, ip.error());
    // Before the check of the source: duplicate address detection comes from the unspecified one.
    else if (net::is_nd(ip->packet))
      punt_neighbour_message(shard, frame);
    else if (group)
      drop(frame, DropReason::kIpNotForUs);
    else if (!net::is_answerable(ip->source()))
      drop(frame, DropReason::kIpMartian);
    else if (port.role != net::PortRole::kOuter)
      from_inside(frame, *ip);
    else if (is_outer_address(*ip))
      from_outside(frame, *ip, port);
    else
      drop(frame, DropReason::kIpNotForUs);
  }

  /// False: the frame is gone. The tag is taken off, if the port has not; a priority tag (VLAN 0) is
  /// as good as none. One tag and no more: what is below it is no way into another VLAN.
  bool untag(rte_mbuf* frame, const WorkerPort& port) {
    if ((frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) == 0 && has_vlan_tag(frame))
      rte_vlan_strip(frame);
    const bool stripped = (frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0;
    const unsigned vlan = stripped ? frame->vlan_tci & kVlanMask : 0U;
    return vlan == port.vlan || drop(frame, DropReason::kVlanUnknown);
  }

  void frame(rte_mbuf* frame) {
    if (frame->nb_segs != 1) {
      drop(frame, DropReason::kMultiSegment);
      return;
    }
    const WorkerPort& port = shard.ports[frame->port];
    if (!untag(frame, port)) return;
    const auto ethernet = net::parse_ethernet({bytes_of(frame), rte_pktmbuf_data_len(frame)});
    if (!ethernet) {
      drop(frame, ethernet.error());
      return;
    }
    const bool group = (ethernet->header[0] & 1) != 0;
    const std::uint8_t version = ethernet->payload.empty() ? 0 : ethernet->payload[0] >> 4;
    if (!group && !ethernet->is_to(port.mac))
      drop(frame, DropReason::kEthNotForUs);
    else if (ethernet->type == net::kEtherTypeArp)
      punt_neighbour_message(shard, frame);
    else if (ethernet->type != net::kEtherTypeIpv4 && ethernet->type != net::kEtherTypeIpv6)
      drop(frame, DropReason::kEtherTypeUnknown);
    else if (ethernet->payload.empty())
      drop(frame, DropReason::kIpTooShort);
    else if (version != (ethernet->type == net::kEtherTypeIpv6 ? 6 : 4))
      drop(frame, DropReason::kIpBadVersion);
    else if (version == 6)
      ipv6(frame, ethernet->payload, port, group);
    else if (group)  // RFC 1812 section 5.3.4, RFC 1122 section 3.3.6
      drop(frame, DropReason::kIpNotForUs);
    else
      ipv4(frame, ethernet->payload, port);
  }
};

}  // namespace

void outer_input(Shard& shard, Batch<rte_mbuf*>& frames, Batch<Datagram>& datagrams,
                 Batch<InnerPacket>& inner) {
  OuterStage stage{shard, datagrams, inner};
  for (rte_mbuf* frame : frames)
    stage.frame(frame);
  frames.clear();
}

}  // namespace jumpgate::data
