/// Keeping bindings alive: timers of sessions, HEARTBEATs both ways, silence, drains, owed reports.
///
/// Owner thread: the worker. Bound: one timer a slot; limits::kBurst timers a round, the rest the
/// next round. Failure: without an mbuf a heartbeat is left out (`mbuf_exhausted`) and tried again.
/// spec/heartbeat.md.
#pragma once

#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// Sets the slot's timer to the next thing it has to do.
void arm_timer(Shard& shard, std::uint32_t slot);
/// Everything that is due at shard.now.
void run_timers(Shard& shard);

/// An authentic, fresh heartbeat.
void heartbeat_input(Shard& shard, const Datagram& datagram, const wire::Heartbeat& heartbeat);
/// Sends the heartbeat that is due now, in the current epoch.
void send_heartbeat(Shard& shard, std::uint32_t slot);
/// Sends one at once, its plaintext padded with zeros to `size` bytes; no schedule moves.
void send_padded_heartbeat(Shard& shard, std::uint32_t slot, wire::Heartbeat heartbeat,
                           std::size_t size);
/// Sends CLOSE at once, in the current epoch.
void send_close(Shard& shard, std::uint32_t slot, Reason reason);

/// Wipes the draining epoch, if any, and tells the controller.
void release_previous(Shard& shard, std::uint32_t slot);
/// Wipes one epoch: keys, their expanded forms, its window.
void wipe_epoch(Shard& shard, std::uint32_t slot, Epoch& epoch);

}  // namespace jumpgate::data
