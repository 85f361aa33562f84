#include "data/inner_input.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

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
/// Marks an origin as a port's number; without it, it is a slot.
constexpr std::uint64_t kFromPort = std::uint64_t{1} << 32;

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
  // The upper byte of its word; a byte that was written alone would have to be waited for. What the word loses the
  // checksum gains, with the carry added in (RFC 1624): a sum of ones becomes zero, which no sound checksum was.
  std::uint8_t* word = header.ip + kIpv4TtlOffset;
  base::store_be16(word, static_cast<std::uint16_t>(base::load_be16(word) - 0x0100));
  std::uint8_t* checksum = header.ip + net::kIpv4ChecksumOffset;
  const std::uint32_t sum = base::load_be16(checksum) + 0x0100U;
  base::store_be16(checksum, static_cast<std::uint16_t>(sum + (sum >= 0xffff ? 1 : 0)));
}

/// The way of the packet before: one look-up serves the packets of a burst that go the same way.
struct Hop {
  net::RouteTarget target;
  IpAddress address;  // of the neighbour
  bool resolved{false};
  std::array<std::uint8_t, 2 * sizeof(MacAddress)> macs{};  // the neighbour's and the port's
};

/// The session that carries a peer, likewise.
struct Carrier {
  std::uint32_t peer{UINT32_MAX};  // no peer's number
  std::optional<bus::SessionRef> session;
};

/// The IPv4 addresses of the packet before, where it came from, and where the routes lead it: nothing was found against
/// them, nor is against those of the next that has the same.
struct Flow {
  std::uint64_t addresses{0};  // as they stand in the header, source first; zero is nobody's
  std::uint64_t origin{0};
  net::RouteTarget target;
  bool hop_found{false};  // `hop` is its way
};

struct InnerStage {
  Shard& shard;
  Batch<Routed>& routed;
  LastRoute last{*shard.routes};
  Hop hop{};
  Carrier carrier{};
  Flow flow{};

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
    if (std::exchange(flow.hop_found, true)) return;
    const bool by_router = target.kind == net::RouteKind::kNextHop;
    if (hop.target == target &&
        (by_router || net::stands_at(hop.address, header.family(), header.destination())))
      return;
    hop.target = target;
    hop.address = by_router ? shard.routes->next_hop(target)
                            : net::address_at(header.family(), header.destination());
    const auto neighbour = shard.shared.neighbours.find(target.port, hop.address);
    const auto mac = neighbour ? shard.shared.neighbours.mac_word(*neighbour) : std::nullopt;
    hop.resolved = mac.has_value();
    base::store_le<6>(hop.macs.data(), mac.value_or(0));
    std::ranges::copy(shard.ports[target.port].mac.bytes, hop.macs.begin() + 6);
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
    std::memcpy(ethernet, hop.macs.data(), hop.macs.size());
    base::store_be16(ethernet + 12, header.v6 ? net::kEtherTypeIpv6 : net::kEtherTypeIpv4);
    mbuf->ol_flags = 0;
    if (hop.resolved)
      shard.tx.send(target.port, mbuf, from_slot);
    else
      punt_unresolved(shard, mbuf, target.port, hop.address);
  }

  bool from_port(const InnerPacket& packet, const Header& header) {
    const auto port = static_cast<std::uint8_t>(packet.mbuf->port);
    return !net::is_never_forwarded(header.family(), header.source()) &&
           shard.sources.leads_back(*shard.routes, header.source(), header.v6, port);
  }

  /// Out of a tunnel: hosts that it leads to are told of its MTU by their SYNs.
  void clamp(const InnerPacket& packet) {
    if (!shard.shared.inner.clamp_mss) return;
    net::clamp_mss({bytes_of(packet.mbuf), rte_pktmbuf_data_len(packet.mbuf)},
                   shard.sessions.binding(packet.from_slot).outer.told_mtu);
  }

  /// Nobody sends in another's name, nor to the gateway's own outer side. False: the packet is gone.
  bool admit(const InnerPacket& packet, const Header& header) {
    if (packet.from_slot == kNoSlot)
      return packet.counted || from_port(packet, header) ||
             drop(packet, DropReason::kInnerBadSource);
    if (!source_allowed(header, packet.from_slot)) return drop(packet, DropReason::kInnerBadSource);
    const auto is_destination = [&](const IpAddress& own) {
      return net::stands_at(own, header.family(), header.destination());
    };
    return !std::ranges::any_of(shard.shared.outer_addresses, is_destination) ||
           drop(packet, DropReason::kInnerToGateway);
  }

  /// A packet that its session may send.
  void count(const InnerPacket& packet) {
    bus::SessionCounters& counters = shard.session_counters[packet.from_slot];
    counters.rx_packets.add(1);
    counters.rx_bytes.add(rte_pktmbuf_data_len(packet.mbuf));
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

  /// Whether it goes on to `target`. False: the packet is gone.
  bool goes_on(const InnerPacket& packet, const net::RouteTarget& target) {
    const bool from_tunnel = packet.from_slot != kNoSlot;
    // Between inner ports the gateway is no router.
    const bool forwarded = target.kind == net::RouteKind::kPeer ||
                           (from_tunnel && (target.kind == net::RouteKind::kOnLink ||
                                            target.kind == net::RouteKind::kNextHop));
    if (forwarded) return true;
    if (target.kind == net::RouteKind::kLocal && from_tunnel)
      local(packet);
    else if (target.kind == net::RouteKind::kNobody)
      drop(packet, DropReason::kInnerMartian);
    else
      refuse(packet, DropReason::kInnerNoRoute);
    return false;
  }

  /// All that depends on the addresses alone, once for the packets of a flow in a row: afterwards `flow` says the way.
  /// False: the packet is gone.
  bool find_way(const InnerPacket& packet, const Header& header) {
    const bool from_tunnel = packet.from_slot != kNoSlot;
    const std::uint64_t origin = from_tunnel ? packet.from_slot : kFromPort | packet.mbuf->port;
    const std::uint64_t addresses = header.v6 ? 0 : base::load_le64(header.source());
    const bool known = addresses != 0 && addresses == flow.addresses && origin == flow.origin;
    if (!known && !admit(packet, header)) return false;
    if (from_tunnel) {
      count(packet);
      clamp(packet);
    }
    if (known) return true;
    flow = {};
    if (net::is_never_forwarded(header.family(), header.destination()))
      return drop(packet, DropReason::kInnerMartian);
    flow.target = target_of(packet, header);
    if (!goes_on(packet, flow.target)) return false;
    flow.addresses = packet.counted ? 0 : addresses;
    flow.origin = origin;
    return true;
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
    if (!is_plain(packet, header)) return;
    if (!find_way(packet, header)) return;
    if (!packet.counted) {
      if (header.ttl() <= 1) {
        refuse(packet, DropReason::kInnerTtlExceeded);
        return;
      }
      decrement_ttl(header);
    }
    note_forwarded(shard, packet.mbuf);
    if (flow.target.kind == net::RouteKind::kPeer)
      to_peer(packet, flow.target.index);
    else
      to_port(packet.mbuf, header, flow.target, packet.from_slot);
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
