/// What opened traffic messages carry: DATA goes on as inner packets, or is held for its commit;
/// HEARTBEATs and CLOSE end here.
///
/// Owner thread: the worker. Bound: one batch; held packets as in held_packets.hpp.
/// spec/wire.md "Traffic messages", spec/keys.md "Held packets".
#pragma once

#include "data/batch.hpp"
#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// `datagrams` is empty afterwards.
void traffic_input(Shard& shard, Batch<Datagram>& datagrams, Batch<InnerPacket>& inner);

/// The held DATA of a session, oldest first, up to one batch. True while more is held.
bool release_held(Shard& shard, std::uint32_t slot, Batch<InnerPacket>& inner);
/// The exchange ended otherwise: `epoch_unknown`.
void drop_held(Shard& shard, std::uint32_t slot);

}  // namespace jumpgate::data
