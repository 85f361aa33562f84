#include "tools/jumpgen/histogram.hpp"

#include <cmath>

namespace jumpgate::jumpgen {

Duration Histogram::percentile(double part) const {
  if (count_ == 0) return {};
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_.at(i);
    if (seen >= wanted) return {static_cast<std::int64_t>(std::min(upper_edge(i), largest_))};
  }
  return largest();
}

}  // namespace jumpgate::jumpgen
