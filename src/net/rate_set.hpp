/// What an operator lets sessions carry: rates each way and a quota. Plain values.
///
/// Purpose: filled by src/config, compiled by net/rate_image.hpp, kept by the workers (spec/rates.md).
/// Owner thread: any; pure. Bound: kMaxRateSets sets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <jumpgate/time.hpp>

namespace jumpgate::net {

/// A set for each kind of peer, as with filters; the buckets of all of them stand in each worker.
inline constexpr std::size_t kMaxRateSets = 64;

/// As the client's peer sees it: in, out of the client's tunnel; out, into it.
enum class Way : std::uint8_t { kIn, kOut };
inline constexpr std::size_t kWays = 2;

/// Of one way, a second; 0: no bound.
struct Rate {
  std::uint64_t bytes{0};
  std::uint64_t packets{0};
  constexpr bool operator==(const Rate&) const = default;
};

struct RateSet {
  std::string name;
  std::array<Rate, kWays> session{};  // of each session, by Way
  std::array<Rate, kWays> total{};    // of all sessions that go by this set
  Duration burst{milliseconds(100)};  // what may come at once: as much as the rate allows in it
  std::uint64_t quota{0};             // bytes of each peer, both ways together; 0: none
  bool operator==(const RateSet&) const = default;
};

}  // namespace jumpgate::net
