/// When a path counts as volatile: the thresholds in force, and the verdict over its figures
/// (spec/heartbeat.md "Signals").
///
/// Owner thread: any; pure. Bound: three comparisons. Failure: none; what was not measured is no
/// ground for a verdict.
#pragma once

#include <cstdint>

#include <jumpgate/reasons.hpp>
#include <jumpgate/time.hpp>

#include "session/policy.hpp"

namespace jumpgate::session {

/// The thresholds in force for one session.
struct PathTolerance {
  Duration loss_window{seconds(2)};
  std::uint16_t loss_permille{1000};              // more is too much
  std::uint8_t max_consecutive_drops{UINT8_MAX};  // so many are too many
  Duration latency_p95{seconds(3600)};            // more is too much
  bool operator==(const PathTolerance&) const = default;
};

/// What was measured on a path; zero where nothing was.
struct PathFigures {
  std::uint16_t loss_permille{0};
  unsigned consecutive_drops{0};
  Duration latency_p95{};
};

/// The policy's thresholds, whole.
[[nodiscard]] PathTolerance tolerance(const Policy& policy);

/// Those in force in a state: in VOLATILE and DEGRADED half of each. A path that made a session
/// volatile must do better than that to be healed, and one that hovers at a threshold does not go to
/// and fro.
[[nodiscard]] PathTolerance in_state(PathTolerance whole, State state);

/// kNone, or the first signal that is beyond its threshold: `loss_threshold_exceeded`,
/// `consecutive_drop_exceeded`, `latency_threshold_exceeded`.
[[nodiscard]] Reason judge_path(const PathTolerance& tolerance, const PathFigures& figures);

}  // namespace jumpgate::session
