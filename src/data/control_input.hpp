/// Control messages: opened here, judged by the controller.
///
/// Purpose: only authentic ones enter the controller's ring, and strangers can not make the worker
/// open more than the buckets allow. An authentic control message may be a replay: it moves nothing
/// here, liveness included.
/// Owner thread: the worker. Bound: the token buckets. spec/wire.md "Order of the checks", 12
/// and 13.
#pragma once

#include "data/batch.hpp"
#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// `control` is empty afterwards.
void control_input(Shard& shard, Batch<Datagram>& control);

}  // namespace jumpgate::data
