// A policy applied by itself: strictly, with grace, again, and refused; and the history of them.
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class PolicyApplied : public GatewayTest {};

TEST_F(PolicyApplied, APolicyAppliedStrictlyReachesRunningSessionsAtOnce) {
  ASSERT_TRUE(attach(alice_));
  policy_.session.max_lifetime = seconds(50);
  const auto changes =
      gateway_->apply_policy({policy_}, "tight.toml", PolicyApplication::kStrict, now_);
  ASSERT_TRUE(changes);
  EXPECT_EQ(*changes, (std::vector<std::string>{"session.max_lifetime: 28800000 ms -> 50000 ms"}));
  EXPECT_TRUE(gateway_->policy_sweeping());
  run();
  EXPECT_FALSE(gateway_->policy_sweeping());
  EXPECT_EQ(find(alice_)->record.policy_version(), 2U);
  EXPECT_EQ(events_of(EventType::kPolicyApplied, Reason::kPolicyValid), 1U);
  advance(seconds(51));
  EXPECT_EQ(state(alice_), State::kTerminated);
}

TEST_F(PolicyApplied, APolicyAppliedWithGraceWaitsForTheNextTransition) {
  ASSERT_TRUE(attach(alice_));
  policy_.session.max_lifetime = seconds(50);
  policy_.volatility.heartbeat_interval = milliseconds(300);
  const auto told = workers_.log.size();
  ASSERT_TRUE(gateway_->apply_policy({policy_}, "tight.toml", PolicyApplication::kGrace, now_));
  run();
  EXPECT_EQ(find(alice_)->record.policy_version(), 1U);
  EXPECT_EQ(workers_.log.size(), told) << "the worker was told nothing";
  ASSERT_TRUE(attach(bob_, kCell));
  EXPECT_EQ(find(bob_)->record.policy_version(), 2U) << "a new session goes by the new policy";
  edge(alice_, bus::ReportKind::kSilence);
  ASSERT_EQ(state(alice_), State::kVolatile);
  run();
  EXPECT_EQ(find(alice_)->record.policy_version(), 2U);
  EXPECT_EQ(workers_.last<bus::SetLiveness>().policy.interval.ms(), 300);
}

TEST_F(PolicyApplied, WithGraceTheHeartbeatsStayWhatTheyWereWhateverElseTheWorkerIsTold) {
  ASSERT_TRUE(attach(alice_));
  policy_.volatility.heartbeat_interval = milliseconds(300);
  ASSERT_TRUE(gateway_->apply_policy({policy_}, "tight.toml", PolicyApplication::kGrace, now_));
  advance(policy_.keys.rekey_after);
  ASSERT_TRUE(workers_.last<bus::SetLiveness>().rekey_wanted);
  EXPECT_EQ(find(alice_)->record.policy_version(), 1U);
  EXPECT_EQ(workers_.last<bus::SetLiveness>().policy.interval.ms(), 500);
}

TEST_F(PolicyApplied, WithGraceTheAgeOfProofsAndTheTransportsFollowAtOnce) {
  ASSERT_TRUE(attach(alice_));
  ASSERT_TRUE(attach(bob_, kThird));
  send_reattach(alice_, reattach(alice_));
  run();
  const auto response = response_to(alice_, *challenge_to(alice_, kCell));
  policy_.security.reattach_proof_max_age = milliseconds(200);
  policy_.transport.allow_udp6 = false;
  ASSERT_TRUE(gateway_->apply_policy({policy_}, "p.toml", PolicyApplication::kGrace, now_));
  advance(milliseconds(250));
  send_response(alice_, response);
  ASSERT_TRUE(last_refusal(alice_));
  EXPECT_EQ(last_refusal(alice_)->reason, Reason::kStaleRequest);
  send_reattach(bob_, reattach(bob_), kSix);
  ASSERT_TRUE(last_refusal(bob_));
  EXPECT_EQ(last_refusal(bob_)->reason, Reason::kPolicyDenied);
}

TEST_F(PolicyApplied, ThePolicyInForceAppliedAgainIsNoNewVersion) {
  const auto changes =
      gateway_->apply_policy({policy_}, "p.toml", PolicyApplication::kStrict, now_);
  ASSERT_TRUE(changes);
  EXPECT_TRUE(changes->empty());
  EXPECT_EQ(gateway_->policies().version(), 1U);
  collect();
  EXPECT_EQ(events_of(EventType::kPolicyApplied, Reason::kPolicyValid), 0U);
  EXPECT_EQ(gateway_->policy_history().changes().size(), 1U);
}

TEST_F(PolicyApplied, AReplayWindowWithoutMemoryIsRefusedByItsName) {
  policy_.security.replay_window_packets = 32768;
  EXPECT_FALSE(gateway_->apply_policy({policy_}, "p.toml", PolicyApplication::kStrict, now_));
  EXPECT_FALSE(gateway_->reload(config_with(true, true), now_));
  EXPECT_EQ(gateway_->policies().base.security.replay_window_packets, 8192U);
  EXPECT_EQ(gateway_->policies().version(), 1U);
  collect();
  ASSERT_EQ(events_of(EventType::kPolicyRejected, Reason::kPolicyInvalid), 2U);
  const auto& detail = std::get<audit::PolicyDetail>(events_.back().detail);
  EXPECT_EQ(detail.field.view(), "security.replay_window");
  EXPECT_EQ(detail.previous_version, 1U);
}

TEST_F(PolicyApplied, AReloadLooksAtNoSessionButThoseOfPeersThatAreRemoved) {
  ASSERT_TRUE(attach(alice_));
  ASSERT_TRUE(attach(bob_, kThird));
  policy_.volatility.heartbeat_interval = milliseconds(300);
  std::uint64_t before = gateway_->session_looks();
  ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
  EXPECT_EQ(gateway_->session_looks(), before) << "the policy is for the ticks that follow";
  before = gateway_->session_looks();
  ASSERT_TRUE(gateway_->reload(config_with(true, false), now_));
  EXPECT_EQ(gateway_->session_looks(), before + 1) << "the one to end";
}

TEST_F(PolicyApplied, TheHistoryKeepsTheNewestPolicies) {
  for (int i = 0; i < 30; ++i) {
    policy_.session.max_lifetime = seconds(1000 + i);
    ASSERT_TRUE(gateway_->apply_policy({policy_}, "p.toml", PolicyApplication::kGrace, now_));
  }
  const auto& kept = gateway_->policy_history().changes();
  ASSERT_EQ(kept.size(), PolicyHistory::kKept);
  EXPECT_EQ(kept.back().version, 31U);
  EXPECT_EQ(kept.front().version, 31U - PolicyHistory::kKept + 1);
  EXPECT_EQ(kept.back().application, PolicyApplication::kGrace);
  EXPECT_EQ(kept.back().changes,
            (std::vector<std::string>{"session.max_lifetime: 1028000 ms -> 1029000 ms"}));
}

}  // namespace
}  // namespace jumpgate::ctl::testing
