/// Token buckets before everything that a stranger can make the worker or the controller do.
///
/// Owner thread: the worker. Bound: a fixed array of buckets; sources that collide under a keyed
/// hash share one, so nobody can aim at another's bucket nor grow the table.
/// Failure: false, and the caller counts its drop reason.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <jumpgate/types.hpp>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "base/token_bucket.hpp"
#include "data/worker_limits.hpp"

namespace jumpgate::data {

class Admission {
 public:
  Admission(const WorkerLimits& limits, base::RandomSource& random, MonoNs now)
      : hash_(random),
        sources_(limits.source_buckets, base::TokenBucket(limits.control_per_source, now)),
        control_(limits.control_total, now),
        mac1_checks_(limits.mac1_checks, now),
        unknown_versions_(limits.unknown_versions, now),
        handshakes_(limits.handshakes, now),
        neighbour_messages_(limits.neighbour_messages, now),
        unresolved_(limits.unresolved, now),
        echoes_(limits.echoes, now),
        unknown_cids_(limits.unknown_cids, now),
        refusals_(limits.refusals, now) {}

  static std::size_t footprint(const WorkerLimits& limits) {
    return limits.source_buckets * sizeof(base::TokenBucket);
  }

  [[nodiscard]] bool control(const IpAddress& source, MonoNs now) {
    return sources_[bucket_of(source)].take(now) && control_.take(now);
  }
  [[nodiscard]] bool mac1_check(MonoNs now) { return mac1_checks_.take(now); }
  [[nodiscard]] bool unknown_version(MonoNs now) { return unknown_versions_.take(now); }
  [[nodiscard]] bool handshake(MonoNs now) { return handshakes_.take(now); }
  [[nodiscard]] bool neighbour_message(MonoNs now) { return neighbour_messages_.take(now); }
  [[nodiscard]] bool unresolved(MonoNs now) { return unresolved_.take(now); }
  [[nodiscard]] bool echo(MonoNs now) { return echoes_.take(now); }
  [[nodiscard]] bool unknown_cid(MonoNs now) { return unknown_cids_.take(now); }
  [[nodiscard]] bool refusal(MonoNs now) { return refusals_.take(now); }

 private:
  // One host is a /32 or a /64 (RFC 4291 section 2.5.1): who holds one IPv6 address holds them all.
  [[nodiscard]] std::size_t bucket_of(const IpAddress& source) const {
    const std::size_t bytes = source.family == IpFamily::kV4 ? 4 : 8;
    return hash_(std::span<const std::uint8_t>(source.bytes).first(bytes)) & (sources_.size() - 1);
  }

  base::KeyedHash hash_;
  std::vector<base::TokenBucket> sources_;
  base::TokenBucket control_;
  base::TokenBucket mac1_checks_;
  base::TokenBucket unknown_versions_;
  base::TokenBucket handshakes_;
  base::TokenBucket neighbour_messages_;
  base::TokenBucket unresolved_;
  base::TokenBucket echoes_;
  base::TokenBucket unknown_cids_;
  base::TokenBucket refusals_;
};

}  // namespace jumpgate::data
