/// What the stages tell the Tracer: nothing, but for a packet of the session that is looked at.
///
/// Owner thread: the worker. Bound: the Tracer's.
#pragma once

#include <rte_mbuf.h>

#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

void trace_received(Shard& shard, const Datagram& datagram);
void trace_inner(Shard& shard, rte_mbuf* packet);
void trace_routed(Shard& shard, Batch<Routed>& routed);
void trace_sealed(Shard& shard, const Outgoing& message);

/// Its session was found: out of a tunnel.
inline void note_received(Shard& shard, const Datagram& datagram) {
  if (shard.tracer.follows(datagram.slot)) trace_received(shard, datagram);
}
/// Its tag verified, its counter was fresh.
inline void note_opened(Shard& shard, const Datagram& datagram) {
  if (shard.tracer.on()) shard.tracer.pass(datagram.mbuf, bus::TraceStage::kOpened);
}
/// The mbuf is the inner packet that it held.
inline void note_inner(Shard& shard, rte_mbuf* packet) {
  if (shard.tracer.on()) trace_inner(shard, packet);
}
/// Nothing was found against it, and there is a way.
inline void note_forwarded(Shard& shard, const rte_mbuf* packet) {
  if (shard.tracer.on()) shard.tracer.pass(packet, bus::TraceStage::kForwarded);
}
/// Inner packets for clients.
inline void note_routed(Shard& shard, Batch<Routed>& routed) {
  if (shard.tracer.on()) trace_routed(shard, routed);
}
/// Sealed; its outer headers are still to come.
inline void note_sealed(Shard& shard, const Outgoing& message) {
  if (shard.tracer.on()) trace_sealed(shard, message);
}
/// It left the worker's hands.
inline void note_gone(Shard& shard, const rte_mbuf* packet, bus::TraceEnd end) {
  if (shard.tracer.on()) shard.tracer.end(packet, end);
}

}  // namespace jumpgate::data
