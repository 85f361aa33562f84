#include "data/seal.hpp"

#include <optional>
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

/// What packets of one session in a row have in common; looked up for the first of them.
struct Sender {
  bus::SessionRef session{.worker = UINT8_MAX, .slot = 0, .life = 0};  // nobody's
  SlotState state{SlotState::kFree};
  Epoch* epoch{nullptr};
  std::uint16_t mtu{0};   // of one message
  std::uint16_t told{0};  // of the tunnel, as its hosts know it
  net::OuterClass outer_class{};
};

Sender sender_of(Shard& shard, const bus::SessionRef& session) {
  Sender sender{.session = session};
  const bool known =
      session.slot < shard.sessions.size() && shard.sessions.ids(session.slot).life == session.life;
  if (!known) return sender;
  sender.state = shard.sessions.ids(session.slot).state;
  sender.epoch = &shard.sessions.current(session.slot);
  const OuterTemplate& outer = shard.sessions.binding(session.slot).outer;
  sender.mtu = outer.inner_mtu;
  sender.told = outer.told_mtu;
  sender.outer_class =
      shard.routes->treatment_of(shard.sessions.ids(session.slot).peer).outer_class;
  shard.keys.prefetch_set(sender.epoch->key_id + 1);
  return sender;
}

void fill_data_message(const Sender& sender, rte_mbuf* packet, Outgoing& message) {
  message.mbuf = packet;
  message.epoch = sender.epoch;
  message.slot = sender.session.slot;
  message.type = wire::Type::kData;
  message.outer_class = sender.outer_class.of(net::traffic_class_of(bytes_of(packet)));
}

/// A packet that does not fit one message: in two parts where the tunnel takes it, in pieces where that is allowed, else
/// told to its sender.
void send_large(Shard& shard, const Routed& packet, const Sender& sender) {
  const std::uint32_t slot = packet.session.slot;
  const net::MutableBytes inner(bytes_of(packet.mbuf), rte_pktmbuf_data_len(packet.mbuf));
  const std::uint16_t most = net::mtu_for((inner[0] >> 4) == 6, sender.told);
  Pieces pieces;
  if (inner.size() <= most) {
    if (shard.shared.inner.clamp_mss) net::clamp_mss(inner, sender.told);
    pieces.part(shard, slot, packet.mbuf, sender.mtu);
  } else if (!pieces.cut(shard, slot, packet.mbuf, sender.mtu)) {
    refuse_inner(shard, slot, packet.mbuf, DropReason::kInnerTooBig, most);
    return;
  }
  Batch<Outgoing> outgoing;
  for (rte_mbuf* piece : pieces.items())
    fill_data_message(sender, piece, outgoing.add());
  seal_and_send(shard, outgoing);
}

bool may_send(Shard& shard, const Outgoing& message) {
  if (message.epoch->send_exhausted())
    return drop_of(shard, message.slot, message.mbuf, DropReason::kKeyLimitReached);
  if (message.mbuf->nb_segs != 1)
    return drop_of(shard, message.slot, message.mbuf, DropReason::kMultiSegment);
  const std::size_t outer = shard.sessions.binding(message.slot).outer.size;
  if (rte_pktmbuf_headroom(message.mbuf) < wire::kPrefixSize + outer ||
      rte_pktmbuf_tailroom(message.mbuf) < wire::kTagSize)
    return drop_of(shard, message.slot, message.mbuf, DropReason::kNoHeadroom);
  return true;
}

/// DATA of one session in a row, added to its counters together.
class SentTally {
 public:
  explicit SentTally(Shard& shard) : shard_(shard) {}
  SentTally(const SentTally&) = delete;
  SentTally& operator=(const SentTally&) = delete;
  ~SentTally() { settle(); }

  void add(std::uint32_t slot, std::size_t length) {
    if (slot != slot_) {
      settle();
      slot_ = slot;
    }
    ++packets_;
    bytes_ += length;
  }

 private:
  void settle() {
    if (packets_ == 0) return;
    bus::SessionCounters& counters = shard_.session_counters[slot_];
    counters.tx_packets.add(packets_);
    counters.tx_bytes.add(bytes_);
    shard_.counters.add(WorkerCounter::kSealed, packets_);
    note_traffic(shard_, slot_);
    packets_ = bytes_ = 0;
  }

  Shard& shard_;
  std::uint32_t slot_{kNoSlot};
  std::uint64_t packets_{0};
  std::uint64_t bytes_{0};
};

}  // namespace

