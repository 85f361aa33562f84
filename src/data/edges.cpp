#include "data/edges.hpp"

#include <algorithm>

#include "data/heartbeat.hpp"
#include "data/reporting.hpp"

namespace jumpgate::data {
namespace {

// What kKeyUsage's value says (bus/messages.hpp).
constexpr std::uint64_t kUsageRekey = 0;
constexpr std::uint64_t kUsageHard = 1;
constexpr std::uint64_t kUsageFailures = 2;

bool report_usage(Shard& shard, std::uint32_t slot, const Epoch& epoch, std::uint64_t which) {
  bus::Report report;
  report.kind = bus::ReportKind::kKeyUsage;
  report.session = shard.ref(slot);
  report.epoch = epoch.number;
  report.value = which;
  return send_report(shard, report);
}

void note_epoch(Shard& shard, std::uint32_t slot, Epoch& epoch) {
  if (!epoch.heard) {
    epoch.heard = true;
    if (epoch.role != EpochRole::kCurrent) report_heard(shard, slot, epoch);
  }
  note_key_usage(shard, slot, epoch);
}

void note_path(Shard& shard, const Datagram& datagram) {
  const SlotBinding& binding = shard.sessions.binding(datagram.slot);
  if (comes_from(datagram, binding.remote)) return;
  const Endpoint from = source_of(datagram);
  SlotRecord& record = shard.sessions.record(datagram.slot);
  const bool known = from == record.reported_path;
  if (known) record.path_untold += datagram.length;
  const bool enough = known && record.path_told >= kPathReportBytes;
  const Duration wait = enough ? kPathReportRepeat : kPathReportInterval;
  if (record.reported_path_at.ns != 0 && shard.now - record.reported_path_at < wait) return;
  const std::uint32_t bytes = known ? record.path_untold : datagram.length;
  bus::Report report;
  report.kind = bus::ReportKind::kNewPath;
  report.type = datagram.type;
  report.port = static_cast<std::uint8_t>(datagram.mbuf->port);
  report.session = shard.ref(datagram.slot);
  report.cid = ConnectionId{datagram.cid};
  report.from = from;
  report.to = destination_of(datagram);
  report.value = bytes;
  if (!send_report(shard, report)) return;
  record.path_told = (known ? record.path_told : 0) + bytes;
  record.path_untold = 0;
  record.reported_path = from;
  record.reported_path_at = shard.now;
}

void note_heard(Shard& shard, const Datagram& datagram) {
  SlotRecord& record = shard.sessions.record(datagram.slot);
  shard.session_counters[datagram.slot].last_heard.set(shard.now.ns);
  if (!record.liveness.on_authentic(shard.now)) return;
  record.owed = static_cast<std::uint8_t>(record.owed & ~SlotRecord::kOwesSilence);
  bus::Report report;
  report.kind = bus::ReportKind::kAlive;
  report_edge(shard, datagram.slot, report, SlotRecord::kOwesAlive);
  arm_timer(shard, datagram.slot);
}

}  // namespace

void note_edges(Shard& shard, Batch<Datagram>& datagrams) {
  const Epoch* noted = nullptr;
  bool of_binding = false;
  for (const Datagram& datagram : datagrams) {
    Epoch& epoch = *datagram.epoch;
    // What is the same for packets in a row is noted once.
    if (&epoch != noted) {
      noted = &epoch;
      of_binding = false;
      // Nothing follows from what an ended session receives.
      if (shard.sessions.ids(datagram.slot).state == SlotState::kDraining) continue;
      note_epoch(shard, datagram.slot, epoch);
      // A draining epoch of an older binding, or a proposed one, says nothing about the bound path.
      of_binding = epoch.receive_cid == shard.sessions.current(datagram.slot).receive_cid;
      if (of_binding) note_heard(shard, datagram);
    }
    if (of_binding && datagram.leads && epoch.role != EpochRole::kPrevious)
      note_path(shard, datagram);
  }
}

void report_key_usage(Shard& shard, std::uint32_t slot, Epoch& epoch) {
  const bus::LivenessPolicy& policy = shard.sessions.record(slot).policy;
  const bool rekey =
      epoch.packets() >= policy.rekey_packets || epoch.blocks() >= policy.rekey_blocks;
  if (!epoch.rekey_reported && rekey)
    epoch.rekey_reported = report_usage(shard, slot, epoch, kUsageRekey);
  if (!epoch.hard_reported && (epoch.receive_exhausted() || epoch.send_exhausted()))
    epoch.hard_reported = report_usage(shard, slot, epoch, kUsageHard);
  if (!epoch.failures_reported && epoch.failed_opens >= limits::kMaxFailedOpens)
    epoch.failures_reported = report_usage(shard, slot, epoch, kUsageFailures);
  // What the full ring did not take is due again at the next packet.
  if (epoch.hard_reported && epoch.rekey_reported) {
    epoch.notice_packets = epoch.notice_blocks = UINT64_MAX;
  } else {
    const bool hard_next = epoch.rekey_reported;
    epoch.notice_packets = hard_next ? limits::kHardLimitPackets
                                     : std::min(policy.rekey_packets, limits::kHardLimitPackets);
    epoch.notice_blocks = hard_next ? limits::kHardLimitBlocks
                                    : std::min(policy.rekey_blocks, limits::kHardLimitBlocks);
  }
}

void report_heard(Shard& shard, std::uint32_t slot, Epoch& epoch) {
  bus::Report report;
  report.kind = bus::ReportKind::kEpochConfirmed;
  report.value = epoch.number;
  report.generation = epoch.generation;
  report_edge(shard, slot, report, SlotRecord::kOwesHeard);
  epoch.heard_reported = (shard.sessions.record(slot).owed & SlotRecord::kOwesHeard) == 0;
  if (!epoch.heard_reported) arm_timer(shard, slot);
}

void note_first_traffic(Shard& shard, std::uint32_t slot) {
  SlotBinding& binding = shard.sessions.binding(slot);
  const bool was_quiet = shard.now - binding.last_traffic >= session::kTrafficMemory;
  binding.last_traffic = shard.now;
  shard.sessions.record(slot).liveness.on_traffic(shard.now);
  if (was_quiet) arm_timer(shard, slot);
}

}  // namespace jumpgate::data
