// Jumps: planned and hard, each message lost, refusals, checks that the gateway starts.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

TEST(Jump, PlannedLosesNothingAndDuplicatesNothing) {
  Harness h;
  h.attach();
  h.stream(seconds(2), milliseconds(1));
  const SessionId id = h.engine->session()->core().record.id();
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.stream(seconds(2), milliseconds(1));
  ASSERT_TRUE(h.engine->move_to(kWifi, h.now));
  h.stream(seconds(2), milliseconds(1));
  h.run(seconds(1));
  EXPECT_EQ(h.uplink(), kWifi);
  EXPECT_EQ(h.gateway->commits, 2U);
  EXPECT_EQ(h.gateway->last_cause, Reason::kTransportRetiring);
  EXPECT_EQ(h.engine->session()->core().record.binding_version(), 3U);
  EXPECT_EQ(h.engine->session()->core().record.id(), id);
  EXPECT_TRUE(h.all_up_once());
  EXPECT_TRUE(h.all_down_once());
}

TEST(Jump, PlannedToADeadOrUsedUplinkIsRefused) {
  Harness h;
  h.attach();
  EXPECT_FALSE(h.engine->move_to(kWifi, h.now));
  h.up(kCell, false);
  EXPECT_FALSE(h.engine->move_to(kCell, h.now));
  EXPECT_FALSE(h.engine->move_to(7, h.now));
  EXPECT_EQ(h.state(), State::kAttached);
}

TEST(Jump, SilenceIsDetectedInTimeAndTheJumpTakesARoundTrip) {
  Harness h;
  h.attach();
  h.stream(seconds(2), milliseconds(10));
  h.dead[kWifi] = true;
  const MonoNs silent = h.now;
  while (h.state() == State::kAttached && h.now < silent + seconds(5)) {
    h.send_inner(1);
    h.run(milliseconds(10));
  }
  const MonoNs detected = h.last(EventType::kSessionStateChange)->mono;
  EXPECT_EQ(h.states(), (std::vector{State::kAttached, State::kVolatile, State::kRecovering}));
  EXPECT_LE((detected - silent).ms(), 2500);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(2)));
  EXPECT_LE((h.now - detected).ms(), 2 * 120 + 5);
  EXPECT_EQ(h.uplink(), kCell);
  EXPECT_EQ(h.gateway->last_cause, Reason::kHeartbeatTimeout);
  EXPECT_EQ(h.states(), kOneJump);
}

TEST(Jump, LinkDownJumpsAtOnce) {
  Harness h;
  h.attach();
  h.run(seconds(1));
  h.dead[kWifi] = true;
  const MonoNs begin = h.now;
  h.up(kWifi, false);
  EXPECT_EQ(h.state(), State::kRecovering);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(2)));
  EXPECT_LE((h.now - begin).ms(), 245);
  EXPECT_EQ(h.gateway->last_cause, Reason::kTransportDead);
  EXPECT_EQ(h.states(), kOneJump);
}

class JumpLoss : public ::testing::TestWithParam<std::pair<wire::Type, unsigned>> {};
TEST_P(JumpLoss, IsSurvived) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead[kWifi] = true;
  h.lose_outgoing = lose_first(GetParam().first, GetParam().second);
  h.gateway->lose_outgoing = lose_first(GetParam().first, GetParam().second);
  h.up(kWifi, false);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(8)));
  h.send_inner(77);
  h.run(milliseconds(500));
  EXPECT_EQ(h.uplink(), kCell);
  ASSERT_FALSE(h.gateway->received.empty());
  EXPECT_EQ(number_of(h.gateway->received.back()), 77U);
  EXPECT_EQ(h.gateway->bound(), h.client_at(kCell));
}
INSTANTIATE_TEST_SUITE_P(EachMessage, JumpLoss,
                         ::testing::Values(std::pair{wire::Type::kReattach, 1U},
                                           std::pair{wire::Type::kReattach, 3U},
                                           std::pair{wire::Type::kPathChallenge, 2U},
                                           std::pair{wire::Type::kPathResponse, 2U},
                                           std::pair{wire::Type::kAck, 1U},
                                           std::pair{wire::Type::kHeartbeat, 2U}));

