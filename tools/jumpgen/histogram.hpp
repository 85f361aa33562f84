/// Counts of durations in buckets that are as fine, relative to their size, everywhere: 32 a
/// doubling, so that a percentile is known to 3 %.
///
///   0..31 ns exactly; then each doubling [2^k, 2^(k+1)) in 32 equal buckets
///
/// Owner thread: its owner. Bound: 16 KiB; record() is constant time. Failure: none; a negative
/// duration counts as zero.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <jumpgate/time.hpp>

namespace jumpgate::jumpgen {

class Histogram {
 public:
  void record(Duration duration) {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.ns, 0));
    ++buckets_[bucket_of(ns)];
    ++count_;
    largest_ = std::max(largest_, ns);
  }
  void clear() { *this = {}; }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Duration largest() const { return {static_cast<std::int64_t>(largest_)}; }
  /// The upper edge of the bucket that holds the share `part` (0..1) of all, at most the largest
  /// recorded; zero when there is none.
  [[nodiscard]] Duration percentile(double part) const;

 private:
  static constexpr unsigned kFine = 5;
  static constexpr std::size_t kPerDoubling = std::size_t{1} << kFine;
  static constexpr std::size_t kBuckets = (64 - kFine + 1) * kPerDoubling;

  static constexpr std::size_t bucket_of(std::uint64_t ns) {
    if (ns < kPerDoubling) return ns;
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kFine;
    return (std::size_t{shift} + 1) * kPerDoubling + ((ns >> shift) - kPerDoubling);
  }
  static constexpr std::uint64_t upper_edge(std::size_t bucket) {
    if (bucket < kPerDoubling) return bucket;
    const std::size_t shift = bucket / kPerDoubling - 1;
    return ((kPerDoubling + bucket % kPerDoubling + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_{0};
  std::uint64_t largest_{0};
};

}  // namespace jumpgate::jumpgen
