#include "data/heartbeat.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/secret.hpp"
#include "data/edges.hpp"
#include "data/path_probe.hpp"
#include "data/reporting.hpp"
#include "data/seal.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::data {
namespace {

using bus::WorkerCounter;

/// How soon an edge that found the ring full is reported again.
constexpr Duration kOwedRetry = milliseconds(10);

rte_mbuf* make_message(Shard& shard, std::span<const std::uint8_t> plaintext) {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(shard.pool);
  if (mbuf == nullptr) {
    shard.counters.drop(DropReason::kMbufExhausted);
    return nullptr;
  }
  auto* room = reinterpret_cast<std::uint8_t*>(
      rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(plaintext.size())));
  std::ranges::copy(plaintext, room);
  return mbuf;
}

void send_message(Shard& shard, std::uint32_t slot, wire::Type type,
                  std::span<const std::uint8_t> plaintext) {
  rte_mbuf* mbuf = make_message(shard, plaintext);
  if (mbuf == nullptr) return;
  send_own(shard, {.mbuf = mbuf,
                   .epoch = &shard.sessions.current(slot),
                   .counter = 0,
                   .slot = slot,
                   .type = type,
                   .outer_class = 0});
}

void send(Shard& shard, std::uint32_t slot, const wire::Heartbeat& heartbeat) {
  send_padded_heartbeat(shard, slot, heartbeat, wire::kHeartbeatSize);
}

void report_silence(Shard& shard, std::uint32_t slot) {
  SlotRecord& record = shard.sessions.record(slot);
  // An end of silence that is still owed is history: told after this, it would be the last word.
  record.owed = static_cast<std::uint8_t>(record.owed & ~SlotRecord::kOwesAlive);
  bus::Report report;
  report.kind = bus::ReportKind::kSilence;
  report.value = static_cast<std::uint64_t>((shard.now - record.liveness.last_heard()).ns);
  report_edge(shard, slot, report, SlotRecord::kOwesSilence);
}

void report_volatile(Shard& shard, std::uint32_t slot) {
  const Reason reason = shard.sessions.record(slot).volatile_for;
  bus::Report report;
  report.kind = reason == Reason::kNone ? bus::ReportKind::kStable : bus::ReportKind::kVolatile;
  report.value = static_cast<std::uint64_t>(reason);
  report_edge(shard, slot, report, SlotRecord::kOwesVolatile);
}

/// Edges that the ring had no room for.
void pay_owed(Shard& shard, std::uint32_t slot) {
  SlotRecord& record = shard.sessions.record(slot);
  const std::uint8_t owed = record.owed;
  if ((owed & SlotRecord::kOwesSilence) != 0) report_silence(shard, slot);
  bus::Report report;
  if ((owed & SlotRecord::kOwesAlive) != 0) {
    report.kind = bus::ReportKind::kAlive;
    report_edge(shard, slot, report, SlotRecord::kOwesAlive);
  }
  if ((owed & SlotRecord::kOwesVolatile) != 0) report_volatile(shard, slot);
  if ((owed & SlotRecord::kOwesHeard) != 0) {
    record.owed = static_cast<std::uint8_t>(record.owed & ~SlotRecord::kOwesHeard);
    for (Epoch& epoch : shard.sessions.epochs(slot)) {
      const bool pending = epoch.role == EpochRole::kProposed || epoch.role == EpochRole::kRenewed;
      if (pending && epoch.heard && !epoch.heard_reported) report_heard(shard, slot, epoch);
    }
  }
  if ((owed & SlotRecord::kOwesClosed) != 0) {
    report.kind = bus::ReportKind::kPeerClosed;
    report.value = record.close_reason;
    report_edge(shard, slot, report, SlotRecord::kOwesClosed);
  }
  if ((owed & SlotRecord::kOwesReleased) != 0) {
    report.kind = bus::ReportKind::kEpochReleased;
    report.value = record.released_epoch;
    report_edge(shard, slot, report, SlotRecord::kOwesReleased);
  }
}

void on_timer(Shard& shard, std::uint32_t slot) {
  SlotRecord& record = shard.sessions.record(slot);
  if (shard.sessions.ids(slot).state == SlotState::kStopped && record.owed != 0)
    report_stopped(shard, slot);
  const SlotState state = shard.sessions.ids(slot).state;
  if (state != SlotState::kBound && state != SlotState::kDraining) return;
  if (shard.now >= record.drain_until) release_previous(shard, slot);
  if (state == SlotState::kDraining) return;
  if (record.liveness.poll_silence(shard.now)) report_silence(shard, slot);
  if (record.owed != 0) pay_owed(shard, slot);
  if (record.liveness.next_due() <= shard.now) send_heartbeat(shard, slot);
  run_path_probe(shard, slot);
  arm_timer(shard, slot);
}

/// Figures of the bound path from one more heartbeat on it; a threshold crossed either way is an
/// edge.
void judge_quality(Shard& shard, std::uint32_t slot, const Epoch& epoch,
                   const wire::Heartbeat& heartbeat) {
  SlotRecord& record = shard.sessions.record(slot);
  const session::PathTolerance& tolerance = record.policy.tolerance;
  record.quality.on_report(heartbeat, epoch.send_counter, tolerance.loss_window, shard.now);
  const session::PathFigures figures =
      record.quality.figures(record.liveness.in_flight(record.rtt, shard.now));
  shard.session_counters[slot].loss_permille.set(figures.loss_permille);
  const Reason verdict = session::judge_path(tolerance, figures);
  const bool crossed = (verdict == Reason::kNone) != (record.volatile_for == Reason::kNone);
  record.volatile_for = verdict;
  if (crossed) report_volatile(shard, slot);
}

}  // namespace

