#include "data/seal.hpp"

#include <span>

#include <rte_prefetch.h>

#include "data/cutting.hpp"
#include "data/edges.hpp"
#include "data/filter.hpp"
#include "data/meters.hpp"
#include "data/reporting.hpp"
#include "data/trace.hpp"
#include "net/fragments.hpp"
#include "net/mss.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::data {
namespace {

using bus::WorkerCounter;

void hand_off(Shard& shard, const Routed& packet) {
  if (shard.mesh == nullptr || packet.session.worker >= shard.mesh->workers()) {
    shard.drops.drop(packet.mbuf, DropReason::kPeerNotAttached);
    return;
  }
  const HandOff item{
      .mbuf = packet.mbuf, .session = packet.session, .kind = HandOff::Kind::kToSeal};
  if (!shard.mesh->push(shard.worker, packet.session.worker, item, wire::Type::kData)) {
    shard.drops.drop(packet.mbuf, DropReason::kHandoffQueueFull);
    return;
  }
  shard.counters.add(WorkerCounter::kHandedOff);
  note_gone(shard, packet.mbuf, bus::TraceEnd::kToWorker);
}

void fill_data_message(Shard& shard, std::uint32_t slot, Epoch& epoch, rte_mbuf* packet,
                       Outgoing& message) {
  shard.keys.prefetch_set(epoch.key_id + 1);
  message.mbuf = packet;
  message.epoch = &epoch;
  message.slot = slot;
  message.type = wire::Type::kData;
  message.outer_class = shard.shared.inner.outer_class.of(net::traffic_class_of(bytes_of(packet)));
}

/// A packet that does not fit: in pieces where that is allowed, else told to its sender.
void send_cut(Shard& shard, const Routed& packet, std::uint16_t mtu) {
  Pieces pieces;
  if (!pieces.cut(shard, packet.mbuf, mtu)) {
    const bool v6 = (bytes_of(packet.mbuf)[0] >> 4) == 6;
    refuse_inner(shard, packet.mbuf, DropReason::kInnerTooBig, net::mtu_for(v6, mtu));
    return;
  }
  Batch<Outgoing> outgoing;
  for (rte_mbuf* piece : pieces.items())
    fill_data_message(shard, packet.session.slot, shard.sessions.current(packet.session.slot),
                      piece, outgoing.add());
  seal_and_send(shard, outgoing);
}

bool may_send(Shard& shard, const Outgoing& message) {
  if (message.epoch->send_exhausted())
    return shard.drops.drop(message.mbuf, DropReason::kKeyLimitReached);
  if (message.mbuf->nb_segs != 1) return shard.drops.drop(message.mbuf, DropReason::kMultiSegment);
  const std::size_t outer = shard.sessions.binding(message.slot).outer.size;
  if (rte_pktmbuf_headroom(message.mbuf) < wire::kPrefixSize + outer ||
      rte_pktmbuf_tailroom(message.mbuf) < wire::kTagSize)
    return shard.drops.drop(message.mbuf, DropReason::kNoHeadroom);
  return true;
}

}  // namespace

void find_sender(Shard& shard, Batch<Routed>& routed, Batch<Outgoing>& outgoing) {
  note_routed(shard, routed);
  if (shard.filters != nullptr) filter_out(shard, routed);
  const auto is_ours = [&](const Routed& packet) {
    return packet.session.worker == shard.worker && packet.session.slot < shard.sessions.size();
  };
  for (const Routed& packet : routed)
    if (is_ours(packet)) shard.sessions.prefetch_ids(packet.session.slot);
  std::uint32_t asked_for = kNoSlot;  // packets of one session come in rows
  for (const Routed& packet : routed) {
    if (!is_ours(packet) || packet.session.slot == asked_for) continue;
    asked_for = packet.session.slot;
    shard.sessions.prefetch_rest(asked_for);
    rte_prefetch0(&shard.session_counters[asked_for]);
    prefetch_meters(shard, asked_for, net::Way::kOut);
  }
  for (const Routed& packet : routed) {
    const bus::SessionRef& session = packet.session;
    if (session.worker != shard.worker) {
      hand_off(shard, packet);
      continue;
    }
    const bool known = session.slot < shard.sessions.size() &&
                       shard.sessions.ids(session.slot).life == session.life;
    const SlotState state = known ? shard.sessions.ids(session.slot).state : SlotState::kFree;
    if (state != SlotState::kBound) {
      refuse_inner(
          shard, packet.mbuf,
          state == SlotState::kBirth ? DropReason::kNoBinding : DropReason::kPeerNotAttached);
      continue;
    }
    // One epoch is sent in, and no other: its counter would repeat a nonce.
    Epoch& epoch = shard.sessions.current(session.slot);
    if (epoch.role != EpochRole::kCurrent) {
      stop_inconsistent(shard, session.slot);
      shard.drops.drop(packet.mbuf, DropReason::kSessionStateForbids);
      continue;
    }
    const std::uint16_t mtu = shard.sessions.binding(session.slot).outer.inner_mtu;
    const std::span<std::uint8_t> inner(bytes_of(packet.mbuf), rte_pktmbuf_data_len(packet.mbuf));
    if (!within_rates(shard, session.slot, packet.mbuf, inner.size(), net::Way::kOut)) continue;
    if (!net::fits(inner, mtu)) {
      // What came before it goes before it.
      seal_and_send(shard, outgoing);
      send_cut(shard, packet, mtu);
      continue;
    }
    if (shard.shared.inner.clamp_mss) net::clamp_mss(inner, mtu);
    fill_data_message(shard, session.slot, epoch, packet.mbuf, outgoing.add());
  }
  routed.clear();
}

