/// The way out: session, state, counter, AEAD seal in one burst, outer headers, port.
///
/// Purpose: DATA from inner packets, and the worker's own HEARTBEATs and CLOSEs, share everything
/// from the counter on. Each (key, counter) is used once: the counter is taken here and nowhere
/// else. Owner thread: the worker. Bound: one batch. spec/wire.md "Traffic messages", spec/keys.md
/// "Limits".
#pragma once

#include "data/batch.hpp"
#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// Sessions of other workers are handed to them. `routed` is empty afterwards.
void find_sender(Shard& shard, Batch<Routed>& routed, Batch<Outgoing>& outgoing);
/// Counter, prefix and room for the tag.
void take_counters(Shard& shard, Batch<Outgoing>& outgoing);
void seal(Shard& shard, Batch<Outgoing>& outgoing);
/// Headers, next hop and port. `outgoing` is empty afterwards.
void send_outer(Shard& shard, Batch<Outgoing>& outgoing);

/// The last three in a row.
void seal_and_send(Shard& shard, Batch<Outgoing>& outgoing);
/// Sealed at the end of the round, with other messages of the worker's own.
void send_own(Shard& shard, const Outgoing& message);
void flush_own(Shard& shard);

}  // namespace jumpgate::data
