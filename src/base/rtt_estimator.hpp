/// Round-trip time: smoothed, variation and minimum (RFC 6298 section 2), in whole nanoseconds.
///
/// Owner thread: its owner. Bound: five words. Failure: a sample below zero is ignored.
#pragma once

#include <algorithm>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>

namespace jumpgate::base {

class RttEstimator {
 public:
  constexpr void sample(Duration rtt) {
    if (rtt.ns < 0) return;
    latest_ = rtt;
    if (!has_sample_) {
      has_sample_ = true;
      smoothed_ = rtt;
      variation_ = rtt / 2;
      min_ = rtt;
      return;
    }
    const Duration error = smoothed_ > rtt ? smoothed_ - rtt : rtt - smoothed_;
    variation_ =
        variation_ + (error - variation_) / 4;  // beta = 1/4, before the mean moves (RFC 6298 2.3)
    smoothed_ = smoothed_ + (rtt - smoothed_) / 8;  // alpha = 1/8
    min_ = std::min(min_, rtt);
  }
  constexpr void reset() { *this = RttEstimator{}; }

  [[nodiscard]] constexpr bool has_sample() const { return has_sample_; }
  /// limits::kInitialRtt before the first sample.
  [[nodiscard]] constexpr Duration smoothed() const {
    return has_sample_ ? smoothed_ : limits::kInitialRtt;
  }
  [[nodiscard]] constexpr Duration variation() const {
    return has_sample_ ? variation_ : limits::kInitialRtt / 2;
  }
  [[nodiscard]] constexpr Duration min() const { return has_sample_ ? min_ : limits::kInitialRtt; }
  [[nodiscard]] constexpr Duration latest() const {
    return has_sample_ ? latest_ : limits::kInitialRtt;
  }
  /// When an answer counts as missing: smoothed + 4 x variation, not below the floor (RFC
  /// 6298 2.3).
  [[nodiscard]] constexpr Duration timeout(Duration floor) const {
    return std::max(floor, smoothed() + variation() * 4);
  }

 private:
  Duration smoothed_{};
  Duration variation_{};
  Duration min_{};
  Duration latest_{};
  bool has_sample_{false};
};

}  // namespace jumpgate::base