void take_counters(Shard& shard, Batch<Outgoing>& outgoing) {
  std::size_t sealed = 0;
  outgoing.retain([&](Outgoing& message) {
    if (!may_send(shard, message)) return false;
    Epoch& epoch = *message.epoch;
    shard.aead_burst.prefetch_key(epoch.suite, epoch.key_id + 1);
    const std::size_t length = rte_pktmbuf_data_len(message.mbuf);
    message.counter = epoch.send_counter++;
    epoch.sent_blocks += blocks_of(length);
    if (message.type == wire::Type::kData) {
      bus::SessionCounters& counters = shard.session_counters[message.slot];
      counters.tx_packets.add(1);
      counters.tx_bytes.add(length);
      ++sealed;
      note_traffic(shard, message.slot);
    }
    const wire::Prefix prefix{.type = message.type,
                              .phase = epoch.phase(),
                              .id_key_phase = 0,
                              .counter = message.counter,
                              .cid = shard.sessions.binding(message.slot).client_cid};
    std::uint8_t* head = extend(message.mbuf, wire::kPrefixSize, wire::kTagSize);
    wire::write_prefix(prefix, std::span<std::uint8_t, wire::kPrefixSize>(head, wire::kPrefixSize));
    return true;
  });
  shard.counters.add(WorkerCounter::kSealed, sealed);
}

void seal(Shard& shard, Batch<Outgoing>& outgoing) {
  AeadBurst& burst = shard.aead_burst;
  burst.begin();
  for (const Outgoing& message : outgoing)
    burst.add(message.epoch->suite, message.epoch->key_id + 1, message.epoch->send, message.counter,
              bytes_of(message.mbuf), rte_pktmbuf_data_len(message.mbuf) - wire::kTrafficOverhead);
  burst.seal();
  for (const Outgoing& message : outgoing)
    note_key_usage(shard, message.slot, *message.epoch);
}

void send_outer(Shard& shard, Batch<Outgoing>& outgoing) {
  for (const Outgoing& message : outgoing) {
    const SlotBinding& binding = shard.sessions.binding(message.slot);
    const auto mac = shard.shared.neighbours.mac_word(binding.outer.neighbour);
    const WorkerPort& port = shard.ports[binding.outer.port];
    note_sealed(shard, message);
    encapsulate(binding.outer, mac.value_or(0), port.offloads, message.outer_class, message.mbuf);
    if (!mac)
      punt_unresolved(shard, message.mbuf, binding.outer.port,
                      shard.sessions.record(message.slot).next_hop);
    else if (message.type == wire::Type::kData)
      shard.tx.send(binding.outer.port, message.mbuf, message.slot);
    else
      shard.tx.send_control(binding.outer.port, message.mbuf);
  }
  outgoing.clear();
}

void seal_and_send(Shard& shard, Batch<Outgoing>& outgoing) {
  take_counters(shard, outgoing);
  seal(shard, outgoing);
  send_outer(shard, outgoing);
}

void send_own(Shard& shard, const Outgoing& message) {
  if (shard.own.full()) flush_own(shard);
  shard.own.push(message);
}

void flush_own(Shard& shard) {
  if (!shard.own.empty()) seal_and_send(shard, shard.own);
}

}  // namespace jumpgate::data
