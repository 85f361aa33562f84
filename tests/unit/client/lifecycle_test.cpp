// Rekey, reset, close, suspend, and messages that must change nothing.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

TEST(Rekey, IsTimedAndLosesNothing) {
  Harness h;
  h.attach();
  h.stream(seconds(124), milliseconds(20));
  h.run(seconds(1));
  EXPECT_EQ(h.gateway->rekeys, 1U);
  EXPECT_EQ(h.engine->session()->core().record.root_generation(), 1U);
  EXPECT_EQ(h.count(EventType::kKeyRotated), 1U);
  EXPECT_TRUE(h.all_up_once());
  EXPECT_TRUE(h.all_down_once());
  EXPECT_EQ(h.states(), std::vector{State::kAttached});
}

TEST(Rekey, LostReplyIsRepeated) {
  Harness h;
  h.attach();
  h.gateway->rekey_wanted = true;
  h.gateway->lose_outgoing = lose_first(wire::Type::kRekeyReply, 2);
  ASSERT_TRUE(h.run_until([&] { return h.gateway->rekeys == 1; }, seconds(5)));
  h.gateway->rekey_wanted = false;
  EXPECT_EQ(h.gateway->heard[wire::Type::kRekey], 3U);
  h.stream(seconds(1), milliseconds(20));
  h.run(milliseconds(500));
  EXPECT_TRUE(h.all_up_once());
  EXPECT_TRUE(h.all_down_once());
}

TEST(Rekey, UnansweredItIsGivenUpAndTriedAgain) {
  Harness h;
  h.attach();
  h.gateway->rekey_wanted = true;
  h.gateway->lose_outgoing = [](wire::Type t) { return t == wire::Type::kRekeyReply; };
  h.run(seconds(9));
  EXPECT_EQ(h.gateway->rekeys, 0U);
  h.gateway->lose_outgoing = {};
  ASSERT_TRUE(h.run_until([&] { return h.gateway->rekeys == 1; }, seconds(8)));
}

TEST(Rekey, UnansweredItIsTriedAgainWithoutTraffic) {
  Harness h;
  h.attach();
  h.run(seconds(30));  // idle: the next heartbeat is far away
  h.gateway->rekey_wanted = true;
  h.gateway->lose_outgoing = [](wire::Type t) { return t == wire::Type::kRekeyReply; };
  ASSERT_TRUE(h.run_until([&] { return h.gateway->heard[wire::Type::kRekey] > 0; }, seconds(60)));
  h.gateway->rekey_wanted = false;
  h.run(seconds(9));
  ASSERT_EQ(h.gateway->rekeys, 0U);
  h.gateway->lose_outgoing = {};
  EXPECT_TRUE(h.run_until([&] { return h.gateway->rekeys == 1; }, milliseconds(1500)))
      << "ten seconds after the first";
}

// An idle peer may be silent for 100 s: keys would end first.
TEST(Rekey, ThatNobodyAnswersIsAHintOfADeadPath) {
  Harness h;
  h.gateway->announced_ms = 25'000;
  h.attach();
  h.gateway->lose_outgoing = [](wire::Type type) { return type == wire::Type::kRekeyReply; };
  ASSERT_TRUE(h.run_until([&] { return h.gateway->heard[wire::Type::kRekey] == 1; }, seconds(150)));
  h.gateway->lose_outgoing = [](wire::Type) { return true; };
  EXPECT_TRUE(h.run_until([&] { return h.state() != State::kAttached; }, seconds(8)));
}

TEST(Rekey, AJumpInBetweenGoesOn) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.gateway->heard[wire::Type::kRekey] == 1; }, seconds(3)));
  h.gateway->rekey_wanted = false;
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(3)));
  h.stream(seconds(1), milliseconds(20));
  h.run(milliseconds(500));
  EXPECT_TRUE(h.all_up_once());
  EXPECT_EQ(h.engine->session()->core().record.root_generation(), h.gateway->generation());
}

/// The client has the reply, and no heartbeat of it has told the gateway so.
void take_keys_unheard(Harness& h) {
  h.attach();
  h.run(seconds(2));
  h.gateway->rekey_wanted = true;
  h.lose_outgoing = [](wire::Type t) { return t == wire::Type::kHeartbeat; };
  ASSERT_TRUE(h.run_until([&] { return h.engine->session()->core().record.root_generation() == 1; },
                          seconds(3)));
  h.gateway->rekey_wanted = false;
  ASSERT_EQ(h.gateway->rekeys, 0U);
}

