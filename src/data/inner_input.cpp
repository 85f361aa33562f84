#include "data/inner_input.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "data/cutting.hpp"
#include "data/filter.hpp"
#include "data/last_route.hpp"
#include "data/reporting.hpp"
#include "data/trace.hpp"
#include "net/address.hpp"
#include "net/frames.hpp"
#include "net/icmp.hpp"
#include "net/inner_shape.hpp"
#include "net/mss.hpp"
#include "net/upper_layer.hpp"

namespace jumpgate::data {
namespace {

constexpr std::size_t kIpv4TtlOffset = 8;
constexpr std::size_t kIpv6HopLimitOffset = 7;

struct Header {
  std::uint8_t* ip;
  bool v6;

  [[nodiscard]] const std::uint8_t* source() const { return ip + (v6 ? 8 : 12); }
  [[nodiscard]] const std::uint8_t* destination() const { return ip + (v6 ? 24 : 16); }
  [[nodiscard]] IpFamily family() const { return v6 ? IpFamily::kV6 : IpFamily::kV4; }
  [[nodiscard]] std::uint8_t& ttl() const { return ip[v6 ? kIpv6HopLimitOffset : kIpv4TtlOffset]; }
};

/// One hop less.
void decrement_ttl(const Header& header) {
  if (header.v6) {
    --header.ttl();
    return;
  }
  // The upper byte of its word; a byte that was written alone would have to be waited for.
  std::uint8_t* word = header.ip + kIpv4TtlOffset;
  const std::uint16_t before = base::load_be16(word);
  const auto after = static_cast<std::uint16_t>(before - 0x0100);
  base::store_be16(word, after);
  net::update_checksum(header.ip + net::kIpv4ChecksumOffset, before, after);
}

/// The way of the packet before: one look-up serves the packets of a burst that go the same way.
struct Hop {
  std::uint8_t port{0};
  IpAddress address;                 // of the neighbour
  std::optional<std::uint64_t> mac;  // its MAC as a word
};

/// The session that carries a peer, likewise.
struct Carrier {
  std::uint32_t peer{UINT32_MAX};  // no peer's number
  std::optional<bus::SessionRef> session;
};

/// An IPv4 source that stands behind its port, likewise.
struct Origin {
  std::uint32_t source{0};  // as it stands in the header: zero is nobody's
  std::uint8_t port{0};
};

struct InnerStage {
  Shard& shard;
  Batch<Routed>& routed;
  LastRoute last{*shard.routes};
  Hop hop{};
  Carrier carrier{};
  Origin origin{};

  bool drop(const InnerPacket& packet, DropReason reason) {
    return drop_of(shard, packet.from_slot, packet.mbuf, reason);
  }
  void refuse(const InnerPacket& packet, DropReason reason) {
    refuse_inner(shard, packet.from_slot, packet.mbuf, reason);
  }

  /// Most sessions have one address: what the routes said of the last one is remembered for as long
  /// as the image of routes is the same.
  [[nodiscard]] bool source_allowed(const Header& header, std::uint32_t slot) const {
    SlotIds& hot = shard.sessions.ids(slot);
    // A peer that may use all addresses may not use these.
    const auto martian = [&] { return net::is_never_forwarded(header.family(), header.source()); };
    if (header.v6) return shard.routes->peer_owns_v6(hot.peer, header.source()) && !martian();
    std::uint32_t source;
    std::memcpy(&source, header.source(), sizeof(source));
    if (hot.allowed_by == shard.routes->serial() && hot.allowed_source == source) return true;
    if (!shard.routes->peer_owns_v4(hot.peer, header.source()) || martian()) return false;
    hot.allowed_by = shard.routes->serial();
    hot.allowed_source = source;
    return true;
  }

  /// The neighbour that a packet for `target` is given to.
  void find_hop(const Header& header, const net::RouteTarget& target) {
    const bool by_router = target.kind == net::RouteKind::kNextHop;
    const bool same =
        hop.port == target.port &&
        (by_router ? hop.address == shard.routes->next_hop(target)
                   : net::stands_at(hop.address, header.family(), header.destination()));
    if (same) return;
    hop.port = target.port;
    hop.address = by_router ? shard.routes->next_hop(target)
                            : net::address_at(header.family(), header.destination());
    const auto neighbour = shard.shared.neighbours.find(target.port, hop.address);
    hop.mac = neighbour ? shard.shared.neighbours.mac_word(*neighbour) : std::nullopt;
  }

