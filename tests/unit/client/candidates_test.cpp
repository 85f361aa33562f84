// Candidates in their turn: what stays unanswered, and what follows when none is left.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

TEST(Jump, AnotherCandidateIsTriedAndTheFirstAgain) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead = {true, true};
  h.up(kWifi, false);
  h.run(seconds(4));
  EXPECT_EQ(h.state(), State::kRecovering);
  h.dead[kCell] = false;
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(4)));
  EXPECT_EQ(h.uplink(), kCell);
  EXPECT_GE(h.count(EventType::kReattachAttempt), 2U);
}

TEST(Jump, AnUnansweredResponseGoesToTheNextCandidate) {
  Harness h;
  h.attach();
  h.up(kWire);
  h.run(seconds(2));
  h.dead[kWifi] = true;
  // Cell carries the request and its answer, then nothing more.
  h.lose_over = [](UplinkId u, wire::Type t) { return u == kCell && t != wire::Type::kReattach; };
  const MonoNs begin = h.now;
  h.up(kWifi, false);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(8)));
  EXPECT_EQ(h.uplink(), kWire);
  EXPECT_EQ(h.attempts(), (std::vector<std::string>{"cell", "wire"}));
  EXPECT_LE((h.now - begin).ms(), 1200);
}

TEST(Jump, AnUnansweredResponseWithoutAlternativeIsFollowedByANewAttempt) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead[kWifi] = true;
  h.up(kWifi, false);
  h.lose_over = [](UplinkId, wire::Type t) { return t != wire::Type::kReattach; };
  h.run(milliseconds(3500));
  EXPECT_EQ(h.attempts(), (std::vector<std::string>{"cell", "cell"}));
  EXPECT_EQ(h.state(), State::kRecovering);
  h.lose_over = {};
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(1)));
  EXPECT_EQ(h.uplink(), kCell);
  EXPECT_EQ(h.states(), kOneJump);
}

TEST(Jump, CandidatesAreTriedInTurn) {
  Harness h;
  h.attach();
  h.up(kWire);
  h.run(seconds(2));
  h.dead = {true, true, true};
  h.up(kWifi, false);
  h.run(seconds(5));
  // The first is left sooner, because the second is untried; that one gets its full time.
  EXPECT_EQ(h.attempts(), (std::vector<std::string>{"cell", "wire", "cell"}));
  h.dead[kCell] = false;
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(2)));
  EXPECT_EQ(h.uplink(), kCell);
  EXPECT_EQ(h.states(), kOneJump);
}

TEST(Jump, WhatFailedAWholeWindowIsNotTheFirstOfTheNext) {
  Harness h;
  h.gateway->policy.switching.recovery_window = seconds(3);
  h.delay[kCell] = milliseconds(400);  // two repetitions take longer than the window
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.run(seconds(3));
  ASSERT_TRUE(h.engine->move_to(kWifi, h.now));
  h.run(seconds(3));
  ASSERT_EQ(h.uplink(), kWifi);
  h.up(kWire);
  h.dead = {true, true, false};
  h.up(kWifi, false);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(9)));
  EXPECT_EQ(h.attempts(), (std::vector<std::string>{"cell", "wifi", "cell", "wire"}));
}

/// Wi-Fi is heard all the time, and nothing asked over it arrives; the target of a planned move is dead.
void move_where_only_wire_answers(Harness& h) {
  h.attach();
  h.up(kWire);
  h.run(seconds(2));
  h.dead[kCell] = true;
  h.lose_over = [](UplinkId u, wire::Type t) { return u == kWifi && t == wire::Type::kReattach; };
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
}

TEST(Jump, APathThatIsHeardAndProvesNothingMakesRoomWithinTheWindow) {
  Harness h;
  move_where_only_wire_answers(h);
  // The move's window of 8 s, then 3 s in place.
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kWire; }, seconds(13)));
  EXPECT_EQ(h.gateway->sessions, 1U);
}

TEST(Jump, APathThatIsHeardAndProvedNothingForAWindowComesAfterOthers) {
  Harness h;
  h.gateway->policy.switching.recovery_window = seconds(3);
  move_where_only_wire_answers(h);
  // Two windows of 3 s and the pause of a second.
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kWire; }, seconds(9)));
  EXPECT_EQ(h.gateway->sessions, 1U);
}

TEST(Jump, AfterAnUnansweredResponseDataStaysOnTheOldPath) {
  Harness h;
  h.delay[kCell] = milliseconds(400);
  h.attach();
  h.run(seconds(2));
  h.lose_over = [](UplinkId u, wire::Type t) { return u == kCell && t != wire::Type::kReattach; };
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.run(milliseconds(4000));
  EXPECT_EQ(h.count(EventType::kReattachAttempt), 2U);
  const std::size_t before = h.gateway->received.size();
  h.send_inner(1);
  h.run(milliseconds(100));
  h.run(milliseconds(1000));
  h.send_inner(2);
  h.run(milliseconds(100));
  EXPECT_EQ(h.engine->session()->core().highest_epoch, 3U)
      << "the second CHALLENGE has come as well";
  EXPECT_EQ(h.gateway->received.size(), before + 2);
}

TEST(Jump, AJumpThatFailsTakesDataBackToTheLossyPath) {
  Harness h;
  h.gateway->policy.switching.recovery_window = seconds(2);
  h.attach();
  h.stream(seconds(3), milliseconds(10));
  h.lose_over = [count = 0U](UplinkId uplink, wire::Type type) mutable {
    return uplink == kWifi ? ++count % 3 == 0 : type == wire::Type::kPathResponse;
  };
  for (int i = 0; i < 100 && h.state() != State::kDegraded; ++i)
    h.stream(milliseconds(50), milliseconds(10));
  ASSERT_EQ(h.state(), State::kDegraded);
  const std::size_t before = h.gateway->received.size();
  h.stream(milliseconds(300), milliseconds(10));
  EXPECT_GE(h.gateway->received.size(), before + 15) << "of 30, and not held for a commit";
}

TEST(Jump, WindowEndsInDegradedAndItBeginsAgain) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead = {true, true};
  h.up(kWifi, false);
  h.run(milliseconds(8100));
  EXPECT_EQ(h.state(), State::kDegraded);
  EXPECT_EQ(h.last(EventType::kSessionStateChange)->reason, Reason::kRecoveryWindowExceeded);
  h.dead[kCell] = false;
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(5)));
  EXPECT_EQ(h.gateway->sessions, 1U);
}

TEST(Jump, WithoutTransportTheSessionEndsAndANewOneBegins) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead = {true, true};
  h.up(kWifi, false);
  h.run(milliseconds(15100));
  EXPECT_EQ(h.engine->last_end(), Reason::kTransportTtlExceeded);
  EXPECT_FALSE(h.engine->attached());
  h.dead = {};
  h.up(kWifi);
  ASSERT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(6)));
  EXPECT_EQ(h.gateway->sessions, 2U);
}

TEST(Jump, WithoutAnyUplinkItWaitsForOne) {
  Harness h;
  h.attach();
  h.up(kCell, false);
  h.run(seconds(2));
  h.up(kWifi, false);
  h.run(seconds(6));
  EXPECT_EQ(h.state(), State::kDegraded);
  EXPECT_EQ(h.states()[1], State::kVolatile);
  h.up(kCell);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(2)));
  EXPECT_EQ(h.uplink(), kCell);
}

}  // namespace
}  // namespace jumpgate::client::testing