TEST(Jump, CooldownIsKeptWithoutAsking) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(2)));
  const MonoNs committed = h.now;
  ASSERT_TRUE(h.engine->move_to(kWifi, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kWifi; }, seconds(4)));
  EXPECT_GE((h.now - committed).ms(), 1500);
  EXPECT_EQ(h.count(EventType::kTransportSwitchDenied), 0U);
}

TEST(Jump, RefusedWithCooldownItWaitsAsTold) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->refuse_jump = refusal_of(Reason::kCooldownActive, 700);
  const MonoNs begin = h.now;
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(4)));
  EXPECT_GE((h.now - begin).ms(), 700 + 120);
  EXPECT_LE((h.now - begin).ms(), 700 + 4 * 120 + 10);
}

TEST(Jump, PolicyDeniedEndsInDegradedAndComesBackInPlace) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->refuse_jump = refusal_of(Reason::kPolicyDenied);
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kDegraded; }, seconds(2)));
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(3)));
  EXPECT_EQ(h.uplink(), kWifi);
  EXPECT_EQ(h.engine->session()->core().record.binding_version(), 2U);
}

TEST(Jump, StaleBindingIsAdoptedAndTheJumpGoesOn) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  // The gateway commits to cell, and nothing of it reaches the client.
  bool deaf = false;
  h.gateway->lose_outgoing = [&](wire::Type) { return deaf; };
  h.up(kWifi, false);
  h.dead[kWifi] = true;
  ASSERT_TRUE(h.run_until(
      [&] {
        return h.gateway->heard[wire::Type::kPathResponse] > 0 ||
               (deaf = h.gateway->sent[wire::Type::kPathChallenge] > 0, false);
      },
      seconds(3)));
  EXPECT_EQ(h.gateway->binding_version(), 2U);
  h.run(milliseconds(100));
  // cell goes, wifi comes back: the client asks with the old version.
  h.dead = {false, true};
  h.up(kCell, false);
  deaf = false;
  h.up(kWifi);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(10)));
  EXPECT_EQ(h.uplink(), kWifi);
  EXPECT_EQ(h.engine->session()->core().record.binding_version(), 3U);
  EXPECT_EQ(h.gateway->binding_version(), 3U);
  EXPECT_EQ(h.gateway->sessions, 1U);
  // The log tells the binding adopted like any other, so that none is missing in it.
  std::vector<std::uint64_t> told;
  for (const audit::Event& e : h.events) {
    if (const auto* detail = std::get_if<audit::SwitchDetail>(&e.detail);
        detail != nullptr && e.type == EventType::kTransportSwitch)
      told.push_back(detail->binding_version);
  }
  EXPECT_EQ(told, (std::vector<std::uint64_t>{2, 3}));
}

class CommitUnheard : public ::testing::TestWithParam<bool> {};
TEST_P(CommitUnheard, IsAdoptedOverTheSameUplink) {
  const bool others = GetParam();  // another uplink is up, and dead
  Harness h;
  h.attach();
  if (others) h.up(kWire);
  h.run(seconds(2));
  h.dead[kWifi] = true;
  // The gateway commits, and neither its ACK nor a packet of the new epoch arrives until it has
  // refused.
  h.gateway->lose_outgoing = [&](wire::Type t) {
    return h.gateway->sent[wire::Type::kRefusal] == 0 && t != wire::Type::kPathChallenge &&
           t != wire::Type::kRefusal;
  };
  h.up(kWifi, false);
  h.dead[kWire] = true;
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(8)));
  EXPECT_EQ(h.gateway->sent[wire::Type::kRefusal], 1U);
  EXPECT_EQ(h.uplink(), kCell);
  EXPECT_EQ(h.engine->session()->core().record.binding_version(), 3U);
  EXPECT_EQ(h.gateway->binding_version(), 3U);
  EXPECT_EQ(h.gateway->sessions, 1U);
  EXPECT_EQ(h.states(), kOneJump);
  h.send_inner(77);
  h.run(milliseconds(200));
  ASSERT_FALSE(h.gateway->received.empty());
  EXPECT_EQ(number_of(h.gateway->received.back()), 77U);
}
INSTANTIATE_TEST_SUITE_P(WithAndWithoutOthers, CommitUnheard, ::testing::Bool());

