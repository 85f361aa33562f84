// Profiles of the policy: each peer goes by its own (spec/policy.md "Profiles").
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Profiles : public GatewayTest {
 protected:
  /// Alice is mobile, Bob goes by the base.
  [[nodiscard]] std::shared_ptr<config::GatewayConfig> configured() {
    auto made = config_with(true, true);
    made->policies.profiles.push_back({.name = "mobile", .policy = policy_});
    session::Policy& mobile = made->policies.profiles.front().policy;
    mobile.volatility.heartbeat_interval = milliseconds(300);
    mobile.session.max_lifetime = seconds(100);
    mobile.switching.max_switches_per_min = 1;
    made->peers.front().profile = "mobile";
    return made;
  }
  void SetUp() override {
    ASSERT_TRUE(gateway_->reload(configured(), now_));
    ASSERT_TRUE(attach(alice_));
    ASSERT_TRUE(attach(bob_, kCell));
  }
};

TEST_F(Profiles, EachClientIsToldTheTimersOfItsOwn) {
  EXPECT_EQ(alice_.welcome.policy.heartbeat_interval_ms, 300U);
  EXPECT_EQ(bob_.welcome.policy.heartbeat_interval_ms, 500U);
  EXPECT_EQ(alice_.welcome.policy.max_lifetime_ms, 100'000U);
  EXPECT_EQ(find(alice_)->liveness.interval.ms(), 300);
  EXPECT_EQ(find(bob_)->liveness.interval.ms(), 500);
}

TEST_F(Profiles, EachSessionIsJudgedByItsOwn) {
  advance(seconds(2));
  ASSERT_TRUE(jump(alice_, kCell));
  ASSERT_TRUE(jump(bob_, kWifi));
  advance(seconds(2));
  EXPECT_FALSE(jump(alice_, kWifi));
  EXPECT_EQ(last_refusal(alice_)->reason, Reason::kSwitchRateLimited);
  EXPECT_TRUE(jump(bob_, kCell));
}

TEST_F(Profiles, EachSessionEndsByItsOwn) {
  advance(seconds(101));
  EXPECT_EQ(find(alice_), nullptr);
  EXPECT_EQ(state(bob_), State::kAttached);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kSessionLifetimeExceeded), 1U);
}

TEST_F(Profiles, AChangedProfileReachesTheSessionsOfItsPeersAlone) {
  session::PolicySet changed = configured()->policies;
  changed.profiles.front().policy.volatility.heartbeat_interval = milliseconds(200);
  const auto lines = gateway_->apply_policy(changed, "p.toml", PolicyApplication::kStrict, now_);
  ASSERT_TRUE(lines);
  EXPECT_EQ(*lines, (std::vector<std::string>{
                        "profiles.mobile.volatility.heartbeat_interval: 300 ms -> 200 ms"}));
  run();
  EXPECT_EQ(find(alice_)->liveness.interval.ms(), 200);
  EXPECT_EQ(find(bob_)->liveness.interval.ms(), 500);
  EXPECT_EQ(find(alice_)->record.policy_version(), gateway_->policies().version());
  EXPECT_EQ(find(bob_)->record.policy_version(), gateway_->policies().version());
}

TEST_F(Profiles, APolicyWithoutTheProfileOfAPeerIsRefusedWhole) {
  const session::PolicySet before = gateway_->policies();
  policy_.session.max_lifetime = seconds(50);
  const auto lines = gateway_->apply_policy({policy_}, "p.toml", PolicyApplication::kStrict, now_);
  ASSERT_FALSE(lines);
  EXPECT_NE(lines.error().find("peer alice has the profile 'mobile'"), std::string::npos)
      << lines.error();
  EXPECT_EQ(gateway_->policies(), before);
  collect();
  ASSERT_EQ(events_of(EventType::kPolicyRejected, Reason::kPolicyInvalid), 1U);
  EXPECT_EQ(std::get<audit::PolicyDetail>(events_.back().detail).field.view(), "profiles.mobile");
}

TEST_F(Profiles, APeerThatGetsAnotherProfileTakesItsSessionAlong) {
  auto moved = configured();
  moved->peers.front().profile.clear();
  moved->peers.back().profile = "mobile";
  const auto lines = gateway_->reload(moved, now_);
  ASSERT_TRUE(lines);
  EXPECT_NE(std::ranges::find(*lines, "peer alice: profile mobile -> -"), lines->end());
  EXPECT_NE(std::ranges::find(*lines, "peer bob: profile - -> mobile"), lines->end());
  run();
  EXPECT_EQ(find(alice_)->liveness.interval.ms(), 500);
  EXPECT_EQ(find(bob_)->liveness.interval.ms(), 300);
}

TEST_F(Profiles, AReloadMayNotNameAProfileThatAnAppliedPolicyLacks) {
  auto without = configured();
  without->peers.front().profile.clear();
  ASSERT_TRUE(gateway_->reload(without, now_));
  ASSERT_TRUE(gateway_->apply_policy({policy_}, "p.toml", PolicyApplication::kStrict, now_));
  const std::uint64_t version = gateway_->policies().version();
  EXPECT_FALSE(gateway_->reload(configured(), now_)) << "its [profiles] are as before: not taken";
  EXPECT_EQ(gateway_->policies().version(), version);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
