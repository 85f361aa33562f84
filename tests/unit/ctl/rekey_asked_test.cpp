// spec/keys.md "Asked for": what makes the gateway ask a client for new keys, and what it tells of it.
#include "rekeying_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class RekeyAsked : public Rekeying {
 protected:
  /// The client does what it was asked for: the reason that KeyRotated tells.
  [[nodiscard]] Reason rekeyed_for() {
    auto message = request(alice_.generation + 1);
    message.reason = Reason::kPolicyTrigger;
    send(message);
    run();
    const auto reply = last_reply();
    if (!reply) return Reason::kNone;
    take(*reply);
    edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, reply->epoch);
    edge(alice_, bus::ReportKind::kEpochReleased, kWifi, reply->epoch - 1);
    run();
    EXPECT_FALSE(workers_.last<bus::SetLiveness>().rekey_wanted) << "it has come";
    const auto told = std::ranges::find(events_.rbegin(), events_.rend(), EventType::kKeyRotated,
                                        &audit::Event::type);
    return told == events_.rend() ? Reason::kNone : told->reason;
  }
  void want_after_transport_change(bool wanted) {
    policy_.keys.rekey_after_transport_change = wanted;
    ASSERT_TRUE(gateway_->apply_policy({policy_}, "p.toml", PolicyApplication::kGrace, now_));
  }
  [[nodiscard]] Reason wanted() { return find(alice_)->rekey_wanted; }
};

TEST_F(RekeyAsked, IsToldForTheReasonItWasAskedFor) {
  usage(1, 0);
  EXPECT_EQ(rekeyed_for(), Reason::kUsageLimit);
  usage(2, 2);
  EXPECT_EQ(rekeyed_for(), Reason::kSecurityEvent);
  ASSERT_TRUE(gateway_->ask_rekey(alice_.welcome.session_id, now_));
  EXPECT_EQ(rekeyed_for(), Reason::kPolicyTrigger);
  advance(policy_.keys.rekey_after);
  EXPECT_EQ(rekeyed_for(), Reason::kTimeElapsed);
}

TEST_F(RekeyAsked, OfTheClientsOwnAccordKeepsItsReasonAndMeetsTheWish) {
  ASSERT_TRUE(gateway_->ask_rekey(alice_.welcome.session_id, now_));
  send(request(1));
  run();
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, 2);
  run();
  EXPECT_EQ(events_of(EventType::kKeyRotated, Reason::kTimeElapsed), 1U);
  EXPECT_EQ(events_of(EventType::kKeyRotated, Reason::kPolicyTrigger), 0U);
  EXPECT_FALSE(workers_.last<bus::SetLiveness>().rekey_wanted);
}

TEST_F(RekeyAsked, TheOperatorsWishIsToldAtOnceAndOutlivesACancelledRekey) {
  EXPECT_EQ(gateway_->ask_rekey(alice_.welcome.session_id, now_), Reason::kPolicyTrigger);
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().rekey_wanted);
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().quick) << "an idle session hears of it now";
  run();
  send(request(1));
  run();
  ASSERT_TRUE(jump(alice_, kCell));
  run();
  ASSERT_EQ(events_of(EventType::kRekeyDenied, Reason::kCancelledByJump), 1U);
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().rekey_wanted) << "no new keys have come";
}

TEST_F(RekeyAsked, AgeHasTimeAndGivesWayToWhatHasNot) {
  advance(policy_.keys.rekey_after);
  ASSERT_TRUE(workers_.last<bus::SetLiveness>().rekey_wanted);
  EXPECT_FALSE(workers_.last<bus::SetLiveness>().quick) << "at the pace there is";
  usage(1, 0);
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().quick);
  EXPECT_EQ(gateway_->ask_rekey(alice_.welcome.session_id, now_), Reason::kUsageLimit)
      << "what else stood before stays";
}

TEST_F(RekeyAsked, WhoCanNotBeAskedIsNamed) {
  const auto refusal = [this](const ScriptedClient& client) {
    const auto asked = gateway_->ask_rekey(client.welcome.session_id, now_);
    return asked ? std::string() : asked.error();
  };
  say_hello(bob_, kThird);
  run();
  ASSERT_TRUE(bob_.read_welcome(out_.sent.back().bytes));
  EXPECT_EQ(refusal(bob_), "its client has not confirmed it yet");
  send(request(1));
  run();
  EXPECT_EQ(refusal(alice_), "its client is renewing its keys already");
  workers_.credit = 0;
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  EXPECT_EQ(refusal(alice_), "it is ending");
  workers_.credit = 16;
  advance(milliseconds(20));
  EXPECT_EQ(refusal(alice_), "it has ended");
}

TEST_F(RekeyAsked, AfterAJumpWherePolicySaysSo) {
  ASSERT_TRUE(jump(alice_, kCell));
  EXPECT_EQ(wanted(), Reason::kNone) << "the default";
  edge(alice_, bus::ReportKind::kEpochReleased, kCell, 1);
  advance(seconds(2));
  want_after_transport_change(true);
  ASSERT_TRUE(jump(alice_, kWifi));
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().rekey_wanted);
  edge(alice_, bus::ReportKind::kEpochReleased, kWifi, 2);
  EXPECT_EQ(rekeyed_for(), Reason::kTransportChange);
  EXPECT_EQ(wanted(), Reason::kNone) << "once";
}

TEST_F(RekeyAsked, NotWhereTheAddressStays) {
  want_after_transport_change(true);
  ASSERT_TRUE(jump(alice_, kWifi));
  EXPECT_EQ(wanted(), Reason::kNone);
}

TEST_F(RekeyAsked, AfterARebindingWherePolicySaysSo) {
  want_after_transport_change(true);
  const Endpoint rebound = v4(10, 4999);
  edge(alice_, bus::ReportKind::kNewPath, rebound, 288);
  run();
  const auto challenge = challenge_to(alice_, rebound);
  ASSERT_TRUE(challenge);
  EXPECT_EQ(wanted(), Reason::kNone) << "before it is proved";
  advance(milliseconds(600));
  send_response(alice_, response_to(alice_, *challenge), rebound);
  ASSERT_EQ(find(alice_)->binding->path.remote, rebound);
  EXPECT_EQ(wanted(), Reason::kTransportChange);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