TEST(Jump, EachCommitUnheardIsAdopted) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead[kWifi] = true;
  h.gateway->lose_outgoing = [&](wire::Type t) {
    return h.gateway->sent[wire::Type::kRefusal] < 2 && t != wire::Type::kPathChallenge &&
           t != wire::Type::kRefusal;
  };
  h.up(kWifi, false);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(9)));
  EXPECT_EQ(h.gateway->commits, 3U);
  EXPECT_EQ(h.engine->session()->core().record.binding_version(), 4U);
  EXPECT_EQ(h.gateway->sessions, 1U);
}

TEST(Jump, ALostSessionThatFindsItsWayBackIsNotReplaced) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->alter_refusal = [](wire::Refusal& r) { r.epoch += 4; };
  h.gateway->lose_outgoing = [&](wire::Type t) {
    return h.gateway->sent[wire::Type::kRefusal] == 0 && t != wire::Type::kPathChallenge &&
           t != wire::Type::kRefusal;
  };
  h.lose_outgoing = [](wire::Type t) { return t == wire::Type::kHello; };
  h.dead[kWifi] = true;
  h.up(kWifi, false);
  ASSERT_TRUE(h.run_until([&] { return h.engine->handshake().running(); }, seconds(8)));
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(8)))
      << "by a packet of the epoch that it had answered for";
  EXPECT_FALSE(h.engine->handshake().running());
  h.lose_outgoing = nullptr;
  h.run(seconds(10));
  EXPECT_EQ(h.gateway->sessions, 1U);
}

TEST(Jump, WhoseCommitsAreNeverHeardEndsWithTheWindow) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead[kWifi] = true;
  h.gateway->lose_outgoing = [](wire::Type t) {
    return t != wire::Type::kPathChallenge && t != wire::Type::kRefusal;
  };
  h.up(kWifi, false);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kDegraded; }, seconds(12)));
  EXPECT_LE(h.gateway->commits, 4U);
}

TEST(Jump, ARefusalThatNamesAnotherBindingIsNotAdopted) {
  const std::vector<std::function<void(wire::Refusal&)>> alterations{
      [](wire::Refusal& r) { r.epoch += 4; },
      [](wire::Refusal& r) { ++r.binding_version; },
      [](wire::Refusal& r) { ++r.gateway_cid.value; },
      [](wire::Refusal& r) { ++r.client_cid.value; },
  };
  for (std::size_t i = 0; i < alterations.size(); ++i) {
    Harness h;
    h.attach();
    h.run(seconds(2));
    h.gateway->alter_refusal = alterations.at(i);
    h.gateway->lose_outgoing = [&](wire::Type t) {
      return h.gateway->sent[wire::Type::kRefusal] == 0 && t != wire::Type::kPathChallenge;
    };
    h.dead[kWifi] = true;
    h.up(kWifi, false);
    EXPECT_TRUE(h.run_until([&] { return h.gateway->sessions == 2; }, seconds(8))) << i;
  }
}

TEST(Jump, AChallengeThatNamesAnotherOfItsIdsIsNotAnswered) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->alter_challenge = [](wire::PathChallenge& c) { ++c.client_cid.value; };
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.dropped(DropReason::kWireBadField) == 1; }, seconds(1)));
  h.gateway->alter_challenge = {};
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(1)));
  EXPECT_EQ(h.gateway->heard[wire::Type::kPathResponse], 1U);
}

TEST(Jump, APathThatEndsDuringAPlannedMoveCarriesNoMoreData) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.up(kWifi, false);
  h.dead[kWifi] = true;
  ASSERT_TRUE(
      h.run_until([&] { return h.gateway->sent[wire::Type::kPathChallenge] == 1; }, seconds(1)));
  h.run(milliseconds(70));
  ASSERT_EQ(h.state(), State::kRecovering);
  h.send_inner(7);
  h.run(milliseconds(200));
  ASSERT_EQ(h.gateway->received.size(), 1U);
}

TEST(Jump, AnotherAddressOfTheSameUplinkIsAJumpAtOnce) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.engine->on_uplink(kWifi, {.up = true, .gateway = h.gateway_at, .addresses = 2}, h.now);
  ASSERT_EQ(h.state(), State::kRecovering);
  EXPECT_EQ(h.last(EventType::kReattachAttempt)->reason, Reason::kTransportDead);
}

TEST(Jump, StaleWithoutProposalMakesANewSession) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->refuse_jump = refusal_of(Reason::kStaleBindingVersion);
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until(
      [&] { return h.gateway->sessions == 2 && h.engine->attached() && h.engine->sessions() == 2; },
      seconds(3)));
  EXPECT_NE(h.engine->last_end(), Reason::kNone);
}

