#include "data/reporting.hpp"

#include "base/invariant.hpp"
#include "data/heartbeat.hpp"
#include "data/trace.hpp"

namespace jumpgate::data {

using bus::WorkerCounter;

bool send_report(Shard& shard, const bus::Report& report) {
  bus::Report signed_report = report;
  signed_report.worker = shard.worker;
  if (!shard.reports.push(signed_report)) {
    shard.counters.add(WorkerCounter::kReportsLost);
    return false;
  }
  shard.counters.add(WorkerCounter::kReports);
  return true;
}

bool punt(Shard& shard, const bus::Report& report) {
  if (!send_report(shard, report)) return shard.drops.drop(report.mbuf, DropReason::kPuntQueueFull);
  shard.counters.add(WorkerCounter::kPunts);
  note_gone(shard, report.mbuf, bus::TraceEnd::kToController);
  return false;
}

namespace {

bool punt_frame(Shard& shard, rte_mbuf* frame, bool admitted) {
  if (!admitted) return shard.drops.drop(frame, DropReason::kPuntRateLimited);
  bus::Report report;
  report.kind = bus::ReportKind::kFrame;
  report.port = static_cast<std::uint8_t>(frame->port);
  report.mbuf = frame;
  return punt(shard, report);
}

}  // namespace

bool punt_neighbour_message(Shard& shard, rte_mbuf* frame) {
  return punt_frame(shard, frame, shard.admission.neighbour_message(shard.now));
}

bool punt_echo(Shard& shard, rte_mbuf* frame) {
  return punt_frame(shard, frame, shard.admission.echo(shard.now));
}

bool punt_unresolved(Shard& shard, rte_mbuf* frame, std::uint8_t port, const IpAddress& next_hop) {
  if (!shard.admission.unresolved(shard.now))
    return shard.drops.drop(frame, DropReason::kNeighbourUnresolved);
  bus::Report report;
  report.kind = bus::ReportKind::kResolve;
  report.port = port;
  report.address = next_hop;
  report.mbuf = frame;
  return punt(shard, report);
}

bool drop_of(Shard& shard, std::uint32_t slot, rte_mbuf* packet, DropReason reason) {
  if (slot != kNoSlot) shard.session_counters[slot].drops.add(1);
  return shard.drops.drop(packet, reason);
}

bool refuse_inner(Shard& shard, std::uint32_t slot, rte_mbuf* packet, DropReason reason,
                  std::uint16_t mtu) {
  if (!shard.admission.refusal(shard.now)) return drop_of(shard, slot, packet, reason);
  bus::Report report;
  report.kind = bus::ReportKind::kInnerRefused;
  report.port = static_cast<std::uint8_t>(packet->port);
  report.reason = reason;
  report.mtu = mtu;
  report.mbuf = packet;
  // Dropped for its own reason whether or not the controller hears of it.
  shard.counters.drop(reason);
  if (slot != kNoSlot) shard.session_counters[slot].drops.add(1);
  if (shard.tracer.on()) shard.tracer.end(packet, bus::TraceEnd::kDropped, reason);
  if (!send_report(shard, report)) shard.drops.free(packet);
  return false;
}

void report_edge(Shard& shard, std::uint32_t slot, bus::Report report, std::uint8_t owed_bit) {
  report.session = shard.ref(slot);
  report.cid = shard.sessions.current(slot).receive_cid;
  SlotRecord& record = shard.sessions.record(slot);
  if (send_report(shard, report))
    record.owed = static_cast<std::uint8_t>(record.owed & ~owed_bit);
  else
    record.owed = static_cast<std::uint8_t>(record.owed | owed_bit);
}

void stop_inconsistent(Shard& shard, std::uint32_t slot) {
  constexpr bool kRecordContradictsItself = true;
  JG_INVARIANT(!kRecordContradictsItself);
  shard.sessions.ids(slot).state = SlotState::kStopped;
  shard.sessions.record(slot).owed = SlotRecord::kOwesStopped;
  report_stopped(shard, slot);
}

void report_stopped(Shard& shard, std::uint32_t slot) {
  bus::Report report;
  report.kind = bus::ReportKind::kInconsistent;
  report_edge(shard, slot, report, SlotRecord::kOwesStopped);
  arm_timer(shard, slot);
}

}  // namespace jumpgate::data
