/// Rates and quotas of sessions: token buckets that the worker asks about each DATA packet, and
/// nothing else (spec/rates.md).
///
///   opened  --in-->  \                                   / pass
///                     quota -> session -> its set's total
///   to seal --out--> /                                   \ quota_exhausted, rate_exceeded_in, _out
///
/// Owner thread: the worker. Bound: two cache lines a slot and a fixed array of totals, taken at start.
/// Failure: the packet is a counted drop. Where no peer has rates, the round's null pointer is all that
/// is looked at; a session without rates costs a comparison in its hot line.
#pragma once

#include <cstddef>
#include <cstdint>

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "data/shard.hpp"
#include "net/rate_set.hpp"

namespace jumpgate::data {

/// False: it was more than its session, or all of its set, may carry, and is dropped. `length`: of the
/// inner packet.
bool meter(Shard& shard, std::uint32_t slot, rte_mbuf* packet, std::size_t length, net::Way way);
inline bool within_rates(Shard& shard, std::uint32_t slot, rte_mbuf* packet, std::size_t length,
                         net::Way way) {
  return shard.rates == nullptr || meter(shard, slot, packet, length, way);
}
inline void prefetch_meters(Shard& shard, std::uint32_t slot, net::Way way) {
  if (shard.rates != nullptr) rte_prefetch0(&shard.meters.of(slot, way));
}

/// What the peer's sessions carried before this one, in bytes: they count for its quota.
void set_carried(Shard& shard, std::uint32_t slot, std::uint64_t bytes);

}  // namespace jumpgate::data