  /// A packet out of a tunnel to the gateway itself: pings are answered, traceroutes are told that
  /// they have arrived.
  void local(const InnerPacket& packet) {
    const net::Bytes bytes(bytes_of(packet.mbuf), rte_pktmbuf_data_len(packet.mbuf));
    const net::UpperLayer upper = net::upper_layer_of(bytes);
    if (upper.fragment) {
      drop(packet, DropReason::kIpFragment);
      return;
    }
    if (upper.protocol == net::kProtocolUdp) {
      refuse(packet, net::why_unwanted(upper.protocol));
      return;
    }
    if (!net::is_echo_request(bytes)) {
      drop(packet, net::why_unwanted(upper.protocol));
      return;
    }
    if (!shard.admission.echo(shard.now)) {
      drop(packet, DropReason::kPuntRateLimited);
      return;
    }
    bus::Report report;
    report.kind = bus::ReportKind::kInnerLocal;
    report.session = shard.ref(packet.from_slot);
    report.mbuf = packet.mbuf;
    punt(shard, report);
  }

  /// Two clients, where neither's policy forbids it.
  [[nodiscard]] bool may_exchange(std::uint32_t from, std::uint32_t to) const {
    return shard.routes->treatment_of(from).client_to_client &&
           shard.routes->treatment_of(to).client_to_client;
  }

  void to_peer(const InnerPacket& packet, std::uint32_t peer) {
    if (peer != carrier.peer) carrier = {peer, shard.shared.peers.get(peer)};
    if (!carrier.session) {
      refuse(packet, DropReason::kPeerNotAttached);
      return;
    }
    if (packet.from_slot != kNoSlot) {
      if (!may_exchange(shard.sessions.ids(packet.from_slot).peer, peer)) {
        refuse(packet, DropReason::kHairpinDenied);
        return;
      }
      shard.counters.add(bus::WorkerCounter::kHairpinned);
    }
    Routed& next = routed.add();
    next.mbuf = packet.mbuf;
    // Field by field: the whole would have to wait for its parts.
    next.session.worker = carrier.session->worker;
    next.session.slot = carrier.session->slot;
    next.session.life = carrier.session->life;
  }

  [[gnu::noinline]] void too_big_for_port(rte_mbuf* mbuf, const net::RouteTarget& target,
                                          std::uint32_t from_slot) {
    const std::uint16_t mtu = shard.ports[target.port].mtu;
    Pieces pieces;
    if (!pieces.cut(shard, from_slot, mbuf, mtu)) {
      refuse_inner(shard, from_slot, mbuf, DropReason::kInnerTooBig, mtu);
      return;
    }
    for (rte_mbuf* piece : pieces.items())
      to_port(piece, {bytes_of(piece), false}, target, from_slot);
  }

  [[gnu::always_inline]] void to_port(rte_mbuf* mbuf, const Header& header,
                                      const net::RouteTarget& target, std::uint32_t from_slot) {
    const WorkerPort& port = shard.ports[target.port];
    if (rte_pktmbuf_data_len(mbuf) > port.mtu) {
      too_big_for_port(mbuf, target, from_slot);
      return;
    }
    if (rte_pktmbuf_headroom(mbuf) < net::kEthernetSize) {
      drop_of(shard, from_slot, mbuf, DropReason::kNoHeadroom);
      return;
    }
    find_hop(header, target);
    std::uint8_t* ethernet = extend(mbuf, net::kEthernetSize, 0);
    base::store_le<6>(ethernet, hop.mac.value_or(0));
    std::memcpy(ethernet + 6, port.mac.bytes.data(), port.mac.bytes.size());
    base::store_be16(ethernet + 12, header.v6 ? net::kEtherTypeIpv6 : net::kEtherTypeIpv4);
    mbuf->ol_flags = 0;
    if (hop.mac)
      shard.tx.send(target.port, mbuf, from_slot);
    else
      punt_unresolved(shard, mbuf, target.port, hop.address);
  }

