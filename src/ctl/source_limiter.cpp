#include "ctl/source_limiter.hpp"

#include <algorithm>
#include <bit>
#include <span>

namespace jumpgate::ctl {
namespace {

/// What counts as one source: an IPv6 customer holds a /64 at least.
IpAddress group_of(IpAddress address) {
  if (address.family == IpFamily::kV6) std::fill(address.bytes.begin() + 8, address.bytes.end(), 0);
  return address;
}

}  // namespace

SourceLimiter::SourceLimiter(const base::TokenRate& rate, std::size_t sources,
                             base::RandomSource& random)
    : rate_(rate),
      entries_(std::bit_ceil(std::max(sources, kWays)),
               Entry{.source = {}, .used = {}, .bucket = base::TokenBucket(rate, MonoNs{})}),
      set_mask_(entries_.size() / kWays - 1),
      hash_(random) {}

bool SourceLimiter::take(const IpAddress& source, MonoNs now) {
  const IpAddress key = group_of(source);
  const std::span<Entry> set = std::span(entries_).subspan((hash_(key) & set_mask_) * kWays, kWays);
  Entry* oldest = &set.front();
  for (Entry& entry : set) {
    if (entry.source == key) {
      entry.used = now;
      return entry.bucket.take(now);
    }
    if (entry.used < oldest->used) oldest = &entry;
  }
  *oldest = Entry{.source = key, .used = now, .bucket = base::TokenBucket(rate_, now)};
  return oldest->bucket.take(now);
}

}  // namespace jumpgate::ctl
