#include "session/signals.hpp"

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

const Policy kPolicy;  // 20 %, 3 in a row, 1 s

TEST(Signals, EachFigureHasItsThresholdAndItsReason) {
  const PathTolerance in_force = in_state(tolerance(kPolicy), State::kAttached);
  EXPECT_EQ(judge_path(in_force, {}), Reason::kNone) << "nothing measured";
  EXPECT_EQ(judge_path(in_force, {.loss_permille = 200}), Reason::kNone);
  EXPECT_EQ(judge_path(in_force, {.loss_permille = 201}), Reason::kLossThresholdExceeded);
  EXPECT_EQ(judge_path(in_force, {.consecutive_drops = 2}), Reason::kNone);
  EXPECT_EQ(judge_path(in_force, {.consecutive_drops = 3}), Reason::kConsecutiveDropExceeded);
  EXPECT_EQ(judge_path(in_force, {.latency_p95 = seconds(1)}), Reason::kNone);
  EXPECT_EQ(judge_path(in_force, {.latency_p95 = seconds(1) + microseconds(1)}),
            Reason::kLatencyThresholdExceeded);
}

TEST(Signals, TheFirstOfSeveralIsTheReason) {
  const PathTolerance in_force = in_state(tolerance(kPolicy), State::kAttached);
  EXPECT_EQ(judge_path(in_force,
                       {.loss_permille = 999, .consecutive_drops = 9, .latency_p95 = seconds(9)}),
            Reason::kLossThresholdExceeded);
  EXPECT_EQ(judge_path(in_force, {.consecutive_drops = 9, .latency_p95 = seconds(9)}),
            Reason::kConsecutiveDropExceeded);
}

TEST(Signals, VolatileAndDegradedTolerateHalfAndNoOtherStateDoes) {
  for (const State state : {State::kAttached, State::kRecovering})
    EXPECT_EQ(in_state(tolerance(kPolicy), state), in_state(tolerance(kPolicy), State::kBirth));
  const PathTolerance narrow = in_state(tolerance(kPolicy), State::kVolatile);
  EXPECT_EQ(in_state(tolerance(kPolicy), State::kDegraded), narrow);
  EXPECT_EQ(narrow.loss_window, kPolicy.volatility.loss_window);
  EXPECT_EQ(judge_path(narrow, {.loss_permille = 100}), Reason::kNone);
  EXPECT_EQ(judge_path(narrow, {.loss_permille = 101}), Reason::kLossThresholdExceeded);
  EXPECT_EQ(judge_path(narrow, {.consecutive_drops = 1}), Reason::kConsecutiveDropExceeded);
  EXPECT_EQ(judge_path(narrow, {.latency_p95 = milliseconds(501)}),
            Reason::kLatencyThresholdExceeded);
}

TEST(Signals, HalfOfOneDropIsOne) {
  Policy strict = kPolicy;
  strict.volatility.max_consecutive_drops = 1;
  EXPECT_EQ(in_state(tolerance(strict), State::kDegraded).max_consecutive_drops, 1U)
      << "none would be beyond it without any loss";
}

}  // namespace
}  // namespace jumpgate::session
