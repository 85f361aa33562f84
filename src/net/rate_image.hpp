/// Rates compiled for the workers (rte_meter): which set a peer has, and the profile of each of its
/// buckets.
///
/// Purpose: single-rate meters (RFC 2697), colour-blind and without an excess burst: green passes, all
/// else is dropped. A second rate (RFC 2698) would need a use for yellow packets, and there is none.
/// Owner: the controller builds it and publishes it (net::Published); workers read it. Nothing in it
/// changes. Bound: kMaxRateSets sets, a place for each peer. Failure: none. A rate is kept to 1 in
/// 10,000; a tick is a nanosecond.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <rte_meter.h>

#include "net/rate_set.hpp"
#include "net/topology.hpp"

namespace jumpgate::net {

/// The bucket of one bound; its tokens are bytes or packets.
struct BucketProfile {
  rte_meter_srtcm_profile meter{};
  [[nodiscard]] bool any() const { return meter.cir_period != 0; }
};
/// `rate` a second, with room for what comes in `burst` and for `least` tokens in any case.
[[nodiscard]] BucketProfile make_bucket(std::uint64_t rate, Duration burst, std::uint64_t least);

struct WayProfile {
  BucketProfile bytes;
  BucketProfile packets;
};

struct RateProfile {
  std::array<WayProfile, kWays> session{};
  std::array<WayProfile, kWays> total{};  // a worker's part of it
  std::uint64_t quota{0};
};

class RateImage {
 public:
  /// `of_peer`: for each peer the index of its set, or kNoRates. The totals are divided among `workers`.
  static std::unique_ptr<const RateImage> build(std::span<const RateSet> sets,
                                                std::vector<std::uint16_t> of_peer,
                                                unsigned workers);

  /// False: no peer has a set.
  [[nodiscard]] bool any() const noexcept { return any_; }
  [[nodiscard]] std::uint16_t set_of(std::uint32_t peer) const noexcept {
    return peer < of_peer_.size() ? of_peer_[peer] : kNoRates;
  }
  [[nodiscard]] std::uint16_t sets() const noexcept {
    return static_cast<std::uint16_t>(profiles_.size());
  }
  [[nodiscard]] const RateProfile& profile(std::uint16_t set) const noexcept {
    return profiles_[set];
  }
  /// Of no other image of this process, and never 0.
  [[nodiscard]] std::uint32_t serial() const noexcept { return serial_; }
  [[nodiscard]] bool says_the_same(std::span<const RateSet> sets,
                                   std::span<const std::uint16_t> of_peer) const;

 private:
  RateImage() = default;
  std::vector<RateSet> sets_;
  std::vector<RateProfile> profiles_;
  std::vector<std::uint16_t> of_peer_;
  std::uint32_t serial_{0};
  bool any_{false};
};

}  // namespace jumpgate::net