  bool from_port(const InnerPacket& packet, const Header& header) {
    const auto port = static_cast<std::uint8_t>(packet.mbuf->port);
    const std::uint32_t source = header.v6 ? 0 : base::load_le32(header.source());
    if (source != 0 && source == origin.source && port == origin.port) return true;
    if (net::is_never_forwarded(header.family(), header.source()) ||
        !shard.sources.leads_back(*shard.routes, header.source(), header.v6, port))
      return drop(packet, DropReason::kInnerBadSource);
    origin = {source, port};
    return true;
  }

  /// Out of a tunnel: hosts that it leads to are told of its MTU by their SYNs.
  void clamp(const InnerPacket& packet) {
    if (!shard.shared.inner.clamp_mss) return;
    net::clamp_mss({bytes_of(packet.mbuf), rte_pktmbuf_data_len(packet.mbuf)},
                   shard.sessions.binding(packet.from_slot).outer.told_mtu);
  }

  /// False: the packet is gone.
  bool admit(const InnerPacket& packet, const Header& header) {
    if (packet.from_slot == kNoSlot) return packet.counted || from_port(packet, header);
    if (!source_allowed(header, packet.from_slot)) return drop(packet, DropReason::kInnerBadSource);
    const auto is_destination = [&](const IpAddress& own) {
      return net::stands_at(own, header.family(), header.destination());
    };
    if (std::ranges::any_of(shard.shared.outer_addresses, is_destination))
      return drop(packet, DropReason::kInnerToGateway);
    bus::SessionCounters& counters = shard.session_counters[packet.from_slot];
    counters.rx_packets.add(1);
    counters.rx_bytes.add(rte_pktmbuf_data_len(packet.mbuf));
    clamp(packet);
    return true;
  }

  /// False: its options, extension headers or fragmentation are such that it is gone.
  bool is_plain(const InnerPacket& packet, const Header& header) {
    if (!net::has_options(header.ip)) return true;
    const auto fault = net::option_fault({header.ip, rte_pktmbuf_data_len(packet.mbuf)});
    return !fault || drop(packet, *fault);
  }

  net::RouteTarget target_of(const InnerPacket& packet, const Header& header) {
    if (packet.target.kind != net::RouteKind::kNone) return packet.target;
    return last.find(header.family(), header.destination());
  }

  void packet(const InnerPacket& packet) {
    // What a port's frame held was parsed when its route was looked up.
    const bool parsed = packet.target.kind != net::RouteKind::kNone;
    if (!parsed) {
      const std::span<const std::uint8_t> bytes(bytes_of(packet.mbuf),
                                                rte_pktmbuf_data_len(packet.mbuf));
      if (const auto bad = net::inner_fault(bytes)) {
        drop(packet, *bad);
        return;
      }
    }
    const Header header{bytes_of(packet.mbuf), bytes_of(packet.mbuf)[0] >> 4 == 6};
    if (!is_plain(packet, header) || !admit(packet, header)) return;
    if (net::is_never_forwarded(header.family(), header.destination())) {
      drop(packet, DropReason::kInnerMartian);
      return;
    }
    const net::RouteTarget target = target_of(packet, header);
    const bool from_tunnel = packet.from_slot != kNoSlot;
    if (target.kind == net::RouteKind::kLocal && from_tunnel) {
      local(packet);
      return;
    }
    // Between inner ports the gateway is no router.
    const bool forwarded = target.kind == net::RouteKind::kPeer ||
                           (from_tunnel && (target.kind == net::RouteKind::kOnLink ||
                                            target.kind == net::RouteKind::kNextHop));
    if (!forwarded) {
      if (target.kind == net::RouteKind::kNobody)
        drop(packet, DropReason::kInnerMartian);
      else
        refuse(packet, DropReason::kInnerNoRoute);
      return;
    }
    if (!packet.counted) {
      if (header.ttl() <= 1) {
        refuse(packet, DropReason::kInnerTtlExceeded);
        return;
      }
      decrement_ttl(header);
    }
    note_forwarded(shard, packet.mbuf);
    if (target.kind == net::RouteKind::kPeer)
      to_peer(packet, target.index);
    else
      to_port(packet.mbuf, header, target, packet.from_slot);
  }
};

}  // namespace

void inner_input(Shard& shard, Batch<InnerPacket>& inner, Batch<Routed>& routed) {
  if (shard.filters != nullptr) filter_in(shard, inner);
  InnerStage stage{shard, routed};
  for (const InnerPacket& packet : inner)
    stage.packet(packet);
  inner.clear();
}

}  // namespace jumpgate::data