void find_sender(Shard& shard, Batch<Routed>& routed, Batch<Outgoing>& outgoing) {
  note_routed(shard, routed);
  if (shard.filters != nullptr) filter_out(shard, routed);
  const auto is_ours = [&](const Routed& packet) {
    return packet.session.worker == shard.worker && packet.session.slot < shard.sessions.size();
  };
  // Packets of one session come in rows.
  std::uint32_t asked_for = kNoSlot;
  for (const Routed& packet : routed) {
    if (!is_ours(packet) || packet.session.slot == asked_for) continue;
    asked_for = packet.session.slot;
    shard.sessions.prefetch_ids(asked_for);
  }
  asked_for = kNoSlot;
  for (const Routed& packet : routed) {
    if (!is_ours(packet) || packet.session.slot == asked_for) continue;
    asked_for = packet.session.slot;
    shard.sessions.prefetch_rest(asked_for);
    rte_prefetch0(&shard.session_counters[asked_for]);
    prefetch_meters(shard, asked_for, net::Way::kOut);
  }
  Sender sender;
  for (const Routed& packet : routed) {
    if (packet.session.worker != shard.worker) {
      hand_off(shard, packet);
      continue;
    }
    if (packet.session != sender.session) sender = sender_of(shard, packet.session);
    if (sender.state != SlotState::kBound) {
      refuse_inner(shard, kNoSlot, packet.mbuf,
                   sender.state == SlotState::kBirth ? DropReason::kNoBinding
                                                     : DropReason::kPeerNotAttached);
      continue;
    }
    const std::uint32_t slot = packet.session.slot;
    // One epoch is sent in, and no other: its counter would repeat a nonce.
    if (sender.epoch->role != EpochRole::kCurrent) {
      stop_inconsistent(shard, slot);
      drop_of(shard, slot, packet.mbuf, DropReason::kSessionStateForbids);
      sender = {};
      continue;
    }
    const std::span<std::uint8_t> inner(bytes_of(packet.mbuf), rte_pktmbuf_data_len(packet.mbuf));
    if (!within_rates(shard, slot, packet.mbuf, inner.size(), net::Way::kOut)) continue;
    if (inner.size() > sender.mtu) {
      // What came before it goes before it.
      seal_and_send(shard, outgoing);
      send_large(shard, packet, sender);
      continue;
    }
    if (shard.shared.inner.clamp_mss) net::clamp_mss(inner, sender.told);
    fill_data_message(sender, packet.mbuf, outgoing.add());
  }
  routed.clear();
}

void take_counters(Shard& shard, Batch<Outgoing>& outgoing) {
  SentTally sent(shard);
  outgoing.retain([&](Outgoing& message) {
    if (!may_send(shard, message)) return false;
    Epoch& epoch = *message.epoch;
    shard.aead_burst.prefetch_key(epoch.suite, epoch.key_id + 1);
    const std::size_t length = rte_pktmbuf_data_len(message.mbuf);
    message.counter = epoch.send_counter++;
    epoch.sent_blocks += blocks_of(length);
    if (message.type == wire::Type::kData) sent.add(message.slot, length);
    const wire::Prefix prefix{.type = message.type,
                              .phase = epoch.phase(),
                              .id_key_phase = 0,
                              .counter = message.counter,
                              .cid = shard.sessions.binding(message.slot).client_cid};
    std::uint8_t* head = extend(message.mbuf, wire::kPrefixSize, wire::kTagSize);
    wire::write_prefix(prefix, std::span<std::uint8_t, wire::kPrefixSize>(head, wire::kPrefixSize));
    return true;
  });
}

void seal(Shard& shard, Batch<Outgoing>& outgoing) {
  AeadBurst& burst = shard.aead_burst;
  burst.fill(outgoing.items(), [](const Outgoing& message) {
    const Epoch& epoch = *message.epoch;
    return AeadBurst::Message{epoch.suite,
                              epoch.key_id + 1,
                              epoch.send,
                              message.counter,
                              bytes_of(message.mbuf),
                              rte_pktmbuf_data_len(message.mbuf) - wire::kTrafficOverhead};
  });
  burst.seal();
  const Epoch* noted = nullptr;
  for (const Outgoing& message : outgoing) {
    if (message.epoch == noted) continue;
    noted = message.epoch;
    note_key_usage(shard, message.slot, *message.epoch);
  }
}

void send_outer(Shard& shard, Batch<Outgoing>& outgoing) {
  // Most sessions go by the router that the one before went by.
  std::uint32_t neighbour = UINT32_MAX;
  std::optional<std::uint64_t> mac;
  for (const Outgoing& message : outgoing) {
    const SlotBinding& binding = shard.sessions.binding(message.slot);
    if (binding.outer.neighbour != neighbour) {
      neighbour = binding.outer.neighbour;
      mac = shard.shared.neighbours.mac_word(neighbour);
    }
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
