/// What authentic and fresh packets say about path, keys and life: thresholds crossed are told to
/// the controller, samples are not.
///
/// Purpose: the worker reports and never decides; above all it never moves the address it sends to.
/// Owner thread: the worker. Bound: a new path is reported at most once in kPathReportInterval a
/// session, the same one again after kPathReportRepeat (the report may have been lost) or, until
/// kPathReportBytes of it are told, after kPathReportInterval.
#pragma once

#include <jumpgate/time.hpp>

#include "data/batch.hpp"
#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

inline constexpr Duration kPathReportInterval = milliseconds(100);
inline constexpr Duration kPathReportRepeat = seconds(1);
/// What buys a new address its challenge (spec/jump.md "Rebinding").
inline constexpr std::uint64_t kPathReportBytes = wire::kControlSize / 3;

/// First packet of an epoch, packet from a new address, end of a silence, key limits.
void note_edges(Shard& shard, Batch<Datagram>& datagrams);
/// Limits of an epoch's keys, either direction; told once each.
void report_key_usage(Shard& shard, std::uint32_t slot, Epoch& epoch);
inline void note_key_usage(Shard& shard, std::uint32_t slot, Epoch& epoch) {
  if (epoch.usage_due()) report_key_usage(shard, slot, epoch);
}
/// The first authentic packet of an epoch that is not current; told once.
void report_heard(Shard& shard, std::uint32_t slot, Epoch& epoch);
/// DATA of the binding went either way: the quick interval is in force. Noted once a round.
void note_first_traffic(Shard& shard, std::uint32_t slot);
inline void note_traffic(Shard& shard, std::uint32_t slot) {
  if (shard.sessions.binding(slot).last_traffic != shard.now) note_first_traffic(shard, slot);
}

}  // namespace jumpgate::data
