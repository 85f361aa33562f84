// How often the client does what it does: attempts, repetitions, jump ids, pauses (spec/jump.md "Bounds").
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

/// Attached over wifi, then sent to the other uplink.
void send_to_cell(Harness& h) {
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
}

/// No message of the type reaches the gateway from now on; `count` says how many were sent.
void lose_and_count(Harness& h, wire::Type lost, unsigned& count) {
  h.lose_outgoing = [lost, &count](wire::Type type) {
    count += type == lost ? 1 : 0;
    return type == lost;
  };
}

TEST(Budget, AUsedUpSwitchRateDegradesForItsReason) {
  Harness h;
  h.gateway->policy.switching.max_switches_per_min = 1;
  send_to_cell(h);
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(2)));
  h.run(seconds(3));
  h.up(kCell, false);
  EXPECT_EQ(h.state(), State::kDegraded);
  const audit::Event* change = h.last(EventType::kSessionStateChange);
  ASSERT_NE(change, nullptr);
  EXPECT_EQ(change->reason, Reason::kSwitchRateLimited);
  EXPECT_EQ(h.attempts().size(), 1U);
}

TEST(Budget, AttemptsThatAreRefusedAtOnceEndWithTheirBound) {
  Harness h;
  h.gateway->policy.switching.recovery_window = seconds(60);
  send_to_cell(h);
  const MonoNs end = h.now + seconds(30);
  while (h.now < end) {
    h.gateway->refuse_jump = refusal_of(Reason::kStaleRequest);
    h.run(milliseconds(1));
  }
  EXPECT_LE(h.attempts().size(), limits::kMaxReattachAttemptsPerMin);
}

TEST(Budget, OneJumpIdIsEnoughForEachNextBinding) {
  Harness h;
  h.gateway->policy.transport.max_candidate_count = 1;
  send_to_cell(h);
  // The other uplink has none of its own before the commit, and one after it.
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(2)));
  h.run(seconds(3));
  ASSERT_TRUE(h.engine->move_to(kWifi, h.now));
  EXPECT_TRUE(h.run_until([&] { return h.uplink() == kWifi; }, seconds(2)));
}

TEST(Budget, APlannedMoveStaysWithItsUplink) {
  Harness h;
  h.attach();
  h.up(kWire);
  h.run(seconds(2));
  h.dead[kWire] = true;
  ASSERT_TRUE(h.engine->move_to(kWire, h.now));
  h.run(milliseconds(2'900));
  EXPECT_EQ(h.attempts(), (std::vector<std::string>{"wire"}));
}

TEST(Budget, AnUplinkThatPolicyRuledOutIsAskedAgainInTheNextRecovery) {
  Harness h;
  h.gateway->refuse_jump = refusal_of(Reason::kPolicyDenied);
  send_to_cell(h);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kDegraded; }, seconds(2)));
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(3)));
  h.run(seconds(10));
  h.up(kWifi, false);
  EXPECT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(1)));
}

TEST(Budget, AnUplinkThatPolicyRuledOutIsNotAskedAgainInThisRecovery) {
  Harness h;
  h.attach();
  h.up(kWire);
  h.run(seconds(2));
  h.dead = {true, false, true};
  h.gateway->refuse_jump = refusal_of(Reason::kPolicyDenied);
  h.up(kWifi, false);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kDegraded; }, seconds(9)));
  const std::vector<std::string> asked = h.attempts();
  ASSERT_GE(asked.size(), 3U);
  EXPECT_EQ(std::ranges::count(asked, "cell"), 1);
}

TEST(Budget, AFailedRecoveryIsFollowedByAPause) {
  Harness h;
  h.gateway->policy.switching.switch_cooldown = seconds(4);
  h.gateway->policy.session.transport_lost_ttl = seconds(60);
  h.attach();
  h.run(seconds(6));
  h.dead = {true, true, true};
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kDegraded; }, seconds(20)));
  const std::size_t attempts = h.attempts().size();
  h.run(milliseconds(3'900));
  EXPECT_EQ(h.attempts().size(), attempts);
  h.run(milliseconds(200));
  EXPECT_GT(h.attempts().size(), attempts);
}

TEST(Budget, ConfirmIsRepeatedEachSecondAtLast) {
  Harness h;
  unsigned confirms = 0;
  lose_and_count(h, wire::Type::kConfirm, confirms);
  h.start();
  ASSERT_TRUE(h.run_until([&] { return confirms == 1; }, seconds(1)));
  h.run(milliseconds(4'900));
  EXPECT_EQ(confirms, 7U);  // after 250, 375, 562, 844 ms, and then a second each
}

TEST(Budget, OutsideAttachedHeartbeatsAreQuickWithoutTraffic) {
  Harness h;
  h.attach();
  h.run(seconds(60));
  h.dead[kCell] = true;
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  const unsigned before = h.gateway->heard[wire::Type::kHeartbeat];
  h.run(seconds(2));
  ASSERT_EQ(h.state(), State::kRecovering);
  EXPECT_GE(h.gateway->heard[wire::Type::kHeartbeat], before + 4);
}

TEST(Budget, AChallengeIsAnsweredTenTimesMoreAtMost) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  unsigned answers = 0;
  lose_and_count(h, wire::Type::kPathResponse, answers);
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return answers == 1; }, seconds(1)));
  for (int i = 0; i < 30; ++i)
    h.replay(wire::Type::kPathChallenge, kCell, h.gateway_at);
  EXPECT_EQ(answers, 1 + 2 * (limits::kMaxAnswerRepeats + 1));
}

