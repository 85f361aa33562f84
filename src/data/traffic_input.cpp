#include "data/traffic_input.hpp"

#include "data/edges.hpp"
#include "data/heartbeat.hpp"
#include "data/joining.hpp"
#include "data/meters.hpp"
#include "data/reporting.hpp"
#include "data/trace.hpp"
#include "net/ecn.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::data {
namespace {

using bus::WorkerCounter;

void strip_to_plaintext(Datagram& datagram) {
  const auto text = datagram.plaintext();
  cut_to(datagram.mbuf, text.data(), text.size());
}

/// Once stripped.
net::MutableBytes plaintext_of(const Datagram& datagram) {
  return {bytes_of(datagram.mbuf), rte_pktmbuf_data_len(datagram.mbuf)};
}

bool take_outer_ecn(const Datagram& datagram, std::uint8_t outer_class) {
  // The first column of RFC 6040 figure 4, which changes nothing: no call for it.
  if ((outer_class & net::kEcnMask) == 0) return true;
  return net::take_outer_ecn(plaintext_of(datagram), outer_class);
}

void data(Shard& shard, Datagram& datagram, Batch<InnerPacket>& inner) {
  std::uint8_t outer_class = outer_class_of(datagram);
  const auto part = net::part_of(datagram.plaintext());
  strip_to_plaintext(datagram);
  if (part && !join_part(shard, datagram, *part, outer_class)) return;
  if (!within_rates(shard, datagram.slot, datagram.mbuf, rte_pktmbuf_data_len(datagram.mbuf),
                    net::Way::kIn))
    return;
  note_inner(shard, datagram.mbuf);
  if (!take_outer_ecn(datagram, outer_class)) {
    drop_of(shard, datagram.slot, datagram.mbuf, DropReason::kInnerBadEcn);
    return;
  }
  if (datagram.epoch->role == EpochRole::kProposed) {
    if (!shard.held.hold(shard.sessions.record(datagram.slot).held, datagram.mbuf)) {
      drop_of(shard, datagram.slot, datagram.mbuf, DropReason::kHeldQueueFull);
      return;
    }
    shard.counters.add(WorkerCounter::kHeld);
    note_gone(shard, datagram.mbuf, bus::TraceEnd::kHeld);
    return;
  }
  note_traffic(shard, datagram.slot);
  InnerPacket& packet = inner.add();
  packet.mbuf = datagram.mbuf;
  packet.from_slot = datagram.slot;
  packet.counted = false;
  packet.target = {};
}

void close(Shard& shard, const Datagram& datagram) {
  const auto message = wire::decode_close(datagram.plaintext());
  if (!message) {
    drop_of(shard, datagram.slot, datagram.mbuf, message.error());
    return;
  }
  shard.counters.add(WorkerCounter::kClosesIn);
  shard.sessions.record(datagram.slot).close_reason = static_cast<std::uint16_t>(message->reason);
  bus::Report report;
  report.kind = bus::ReportKind::kPeerClosed;
  report.value = static_cast<std::uint64_t>(message->reason);
  report.from = source_of(datagram);
  report_edge(shard, datagram.slot, report, SlotRecord::kOwesClosed);
  arm_timer(shard, datagram.slot);
  shard.drops.free(datagram.mbuf);
}

void heartbeat(Shard& shard, const Datagram& datagram) {
  const auto message = wire::decode_heartbeat(datagram.plaintext());
  if (!message) {
    drop_of(shard, datagram.slot, datagram.mbuf, message.error());
    return;
  }
  // The wishes are the gateway's alone and ignored here (spec/wire.md "HEARTBEAT").
  shard.counters.add(WorkerCounter::kHeartbeatsIn);
  heartbeat_input(shard, datagram, *message);
  shard.drops.free(datagram.mbuf);
}

}  // namespace

void traffic_input(Shard& shard, Batch<Datagram>& datagrams, Batch<InnerPacket>& inner) {
  for (Datagram& datagram : datagrams) {
    if (datagram.type == wire::Type::kData)
      data(shard, datagram, inner);
    else if (datagram.type == wire::Type::kHeartbeat)
      heartbeat(shard, datagram);
    else
      close(shard, datagram);
  }
  datagrams.clear();
}

bool release_held(Shard& shard, std::uint32_t slot, Batch<InnerPacket>& inner) {
  HeldQueue& queue = shard.sessions.record(slot).held;
  while (!inner.full()) {
    rte_mbuf* mbuf = shard.held.take(queue);
    if (mbuf == nullptr) return false;
    shard.counters.add(WorkerCounter::kHeldReleased);
    inner.push({.mbuf = mbuf, .from_slot = slot, .counted = false});
  }
  return queue.count != 0;
}

void drop_held(Shard& shard, std::uint32_t slot) {
  HeldQueue& queue = shard.sessions.record(slot).held;
  while (rte_mbuf* mbuf = shard.held.take(queue))
    drop_of(shard, slot, mbuf, DropReason::kEpochUnknown);
}

}  // namespace jumpgate::data
