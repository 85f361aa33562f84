// The gateway's own links (spec/heartbeat.md "Links").
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class PortLinks : public AttachedTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(AttachedTest::SetUp());
    port_ = find(alice_)->binding->path.port;
  }
  void link(bool up) {
    gateway_->on_link(port_, up);
    run();
  }
  std::uint8_t port_{0};
};

TEST_F(PortLinks, DownMakesThePathsOverItVolatileAndNotLost) {
  link(false);
  EXPECT_EQ(state(alice_), State::kVolatile);
  EXPECT_EQ(events_of(EventType::kSessionStateChange, Reason::kTransportDead), 1U);
  EXPECT_FALSE(find(alice_)->record.lost_since()) << "for silence to say";
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().reattach_wanted);
}

TEST_F(PortLinks, UpAgainIsProvedInPlace) {
  link(false);
  advance(seconds(1));
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty()) << "not over a link that is down";
  link(true);
  advance(policy_.volatility.heartbeat_interval);
  const auto challenge = challenge_to(alice_, kWifi);
  ASSERT_TRUE(challenge);
  send_response(alice_, response_to(alice_, *challenge), kWifi);
  run();
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(PortLinks, UpAgainHealsNothingThatIsSilent) {
  edge(alice_, bus::ReportKind::kSilence);
  link(false);
  link(true);
  advance(seconds(1));
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty());
}

TEST_F(PortLinks, WhatIsProvedSinceIsNotHeldBackByIt) {
  link(false);
  ASSERT_TRUE(jump(alice_, kCell, Reason::kTransportDead));
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  advance(milliseconds(510));
  EXPECT_EQ(state(alice_), State::kRecovering) << "the new path heals by itself";
}

TEST_F(PortLinks, WhatIsProvedSinceStandsWhateverAnotherPortDoes) {
  link(false);
  ASSERT_TRUE(jump(alice_, kCell, Reason::kTransportDead));
  ASSERT_EQ(find(alice_)->binding->path.port, port_);
  gateway_->on_link(static_cast<std::uint8_t>(port_ + 1), false);
  run();
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(PortLinks, AnEndThatIsDueOrOrderedGoesFirst) {
  workers_.credit = 0;
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  link(false);
  EXPECT_EQ(state(alice_), State::kAttached) << "it waits for a command, and ends as what it was";
  workers_.credit = 16;
  advance(milliseconds(20));
  EXPECT_EQ(gateway_->session_count(), 0U);
}

TEST_F(PortLinks, AnotherPortsLinkIsNoNews) {
  gateway_->on_link(static_cast<std::uint8_t>(port_ + 1), false);
  run();
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(PortLinks, TheSameWordTwiceIsOneTransition) {
  link(false);
  link(false);
  EXPECT_EQ(events_of(EventType::kSessionStateChange, Reason::kTransportDead), 1U);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
