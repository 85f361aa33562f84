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

}  // namespace
}  // namespace jumpgate::ctl::testing
