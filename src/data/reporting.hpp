/// Reports to the controller, with what to do when its ring is full.
///
/// Owner thread: the worker. Bound: the ring. Failure: a report with an mbuf is a counted drop
/// (`punt_queue_full`); an edge of a session is owed and reported again by its timer.
#pragma once

#include <cstdint>

#include <jumpgate/drops.hpp>

#include "bus/messages.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// False: the ring is full, and counted.
bool send_report(Shard& shard, const bus::Report& report);

/// Gives the mbuf up with the report, or drops it. Always false: the batch has lost it.
bool punt(Shard& shard, const bus::Report& report);

/// A frame for the controller, each kind under a bucket of its own: ARP or neighbour discovery; a ping.
bool punt_neighbour_message(Shard& shard, rte_mbuf* frame);
bool punt_echo(Shard& shard, rte_mbuf* frame);
/// A frame whose next hop has no MAC yet; `next_hop` is to be resolved on `port`.
bool punt_unresolved(Shard& shard, rte_mbuf* frame, std::uint8_t port, const IpAddress& next_hop);
/// Drops what came from the session in `slot`, or was for it, and counts it there as well; kNoSlot:
/// nobody's.
bool drop_of(Shard& shard, std::uint32_t slot, rte_mbuf* packet, DropReason reason);
/// The same with an inner packet, but hands it up first, within limits, so that ICMP may answer.
bool refuse_inner(Shard& shard, std::uint32_t slot, rte_mbuf* packet, DropReason reason,
                  std::uint16_t mtu = 0);

/// An edge of a session; `owed_bit` (SlotRecord::kOwes...) is kept when the ring is full.
void report_edge(Shard& shard, std::uint32_t slot, bus::Report report, std::uint8_t owed_bit);

/// A broken invariant in a session's record, in every build: nothing is received or sent for it any
/// more, and the controller, told until it has heard, ends it (spec/session-fsm.md "Invariants").
void stop_inconsistent(Shard& shard, std::uint32_t slot);
/// The report of it, once more.
void report_stopped(Shard& shard, std::uint32_t slot);

}  // namespace jumpgate::data
