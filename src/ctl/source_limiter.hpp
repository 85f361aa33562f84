/// A token bucket for each source address (IPv4 /32, IPv6 /64), over a bounded number of them.
///
/// Sets of eight entries, chosen by keyed hash: in a full set the longest unused entry makes room.
/// Owner thread: the controller. Bound: `sources` entries, taken at construction; each call looks
/// at eight of them. Failure: take() says no. A stranger who forges very many sources can push an
/// entry out, which then starts full: a lenient error.
#pragma once

#include <cstdint>
#include <vector>

#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "base/hash.hpp"
#include "base/token_bucket.hpp"

namespace jumpgate::ctl {

class SourceLimiter {
 public:
  /// `sources` is rounded up to a power of two, eight at least.
  SourceLimiter(const base::TokenRate& rate, std::size_t sources, base::RandomSource& random);

  [[nodiscard]] bool take(const IpAddress& source, MonoNs now);

 private:
  static constexpr std::size_t kWays = 8;

  struct Entry {
    IpAddress source;
    MonoNs used{};
    base::TokenBucket bucket;
  };

  base::TokenRate rate_;
  std::vector<Entry> entries_;
  std::size_t set_mask_;
  base::KeyedHash hash_;
};

}  // namespace jumpgate::ctl