TEST(Rekey, AJumpAfterTheReplyConfirmsIt) {
  Harness h;
  take_keys_unheard(h);
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(3)));
  EXPECT_EQ(h.gateway->rekeys, 1U);
  h.lose_outgoing = {};
  h.stream(seconds(1), milliseconds(20));
  h.run(milliseconds(500));
  EXPECT_TRUE(h.all_up_once());
  EXPECT_TRUE(h.all_down_once());
}

TEST(Rekey, AJumpThatNothingAnswersLeavesTheOldPathToTheNewKeys) {
  Harness h;
  take_keys_unheard(h);
  h.dead[kCell] = true;
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.run(milliseconds(100));
  EXPECT_EQ(h.gateway->rekeys, 0U);
  h.lose_outgoing = {};
  // What the client says while it asks in vain elsewhere is under the keys that it took.
  ASSERT_TRUE(h.run_until([&] { return h.gateway->rekeys == 1; }, seconds(1)));
  EXPECT_EQ(h.state(), State::kRecovering);
}

TEST(Rekey, KeysThatAreNotRenewedEndTheSession) {
  Harness h;
  h.attach();
  h.gateway->lose_outgoing = [](wire::Type t) { return t == wire::Type::kRekeyReply; };
  h.run(milliseconds(180'100));
  EXPECT_EQ(h.engine->last_end(), Reason::kKeysExpired);
  ASSERT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(2)));
  EXPECT_EQ(h.gateway->sessions, 2U);
}

TEST(Epochs, ADrainThatEndsForAnotherEpochsSakeIsToldAndLeavesNoDeadline) {
  Harness h;
  h.attach();
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(1)));
  const unsigned expired = h.count(EventType::kKeyExpired);
  // Epoch 1 drains, epoch 2 is current: epoch 5 has the phase of the first.
  h.gateway->propose_epoch = 5;
  h.gateway->challenge(wire::ChallengeKind::kInPlace, {h.client_at(kCell)});
  h.run(milliseconds(100));
  EXPECT_EQ(h.count(EventType::kKeyExpired), expired + 1);
  h.run(milliseconds(300));  // the drain's time: nothing is left that is due
  EXPECT_GT(h.engine->next_deadline(), h.now);
}

TEST(Reset, OfTheBindingIsBelieved) {
  Harness h;
  h.attach();
  h.run(seconds(6));
  h.gateway->forget_session();
  h.send_inner(1);
  h.run(milliseconds(45));
  EXPECT_EQ(h.engine->last_end(), Reason::kGatewayLostSession);
  ASSERT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(1)));
  EXPECT_EQ(h.gateway->sessions, 2U);
}

TEST(Reset, OfTheJumpIdInUseIsBelieved) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->forget_session();
  h.dead[kWifi] = true;
  h.up(kWifi, false);  // what is left to it is a REATTACH under a jump id
  h.run(milliseconds(250));
  EXPECT_EQ(h.engine->last_end(), Reason::kGatewayLostSession);
}

TEST(Reset, OfAnythingElseIsNot) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  const ResetToken former = h.gateway->binding_token();
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.run(seconds(2));
  h.gateway->send_reset(former, h.client_at(kCell));
  h.gateway->send_reset(ResetToken{}, h.client_at(kCell));
  h.run(milliseconds(200));
  EXPECT_EQ(h.state(), State::kAttached);
  EXPECT_EQ(h.gateway->sessions, 1U);
  EXPECT_EQ(h.dropped(DropReason::kAuthFailed), 2U);
}

TEST(Close, ByTheUserIsTold) {
  Harness h;
  h.attach();
  h.engine->close(h.now);
  h.run(seconds(5));
  EXPECT_EQ(h.gateway->closed, Reason::kOperatorTerminated);
  EXPECT_FALSE(h.engine->attached());
  EXPECT_EQ(h.engine->next_deadline(), kNever);
  EXPECT_EQ(h.last(EventType::kSessionTerminated)->reason, Reason::kOperatorTerminated);
}

