/// Which session a datagram is for, by what it says itself: type, length, prefix, connection id.
///
/// Purpose: garbage dies here, cheaply; HELLOs go to the controller; datagrams of sessions that
/// another worker owns go to it. Nothing here is authentic yet, and nothing changes but counters.
/// Owner thread: the worker. Bound: one batch. spec/wire.md "Order of the checks", 1 to 9.
#pragma once

#include "data/batch.hpp"
#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// Checks 1 to 5; HELLOs leave the batch.
void classify(Shard& shard, Batch<Datagram>& datagrams);

/// Check 6, and the hand-off: what remains is for a slot of this worker.
void find_owner(Shard& shard, Batch<Datagram>& datagrams);

/// Checks 7 to 9 for traffic; control messages move on to `control`.
void find_session(Shard& shard, Batch<Datagram>& datagrams, Batch<Datagram>& control);

/// An id that names no live session: counted, and told to the controller, which may send a reset.
bool drop_unknown_cid(Shard& shard, Datagram& datagram, DropReason reason);

}  // namespace jumpgate::data
