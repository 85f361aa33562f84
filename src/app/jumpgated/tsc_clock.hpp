/// The gateway's monotonic clock: the TSC scaled to nanoseconds. Any thread; a read costs about 10 ns.
#pragma once

#include <cstdint>

#include <rte_cycles.h>

#include <jumpgate/time.hpp>

namespace jumpgate::app {

class TscClock {
 public:
  /// EAL runs already: it has measured the TSC's frequency.
  TscClock()
      : start_(rte_rdtsc()),
        ns_per_cycle_shifted_((std::uint64_t{1'000'000'000} << kShift) / rte_get_tsc_hz()) {}

  /// Starts at one second, so that "never" (0) lies in the past.
  MonoNs operator()() const {
    const auto cycles = static_cast<Wide>(rte_rdtsc() - start_);
    return {1'000'000'000 + static_cast<std::uint64_t>((cycles * ns_per_cycle_shifted_) >> kShift)};
  }

 private:
  __extension__ using Wide = unsigned __int128;

  static constexpr unsigned kShift = 32;
  std::uint64_t start_;
  std::uint64_t ns_per_cycle_shifted_;
};

}  // namespace jumpgate::app