TEST(Close, WithoutAPathGoesByControlKey) {
  Harness h;
  h.attach();
  h.run(seconds(1));
  h.dead[kWifi] = true;
  h.lose_outgoing = [](wire::Type t) { return t == wire::Type::kReattach; };
  h.up(kWifi, false);
  h.engine->close(h.now);
  h.run(milliseconds(200));
  EXPECT_EQ(h.gateway->closed, Reason::kOperatorTerminated);
  EXPECT_EQ(h.gateway->heard[wire::Type::kControlClose], 1U);
}

TEST(Close, ByTheGatewayBeginsAnew) {
  Harness h;
  h.attach();
  h.run(seconds(6));
  h.gateway->send_close(Reason::kGatewayStopping);
  ASSERT_TRUE(h.run_until([&] { return h.engine->sessions() == 2; }, seconds(3)));
  EXPECT_EQ(h.engine->last_end(), Reason::kPeerClosed);
  h.gateway->send_control_close(1, h.gateway->session_id());
  ASSERT_TRUE(h.run_until([&] { return h.engine->sessions() == 3; }, seconds(8)));
}

TEST(Suspend, LongerThanTheKeysLivesMakesANewSession) {
  Harness h;
  h.attach();
  h.run(seconds(5));
  h.leap(seconds(600));
  h.engine->tick(h.now);
  EXPECT_EQ(h.engine->last_end(), Reason::kKeysExpired);
  ASSERT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(2)));
  EXPECT_EQ(h.gateway->sessions, 2U);
}

TEST(Suspend, AShortOneGoesOn) {
  Harness h;
  h.attach();
  h.run(seconds(5));
  h.leap(seconds(10));
  h.engine->tick(h.now);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(5)));
  EXPECT_EQ(h.gateway->sessions, 1U);
  h.send_inner(5);
  h.run(milliseconds(200));
  EXPECT_EQ(h.gateway->received.size(), 1U);
}

TEST(Suspend, TenMinutesWithinAllBoundsGoOn) {
  Harness h;
  h.gateway->policy.keys.rekey_after = seconds(1800);
  h.gateway->policy.keys.reject_after = seconds(3600);
  h.attach();
  h.run(seconds(5));
  const SessionId id = h.engine->session()->core().record.id();
  h.leap(seconds(600));
  h.engine->tick(h.now);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(5)));
  EXPECT_EQ(h.engine->session()->core().record.id(), id);
  EXPECT_EQ(h.gateway->sessions, 1U);
  h.send_inner(5);
  h.run(milliseconds(200));
  EXPECT_EQ(h.gateway->received.size(), 1U);
}

TEST(Suspend, WithoutTransportTheTimeAsleepCounts) {
  Harness h;
  h.gateway->policy.keys.rekey_after = seconds(1800);
  h.gateway->policy.keys.reject_after = seconds(3600);
  h.attach();
  h.run(seconds(5));
  h.up(kWifi, false);
  h.up(kCell, false);
  h.leap(seconds(600));
  h.engine->tick(h.now);
  EXPECT_EQ(h.engine->last_end(), Reason::kTransportTtlExceeded);
  h.up(kCell);
  ASSERT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(8)));
  EXPECT_EQ(h.gateway->sessions, 2U);
}

TEST(Input, GarbageAndReplaysChangeNothing) {
  Harness h;
  h.attach();
  h.stream(seconds(1), milliseconds(10));
  h.run(milliseconds(100));
  const std::uint64_t version = h.engine->session()->core().record.state_version();
  const std::size_t delivered = h.delivered.size();
  test::SeededRandom random(99);
  for (std::size_t size = 0; size < 600; ++size) {
    Message garbage = random.bytes(size);
    for (int type = 0x80; type <= 0x93; ++type) {
      if (size > 0) garbage[0] = static_cast<std::uint8_t>(type);
      const RxDatagram datagram{.bytes = garbage, .from = h.gateway_at};
      h.engine->on_datagrams(kWifi, {&datagram, 1}, h.now);
    }
  }
  for (const Message& m : std::vector<Message>(h.gateway_said)) {
    Message whole = m;
    const RxDatagram replay{.bytes = whole, .from = h.gateway_at};
    h.engine->on_datagrams(kCell, {&replay, 1}, h.now);
    Message damaged = m;
    damaged.back() ^= 1;
    const RxDatagram broken{.bytes = damaged, .from = h.gateway_at};
    h.engine->on_datagrams(kCell, {&broken, 1}, h.now);
  }
  EXPECT_EQ(h.engine->session()->core().record.state_version(), version);
  EXPECT_EQ(h.delivered.size(), delivered);
  EXPECT_EQ(h.state(), State::kAttached);
  EXPECT_GT(h.dropped(DropReason::kReplayDuplicate), 50U);
  EXPECT_GT(h.dropped(DropReason::kWireWrongRole), 0U);
}