TEST(Budget, AResponseIsRepeatedFourTimesAndThenWithEachHeartbeat) {
  Harness h;
  unsigned answers = 0;
  lose_and_count(h, wire::Type::kPathResponse, answers);
  send_to_cell(h);
  ASSERT_TRUE(h.run_until([&] { return answers == 1; }, seconds(1)));
  h.run(milliseconds(1'650));  // after 200, 300, 450 and 675 ms
  EXPECT_EQ(answers, 5U);
  h.run(seconds(1));
  EXPECT_EQ(answers, 7U);
}

TEST(Budget, ANewPathsRoundTripIsThatOfItsChallenge) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_LE(h.engine->session()->core().rtt.smoothed().ms(), 50);
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(1)));
  EXPECT_GE(h.engine->session()->core().rtt.smoothed().ms(), 100);
}

TEST(Budget, AWaitBeyondTheWindowEndsTheRecovery) {
  Harness h;
  h.gateway->refuse_jump = refusal_of(Reason::kCooldownActive, 20'000);
  send_to_cell(h);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kDegraded; }, seconds(1)));
  EXPECT_EQ(h.last(EventType::kSessionStateChange)->reason, Reason::kPolicyDenied);
}

TEST(Budget, AWaitIsATenthOfASecondAtLeast) {
  Harness h;
  h.gateway->refuse_jump = refusal_of(Reason::kCooldownActive);
  send_to_cell(h);
  ASSERT_TRUE(h.run_until([&] { return h.count(EventType::kReattachResult) == 1; }, seconds(1)));
  const MonoNs refused = h.now;
  ASSERT_TRUE(h.run_until([&] { return h.attempts().size() == 2; }, seconds(1)));
  EXPECT_GE((h.now - refused).ms(), 100);
}

TEST(Budget, ARefusedRekeyIsTriedAgainAfterFiveSeconds) {
  Harness h;
  h.attach();
  h.gateway->refuse_rekey = Reason::kCapacityExhausted;
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.count(EventType::kRekeyDenied) == 1; }, seconds(3)));
  h.send_inner(1);
  h.run(milliseconds(4'900));
  EXPECT_EQ(h.gateway->heard[wire::Type::kRekey], 1U);
  h.stream(seconds(1), milliseconds(20));
  EXPECT_EQ(h.gateway->heard[wire::Type::kRekey], 2U);
}

TEST(Budget, NewKeysAreShownOnceWhenTheGatewayHasThem) {
  Harness h;
  h.attach();
  h.run(seconds(60));
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.count(EventType::kKeyRotated) == 1; }, seconds(3)));
  h.gateway->rekey_wanted = false;
  const unsigned before = h.sent_over[kWifi];
  h.run(seconds(3));
  EXPECT_LE(h.sent_over[kWifi], before + 1);
}

TEST(Budget, NewKeysAreShownFourTimesMoreAndThenByOrdinaryHeartbeats) {
  Harness h;
  h.attach();
  h.run(seconds(60));
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(
      h.run_until([&] { return h.gateway->sent[wire::Type::kRekeyReply] == 1; }, seconds(3)));
  unsigned shown = 0;
  h.lose_outgoing = [&shown](wire::Type type) {
    shown += type == wire::Type::kHeartbeat ? 1 : 0;
    return true;
  };
  h.run(seconds(5));
  EXPECT_EQ(shown, 5U);
  EXPECT_EQ(h.state(), State::kAttached);
}

TEST(Budget, TheOldEpochEndsWithItsDrain) {
  Harness h;
  send_to_cell(h);
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(1)));
  EXPECT_EQ(h.count(EventType::kKeyExpired), 0U);
  h.run(seconds(3));
  EXPECT_EQ(h.count(EventType::kKeyExpired), 1U);
}

TEST(Budget, WhoIsAskedToJumpJumpsOnceInACooldown) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->reattach_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(3)));
  h.run(milliseconds(800));
  EXPECT_EQ(h.state(), State::kAttached);
}

}  // namespace
}  // namespace jumpgate::client::testing