void arm_timer(Shard& shard, std::uint32_t slot) {
  const SlotRecord& record = shard.sessions.record(slot);
  const SlotState state = shard.sessions.ids(slot).state;
  if (state == SlotState::kStopped && record.owed != 0) {
    shard.timers.arm(slot, shard.now + kOwedRetry);
    return;
  }
  if (state == SlotState::kDraining) {
    shard.timers.arm(slot, record.drain_until);
    return;
  }
  if (state != SlotState::kBound) {
    shard.timers.cancel(slot);
    return;
  }
  MonoNs deadline = std::min(record.liveness.next_due(), record.liveness.silence_deadline());
  deadline = std::min({deadline, record.drain_until, next_path_probe(shard, slot)});
  if (record.owed != 0) deadline = std::min(deadline, shard.now + kOwedRetry);
  shard.timers.arm(slot, deadline);
}

void run_timers(Shard& shard) {
  shard.timers.advance(shard.now, limits::kBurst,
                       [&](std::uint32_t slot) { on_timer(shard, slot); });
}

void heartbeat_input(Shard& shard, const Datagram& datagram, const wire::Heartbeat& heartbeat) {
  // A candidate's or a draining epoch's heartbeat says nothing about the bound path.
  if (datagram.epoch->role != EpochRole::kCurrent) return;
  const std::uint32_t slot = datagram.slot;
  SlotRecord& record = shard.sessions.record(slot);
  if (const auto sample = record.liveness.on_heartbeat(heartbeat, shard.now)) {
    if (record.fresh_path) record.rtt.reset();
    record.fresh_path = false;
    record.rtt.sample(*sample);
    record.quality.on_round_trip(*sample);
    shard.session_counters[slot].srtt_us.set(
        static_cast<std::uint32_t>(record.rtt.smoothed().us()));
  }
  judge_quality(shard, slot, *datagram.epoch, heartbeat);
  note_path_echo(shard, slot, heartbeat);
  if (heartbeat.reply_wanted)
    if (const auto reply = record.liveness.make_reply(shard.now)) send(shard, slot, *reply);
  arm_timer(shard, slot);
}

void send_padded_heartbeat(Shard& shard, std::uint32_t slot, wire::Heartbeat heartbeat,
                           std::size_t size) {
  const SlotRecord& record = shard.sessions.record(slot);
  const session::ReplayWindow& window = shard.sessions.current(slot).window;
  heartbeat.reattach_wanted = record.reattach_wanted;
  heartbeat.rekey_wanted = record.rekey_wanted;
  heartbeat.received_highest = window.any() ? window.highest() : wire::kNothingReceived;
  heartbeat.received_count = window.count();
  std::array<std::uint8_t, limits::kMaxDatagram> plaintext;
  wire::encode_heartbeat(heartbeat, std::span(plaintext).first<wire::kHeartbeatSize>());
  std::ranges::fill(std::span(plaintext).first(size).subspan(wire::kHeartbeatSize),
                    std::uint8_t{0});
  send_message(shard, slot, wire::Type::kHeartbeat, std::span(plaintext).first(size));
  shard.counters.add(WorkerCounter::kHeartbeatsOut);
}

void send_heartbeat(Shard& shard, std::uint32_t slot) {
  SlotRecord& record = shard.sessions.record(slot);
  send(shard, slot, record.liveness.make(shard.now));
  record.liveness.on_sent(shard.now);
  record.quality.on_sent();
}

void send_close(Shard& shard, std::uint32_t slot, Reason reason) {
  std::array<std::uint8_t, wire::kCloseSize> plaintext;
  wire::encode_close({.reason = reason}, plaintext);
  send_message(shard, slot, wire::Type::kClose, plaintext);
  shard.counters.add(WorkerCounter::kClosesOut);
  flush_own(shard);
}

void release_previous(Shard& shard, std::uint32_t slot) {
  SlotRecord& record = shard.sessions.record(slot);
  for (Epoch& epoch : shard.sessions.epochs(slot)) {
    if (epoch.role != EpochRole::kPrevious) continue;
    record.released_epoch = epoch.number;
    wipe_epoch(shard, slot, epoch);
  }
  record.drain_until = kNever;
  bus::Report report;
  report.kind = bus::ReportKind::kEpochReleased;
  report.value = record.released_epoch;
  report_edge(shard, slot, report, SlotRecord::kOwesReleased);
}

void wipe_epoch(Shard& shard, std::uint32_t slot, Epoch& epoch) {
  if (epoch.role == EpochRole::kFree) return;
  shard.keys.forget(epoch.key_id);
  shard.keys.forget(epoch.key_id + 1);
  shard.windows.give_back(epoch.window_index);
  base::wipe(&epoch, sizeof(epoch));
  epoch = Epoch{};
  SlotRecord& record = shard.sessions.record(slot);
  // A control key lives as long as an epoch of its generation does (spec/keys.md "Rekey").
  for (std::size_t i = 0; i < record.control.size(); ++i) {
    const bool used = std::ranges::any_of(shard.sessions.epochs(slot), [&](const Epoch& other) {
      return other.role != EpochRole::kFree && other.generation == record.control[i].generation;
    });
    if (!record.control_live[i] || used) continue;
    base::wipe(&record.control[i], sizeof(record.control[i]));
    record.control_live[i] = false;
  }
  shard.sessions.publish(slot);
}

}  // namespace jumpgate::data