TEST(Input, TheSamePacketTwiceInOneBurstIsDeliveredOnce) {
  Harness h;
  h.attach();
  h.run(milliseconds(100));
  h.dead[kWifi] = true;
  h.gateway->send_data(inner_packet(1));
  Message first = h.gateway_said.back();
  Message second = first;
  const std::array<RxDatagram, 2> burst{RxDatagram{.bytes = first, .from = h.gateway_at},
                                        RxDatagram{.bytes = second, .from = h.gateway_at}};
  h.engine->on_datagrams(kWifi, burst, h.now);
  EXPECT_EQ(h.delivered.size(), 1U);
  EXPECT_EQ(h.dropped(DropReason::kReplayDuplicate), 1U);
}

TEST(Input, AnImpossibleInnerPacketIsDropped) {
  Harness h;
  h.attach();
  h.run(milliseconds(100));
  Message wrong_length = inner_packet(1);
  wrong_length[3] = 63;
  h.gateway->send_data(wrong_length);
  h.gateway->send_data(Message(10));
  Message version5 = inner_packet(1);
  version5[0] = 0x55;
  h.gateway->send_data(version5);
  h.run(milliseconds(100));
  EXPECT_TRUE(h.delivered.empty());
  EXPECT_EQ(h.dropped(DropReason::kInnerBadHeader), 2U);
  EXPECT_EQ(h.dropped(DropReason::kInnerTooShort), 1U);
}

TEST(Input, EventsTellEachTransitionOnce) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.run(seconds(3));
  std::uint64_t version = 1;
  for (const audit::Event& e : h.events) {
    if (e.type == EventType::kSessionStateChange) {
      EXPECT_EQ(e.state_version, version + 1);
      version = e.state_version;
    }
  }
  EXPECT_EQ(version, 5U);
}

/// The types of the step that ends with the last change to `state`: all of its state_version.
std::vector<EventType> step_to(const Harness& h, State state) {
  std::uint64_t version = 0;
  for (const audit::Event& e : h.events) {
    const auto* change = std::get_if<audit::StateChangeDetail>(&e.detail);
    if (change != nullptr && change->now == state) version = e.state_version;
  }
  std::vector<EventType> types;
  for (const audit::Event& e : h.events) {
    if (e.state_version == version) types.push_back(e.type);
  }
  return types;
}

TEST(EventOrder, TheVerdictGoesBeforeTheChangeItCauses) {
  Harness h;
  h.attach();
  EXPECT_EQ(step_to(h, State::kAttached),
            (std::vector{EventType::kSessionStateChange, EventType::kTransportAttached,
                         EventType::kKeyInstalled}));
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(3)));
  EXPECT_EQ(step_to(h, State::kAttached),
            (std::vector{EventType::kReattachResult, EventType::kSessionStateChange,
                         EventType::kTransportSwitch, EventType::kKeyInstalled}));
  EXPECT_EQ(h.last(EventType::kReattachResult)->reason, Reason::kReattachSuccess);
}

TEST(EventOrder, SoDoesARefusal) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->refuse_jump = wire::Refusal{};
  h.gateway->refuse_jump->reason = Reason::kPolicyDenied;
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kDegraded; }, seconds(3)));
  EXPECT_EQ(step_to(h, State::kDegraded),
            (std::vector{EventType::kReattachResult, EventType::kSessionStateChange,
                         EventType::kTransportSwitchDenied, EventType::kTransportSwitchFailed}));
  EXPECT_EQ(h.last(EventType::kReattachResult)->reason, Reason::kPolicyDenied);
}

}  // namespace
}  // namespace jumpgate::client::testing
