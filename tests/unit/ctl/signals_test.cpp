// What the worker measures on a path, and what the controller makes of it (spec/heartbeat.md
// "Signals").
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Signals : public AttachedTest, public ::testing::WithParamInterface<Reason> {
 protected:
  void turn_volatile(Reason reason = Reason::kLossThresholdExceeded) {
    edge(alice_, bus::ReportKind::kVolatile, kWifi, static_cast<std::uint64_t>(reason));
    run();
  }
  void turn_stable() {
    edge(alice_, bus::ReportKind::kStable);
    run();
  }
  [[nodiscard]] bus::SetLiveness told() const { return workers_.last<bus::SetLiveness>(); }
};

TEST_P(Signals, MakesTheSessionVolatileForItsReason) {
  turn_volatile(GetParam());
  EXPECT_EQ(state(alice_), State::kVolatile);
  EXPECT_EQ(events_of(EventType::kSessionStateChange, GetParam()), 1U);
  EXPECT_TRUE(told().reattach_wanted) << "the client is asked to go";
  EXPECT_FALSE(find(alice_)->record.lost_since()) << "a bad path is not a lost one";
  EXPECT_EQ(find(alice_)->binding->path.remote, kWifi);
}

std::string name_of(const ::testing::TestParamInfo<Reason>& reason) {
  return std::string(to_string(reason.param));
}

INSTANTIATE_TEST_SUITE_P(Each, Signals,
                         ::testing::Values(Reason::kLossThresholdExceeded,
                                           Reason::kConsecutiveDropExceeded,
                                           Reason::kLatencyThresholdExceeded),
                         name_of);

TEST_F(Signals, ThatHealsIsFollowedByAProofInPlace) {
  turn_volatile();
  advance(seconds(2));
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty()) << "nothing to prove while it stands";
  turn_stable();
  advance(policy_.volatility.heartbeat_interval);
  const auto challenge = challenge_to(alice_, kWifi);
  ASSERT_TRUE(challenge);
  send_response(alice_, response_to(alice_, *challenge), kWifi);
  run();
  const std::vector<std::string> expected{
      "ATTACHED attached_to_transport", "VOLATILE loss_threshold_exceeded",
      "RECOVERING in_place_recovery", "ATTACHED reattach_success"};
  EXPECT_EQ(timeline(alice_.welcome.session_id), expected);
}

TEST_F(Signals, MakesTheToleranceNarrowerAtOnce) {
  turn_volatile();
  EXPECT_EQ(state(alice_), State::kVolatile);
  EXPECT_EQ(told().policy.tolerance,
            session::in_state(session::tolerance(policy_), State::kVolatile));
}

TEST_F(Signals, ThatPersistsDegradesAndTheSessionLives) {
  turn_volatile();
  advance(milliseconds(4'100));
  EXPECT_EQ(state(alice_), State::kDegraded);
  EXPECT_EQ(told().policy.tolerance,
            session::in_state(session::tolerance(policy_), State::kDegraded))
      << "narrower, so that the path must do better than before";
  advance(seconds(60));
  EXPECT_EQ(state(alice_), State::kDegraded) << "its transport is not lost";
  turn_stable();
  advance(policy_.volatility.heartbeat_interval);
  EXPECT_EQ(state(alice_), State::kRecovering);
  run();
  EXPECT_EQ(told().policy.tolerance,
            session::in_state(session::tolerance(policy_), State::kRecovering));
}

TEST_F(Signals, TrafficAloneHealsNoLossyPath) {
  turn_volatile();
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  advance(seconds(2));
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty());
}

TEST_F(Signals, AFailedJumpDoesNotGoBackToALossyPath) {
  turn_volatile();
  send_reattach(alice_, reattach(alice_, Reason::kLossThresholdExceeded));
  run();
  out_.sent.clear();
  advance(seconds(9));  // no answer from the new path
  EXPECT_EQ(state(alice_), State::kDegraded);
  EXPECT_FALSE(challenge_to(alice_, kWifi));
}

TEST_F(Signals, OfABindingThatWasReplacedSaysNothing) {
  const auto late = report(alice_, bus::ReportKind::kVolatile, kWifi,
                           static_cast<std::uint64_t>(Reason::kLossThresholdExceeded));
  ASSERT_TRUE(jump(alice_, kCell));
  gateway_->on_report(late, now_);
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(Signals, AJumpAwayLeavesTheSignalBehind) {
  turn_volatile();
  ASSERT_TRUE(jump(alice_, kCell, Reason::kLossThresholdExceeded));
  EXPECT_EQ(events_of(EventType::kTransportSwitch, Reason::kLossThresholdExceeded), 1U);
  EXPECT_TRUE(find(alice_)->path_is_healthy());
  EXPECT_FALSE(told().reattach_wanted);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
