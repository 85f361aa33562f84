#include "session/signals.hpp"

#include <algorithm>

namespace jumpgate::session {

PathTolerance tolerance(const Policy& policy) {
  const Policy::Volatility& limits = policy.volatility;
  return {.loss_window = limits.loss_window,
          .loss_permille = limits.loss_volatile_permille,
          .max_consecutive_drops = limits.max_consecutive_drops,
          .latency_p95 = limits.latency_volatile};
}

PathTolerance in_state(PathTolerance whole, State state) {
  if (state != State::kVolatile && state != State::kDegraded) return whole;
  whole.loss_permille /= 2;
  whole.max_consecutive_drops =
      std::max<std::uint8_t>(1, static_cast<std::uint8_t>(whole.max_consecutive_drops / 2));
  whole.latency_p95 = whole.latency_p95 / 2;
  return whole;
}

Reason judge_path(const PathTolerance& tolerance, const PathFigures& figures) {
  if (figures.loss_permille > tolerance.loss_permille) return Reason::kLossThresholdExceeded;
  if (figures.consecutive_drops >= tolerance.max_consecutive_drops)
    return Reason::kConsecutiveDropExceeded;
  if (figures.latency_p95 > tolerance.latency_p95) return Reason::kLatencyThresholdExceeded;
  return Reason::kNone;
}

}  // namespace jumpgate::session
