#include "data/outer_input.hpp"

#include <algorithm>

#include <rte_ether.h>

#include "base/bytes.hpp"
#include "data/reporting.hpp"
#include "net/address.hpp"
#include "net/frames.hpp"
#include "net/icmp.hpp"

namespace jumpgate::data {
namespace {

constexpr std::uint8_t kIpv6FragmentHeader = 44;  // RFC 8200 section 4.5

constexpr std::size_t kTypeOffset = 12;
constexpr std::uint16_t kVlanMask = 0x0fff;  // IEEE 802.1Q: above it stands the priority

bool has_vlan_tag(rte_mbuf* frame) {
  return rte_pktmbuf_data_len(frame) >= net::kEthernetSize + RTE_VLAN_HLEN &&
         base::load_be16(bytes_of(frame) + kTypeOffset) == RTE_ETHER_TYPE_VLAN;
}

struct Stage {
  Shard& shard;
  Batch<Datagram>& datagrams;
  Batch<InnerPacket>& inner;

  bool drop(rte_mbuf* frame, DropReason reason) { return shard.drops.drop(frame, reason); }

  [[nodiscard]] bool is_outer_address(const IpAddress& address) const {
    const auto& own = shard.shared.outer_addresses;
    return std::ranges::find(own, address) != own.end();
  }

  void tunnel_datagram(rte_mbuf* frame, const net::IpView& ip) {
    const bool checked =
        shard.ports[frame->port].offloads.rx_udp_checksum &&
        (frame->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    const auto udp = net::parse_udp(ip, checked);
    if (!udp) {
      drop(frame, udp.error());
      return;
    }
    if (udp->destination_port != shard.shared.listen_port) {
      drop(frame, DropReason::kUdpWrongPort);
      return;
    }
    Datagram datagram{};
    datagram.mbuf = frame;
    datagram.message = bytes_of(frame) + (udp->payload.data() - bytes_of(frame));
    datagram.ip = ip.packet.data();
    datagram.udp = ip.payload.data();
    datagram.slot = kNoSlot;
    datagram.length = static_cast<std::uint16_t>(udp->payload.size());
    datagram.v6 = ip.source.family == IpFamily::kV6;
    datagrams.push(datagram);
  }

  /// To one of our addresses: only echo requests are answered, by the controller. ICMP errors are
  /// never believed.
  void to_us(rte_mbuf* frame, const net::IpView& ip, net::PortRole role) {
    const bool icmp = ip.protocol == net::kProtocolIcmp || ip.protocol == net::kProtocolIcmpv6;
    if (ip.fragment || ip.protocol == kIpv6FragmentHeader)
      drop(frame, DropReason::kIpFragment);
    else if (ip.protocol == net::kProtocolUdp && role == net::PortRole::kOuter)
      tunnel_datagram(frame, ip);
    else if (ip.protocol == net::kProtocolUdp)
      drop(frame, DropReason::kUdpWrongPort);
    else if (icmp && net::is_echo_request(ip.packet))
      punt_frame(shard, frame);
    else
      drop(frame, icmp ? DropReason::kIcmpIgnored : DropReason::kIpProtocolUnknown);
  }

  void to_be_routed(rte_mbuf* frame, const net::IpView& ip, const net::RouteTarget& target) {
    if (net::is_multicast(ip.destination) || (bytes_of(frame)[0] & 1) != 0) {
      drop(frame, DropReason::kIpNotForUs);
      return;
    }
    const auto before = static_cast<std::uint16_t>(ip.packet.data() - bytes_of(frame));
    const auto length = static_cast<std::uint16_t>(ip.packet.size());
    rte_pktmbuf_adj(frame, before);
    rte_pktmbuf_trim(frame, static_cast<std::uint16_t>(rte_pktmbuf_data_len(frame) - length));
    inner.push({.mbuf = frame, .from_slot = kNoSlot, .counted = false, .target = target});
  }

  void ip_packet(rte_mbuf* frame, const net::EthernetView& ethernet, const WorkerPort& port) {
    const auto ip = net::parse_ip(ethernet.payload);
    if (!ip) {
      drop(frame, ip.error());
      return;
    }
    const bool v6 = ethernet.type == net::kEtherTypeIpv6;
    if (v6 != (ip->source.family == IpFamily::kV6)) {
      drop(frame, DropReason::kIpBadVersion);
      return;
    }
    // Before the check of the source: duplicate address detection comes from the unspecified one.
    if (v6 && net::is_nd(ip->packet)) {
      punt_frame(shard, frame);
      return;
    }
    if (!net::is_answerable(ip->source)) {
      drop(frame, DropReason::kIpMartian);
      return;
    }
    if (port.role == net::PortRole::kOuter) {
      if (is_outer_address(ip->destination))
        to_us(frame, *ip, port.role);
      else
        drop(frame, DropReason::kIpNotForUs);
      return;
    }
    const net::RouteTarget target = shard.routes->route(ip->destination);
    if (target.kind == net::RouteKind::kLocal)
      to_us(frame, *ip, port.role);
    else
      to_be_routed(frame, *ip, target);
  }

  /// False: the frame is gone. The tag is taken off, if the port has not; a priority tag (VLAN 0) is
  /// as good as none.
  bool untag(rte_mbuf* frame) {
    if (has_vlan_tag(frame)) rte_vlan_strip(frame);
    const bool stripped = (frame->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0;
    const unsigned vlan = stripped ? frame->vlan_tci & kVlanMask : 0U;
    return vlan == shard.ports[frame->port].vlan || drop(frame, DropReason::kVlanUnknown);
  }

  void frame(rte_mbuf* frame) {
    if (frame->nb_segs != 1) {
      drop(frame, DropReason::kMultiSegment);
      return;
    }
    if (!untag(frame)) return;
    const auto ethernet = net::parse_ethernet({bytes_of(frame), rte_pktmbuf_data_len(frame)});
    if (!ethernet) {
      drop(frame, ethernet.error());
      return;
    }
    const WorkerPort& port = shard.ports[frame->port];
    const bool group = (ethernet->destination.bytes[0] & 1) != 0;
    if (!group && ethernet->destination != port.mac)
      drop(frame, DropReason::kEthNotForUs);
    else if (ethernet->type == net::kEtherTypeArp)
      punt_frame(shard, frame);
    else if (ethernet->type == net::kEtherTypeIpv4 || ethernet->type == net::kEtherTypeIpv6)
      ip_packet(frame, *ethernet, port);
    else
      drop(frame, DropReason::kEtherTypeUnknown);
  }
};

}  // namespace

void outer_input(Shard& shard, Batch<rte_mbuf*>& frames, Batch<Datagram>& datagrams,
                 Batch<InnerPacket>& inner) {
  Stage stage{shard, datagrams, inner};
  for (rte_mbuf* frame : frames)
    stage.frame(frame);
  frames.clear();
}

}  // namespace jumpgate::data
