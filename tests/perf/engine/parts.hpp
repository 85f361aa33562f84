/// The engine's parts, each alone: transitions, timers, policy, events.
///
/// Owner thread: one. Bound: each is repeated kRepeats times; the median counts.
#pragma once

#include <string>
#include <vector>

namespace jumpgate::bench {

struct Part {
  std::string name;
  double per_second{0};
  double nanoseconds{0};  // of one
};

[[nodiscard]] std::vector<Part> measure_parts();

}  // namespace jumpgate::bench