TEST(Jump, HealedPathIsReattachedInPlace) {
  Harness h;
  h.attach();
  h.up(kCell, false);
  h.stream(seconds(1), milliseconds(20));
  h.dead[kWifi] = true;
  ASSERT_TRUE(h.run_until([&] { return h.state() != State::kAttached; }, seconds(4)));
  h.run(seconds(1));
  h.dead[kWifi] = false;
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(4)));
  EXPECT_EQ(h.uplink(), kWifi);
  EXPECT_EQ(h.engine->session()->core().record.binding_version(), 2U);
  EXPECT_EQ(h.last(EventType::kTransportSwitch)->reason, Reason::kInPlaceRecovery);
}

TEST(Jump, RebindingCheckIsAnsweredAndLosesNothing) {
  Harness h;
  h.attach();
  h.stream(seconds(1), milliseconds(5));
  const Endpoint old = h.client_at(kWifi);
  h.port_shift[kWifi] = 9;
  h.run(milliseconds(50));
  h.gateway->challenge(wire::ChallengeKind::kRebinding, {old, h.client_at(kWifi)});
  ASSERT_TRUE(h.run_until([&] { return h.gateway->commits == 1; }, seconds(1)));
  h.run(milliseconds(100));
  EXPECT_EQ(h.gateway->bound(), h.client_at(kWifi));
  EXPECT_EQ(h.state(), State::kAttached);
  EXPECT_EQ(h.states(), kOneJump);
  EXPECT_EQ(h.last(EventType::kTransportSwitch)->reason, Reason::kTransportRebound);
}

TEST(Jump, InPlaceCheckIsAnswered) {
  Harness h;
  h.attach();
  h.run(seconds(1));
  h.gateway->challenge(wire::ChallengeKind::kInPlace, {h.client_at(kWifi)});
  h.run(milliseconds(200));
  EXPECT_EQ(h.gateway->commits, 1U);
  EXPECT_EQ(h.state(), State::kAttached);
  EXPECT_EQ(h.engine->session()->core().record.binding_version(), 2U);
}

TEST(Jump, DataStaysOnTheBoundPathDuringACheckOfTheGateway) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.lose_outgoing = [](wire::Type type) { return type == wire::Type::kPathResponse; };
  h.gateway->challenge(wire::ChallengeKind::kInPlace, {h.client_at(kWifi)});
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kRecovering; }, seconds(1)));
  h.send_inner(7);
  h.run(milliseconds(50));
  EXPECT_EQ(h.gateway->received.size(), 1U) << "not one of those that wait for the commit";
}

TEST(Jump, ReplayedChallengeChangesNothing) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.run(seconds(2));
  const std::uint64_t version = h.engine->session()->core().record.state_version();
  const unsigned responses = h.gateway->heard[wire::Type::kPathResponse];
  for (const Message& m : std::vector<Message>(h.gateway_said)) {
    Message copy = m;
    const RxDatagram replay{.bytes = copy, .from = h.gateway_at};
    h.engine->on_datagrams(kWifi, {&replay, 1}, h.now);
  }
  h.run(seconds(1));
  EXPECT_EQ(h.engine->session()->core().record.state_version(), version);
  EXPECT_EQ(h.gateway->heard[wire::Type::kPathResponse], responses);
  EXPECT_GT(h.dropped(DropReason::kReplayDuplicate) + h.dropped(DropReason::kCidUnknown) +
                h.dropped(DropReason::kEpochUnknown),
            0U);
}

TEST(Jump, ReattachWantedStartsOne) {
  Harness h;
  h.attach();
  h.run(seconds(1));
  h.gateway->reattach_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(3)));
  EXPECT_EQ(h.gateway->last_cause, Reason::kLossThresholdExceeded);
}

TEST(Jump, PathErrorCausesOneProbeOnly) {
  Harness h;
  h.attach();
  h.run(milliseconds(540));
  const unsigned before = h.gateway->heard[wire::Type::kHeartbeat];
  for (int i = 0; i < 100; ++i)
    h.engine->on_path_error(kWifi, h.now);
  h.run(milliseconds(45));
  EXPECT_EQ(h.gateway->heard[wire::Type::kHeartbeat], before + 1);
  EXPECT_EQ(h.state(), State::kAttached);
}

}  // namespace
}  // namespace jumpgate::client::testing
