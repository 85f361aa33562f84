/// The filter stages: bursts of inner packets judged by their peers' rules.
///
/// Called only while some peer has a filter. A packet that is denied is refused: counted
/// (`filter_denied`), and its sender told by ICMP within limits.
/// Owner thread: the worker. Bound: one batch. spec/inner-networks.md "Filters".
#pragma once

#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// Out of tunnels; what is no sound packet is left for inner_input to name, and a source that is not
/// the peer's keeps its own name.
void filter_in(Shard& shard, Batch<InnerPacket>& inner);
/// Into tunnels of this worker; the controller's own packets pass.
void filter_out(Shard& shard, Batch<Routed>& routed);

}  // namespace jumpgate::data
