// What a reload makes known, gives back and leaves behind; its end of sessions is in lifecycle_test.cpp.
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Reload : public GatewayTest {
 protected:
  /// Bob, and others until there are as many as memory was taken for.
  [[nodiscard]] std::shared_ptr<config::GatewayConfig> all_but_alice() {
    auto made = config_with(false, true);
    while (made->peers.size() < settings_.max_peers) {
      config::PeerConfig peer;
      peer.name = "other" + std::to_string(made->peers.size());
      peer.public_key = crypto::KeyPair::generate(random_).public_key;
      made->peers.push_back(std::move(peer));
    }
    return made;
  }
};

TEST_F(Reload, APeerThatIsNewIsKnownAtOnce) {
  ASSERT_TRUE(gateway_->reload(config_with(true, false), now_));
  ScriptedClient carol(random_);
  auto next = config_with(true, true);
  next->peers[1].name = "carol";
  next->peers[1].public_key = carol.key.public_key;
  ASSERT_TRUE(gateway_->reload(next, now_));
  EXPECT_TRUE(attach(carol, kCell));
}

TEST_F(Reload, ThePlaceOfAPeerIsFreeWhenTheLastOfItsSessionsIsGone) {
  ASSERT_TRUE(attach(alice_));
  ASSERT_TRUE(attach(alice_)) << "make before break: two at a time";
  ASSERT_TRUE(gateway_->reload(config_with(false, true), now_));
  EXPECT_FALSE(gateway_->reload(all_but_alice(), now_));
  run();
  const auto applied = gateway_->reload(all_but_alice(), now_);
  EXPECT_TRUE(applied) << applied.error();
}

TEST_F(Reload, AnotherTreatmentIsPublishedForPeersWithSessions) {
  ASSERT_TRUE(attach(alice_));
  const int published = routes_.published;
  auto next = config_with(true, true);
  next->inner.client_to_client = false;
  ASSERT_TRUE(gateway_->reload(next, now_));
  EXPECT_EQ(routes_.published, published + 1);
  EXPECT_FALSE(routes_.prefixes.at(0).treatment.client_to_client);
  next = config_with(true, true);
  next->inner.client_to_client = false;
  next->policies.profiles = {{.name = "voice", .policy = next->policies.base}};
  next->profiles = {{.name = "voice", .outer_class = net::OuterClass::fixed(46)}};
  next->peers[0].profile = "voice";
  ASSERT_TRUE(gateway_->reload(next, now_));
  EXPECT_EQ(routes_.published, published + 2);
  EXPECT_EQ(routes_.prefixes.at(0).treatment.outer_class.dscp(), 46);
  EXPECT_FALSE(routes_.prefixes.at(0).treatment.client_to_client) << "that of all";
  EXPECT_EQ(routes_.prefixes.at(1).treatment.outer_class.dscp(), std::nullopt);
}

TEST_F(Reload, NothingOfTheConfigurationBeforeIsKept) {
  auto config = config_with(true, true);
  const std::weak_ptr<config::GatewayConfig> before = config;
  gateway_.emplace(settings_, ports(), std::move(config), crypto::ResetKey(random_.array<32>()),
                   now_);
  ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
  EXPECT_TRUE(before.expired());
}

// Planning takes its time, in which sessions begin and end, and the policy changes.
TEST_F(Reload, WhatHappensWhileItIsPlannedStays) {
  ASSERT_TRUE(attach(bob_, kCell));
  const auto basis = gateway_->begin_reload(now_);
  ASSERT_TRUE(basis);
  ASSERT_TRUE(attach(alice_));
  auto plan = gateway_->plan_reload(*basis, config_with(true, false));
  ASSERT_TRUE(plan);
  EXPECT_EQ(routes_.published, 1) << "a plan changes nothing";
  policy_.volatility.heartbeat_interval = milliseconds(300);
  ASSERT_TRUE(gateway_->apply_policy({policy_}, "p.toml", PolicyApplication::kGrace, now_));
  ASSERT_TRUE(gateway_->reload(*plan, now_));
  EXPECT_EQ(gateway_->policies().base.volatility.heartbeat_interval.ms(), 300);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(state(bob_), State::kTerminated);
}

TEST_F(Reload, APlanIsOfTheNewestBasis) {
  const auto former = gateway_->begin_reload(now_);
  auto old = gateway_->plan_reload(*former, config_with(true, false));
  ASSERT_TRUE(old);
  ASSERT_TRUE(gateway_->reload(config_with(false, true), now_));
  EXPECT_FALSE(gateway_->reload(*old, now_));
  EXPECT_EQ(gateway_->config().peers.front().name, "bob");
  EXPECT_EQ(gateway_->counters().get(ControllerCounter::kReloadsRefused), 1U);
}

TEST_F(Reload, RoutesThatAreStillInUseRefuseTheWhole) {
  routes_.in_use = true;
  EXPECT_FALSE(gateway_->reload(config_with(true, false), now_));
  EXPECT_EQ(gateway_->config().peers.size(), 2U);
  EXPECT_TRUE(attach(bob_, kCell));
}

}  // namespace
}  // namespace jumpgate::ctl::testing
