/// Inner packets that came in two parts, put together (spec/wire.md "DATA in two parts").
///
/// Owner thread: the worker. Bound: WaitingParts. Failure: `inner_part_lost` for a part whose other one does not come
/// in time or gives its place to a newer one, `inner_bad_header` for two that make no packet.
#pragma once

#include <cstdint>

#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// Takes an opened part, whose mbuf's data is the plaintext. True: `datagram` has the whole packet now, and
/// `outer_class` is that of both outer headers. False: the part has left.
bool join_part(Shard& shard, Datagram& datagram, net::PartKind kind, std::uint8_t& outer_class);
/// Gives up what has waited for too long; each round.
void expire_parts(Shard& shard);
/// Gives up all, at the worker's end and no sooner.
void drop_parts(Shard& shard);

}  // namespace jumpgate::data
