// Two events that meet: what comes first decides, and what comes second finds it so.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

/// A jump stands before its ACK; what the gateway says from here on reaches nobody by itself.
void await_ack(Harness& h) {
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(
      h.run_until([&] { return h.gateway->heard[wire::Type::kReattach] == 1; }, seconds(1)));
  h.run(milliseconds(70));  // the CHALLENGE is there, the RESPONSE under way
  ASSERT_EQ(h.state(), State::kRecovering);
  h.dead[kWifi] = true;
}

TEST(Races, AfterACloseTheRestOfItsBurstFindsNoSession) {
  Harness h;
  ASSERT_NO_FATAL_FAILURE(await_ack(h));
  h.gateway->send_close(Reason::kOperatorTerminated);
  Message close = h.gateway_said.back();
  h.dead[kCell] = true;
  ASSERT_TRUE(h.run_until([&] { return h.gateway->commits == 1; }, seconds(1)));
  Message ack;
  for (const Message& said : h.gateway_said) {
    if (static_cast<wire::Type>(said[0]) == wire::Type::kAck) ack = said;
  }
  ASSERT_EQ(h.engine->session()->core().record.binding_version(), 1U);
  const std::size_t changes = h.states().size();
  const std::array burst{RxDatagram{.bytes = close, .from = h.gateway_at},
                         RxDatagram{.bytes = ack, .from = h.gateway_at}};
  h.engine->on_datagrams(kCell, burst, h.now);
  EXPECT_EQ(h.states().size(), changes + 1);
  EXPECT_EQ(h.engine->last_end(), Reason::kPeerClosed);
  EXPECT_EQ(h.count(EventType::kTransportSwitch), 0U);
}

/// A REKEY is answered, and the answer is still on its way.
void ask_for_keys(Harness& h) {
  h.attach();
  h.run(seconds(2));
  bool asked = false;
  h.lose_outgoing = [&asked](wire::Type type) {
    asked = asked || type == wire::Type::kRekey;
    return false;
  };
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&asked] { return asked; }, seconds(3)));
  h.lose_outgoing = {};
  h.gateway->rekey_wanted = false;
  h.dead[kWifi] = true;
  ASSERT_TRUE(
      h.run_until([&] { return h.gateway->sent[wire::Type::kRekeyReply] == 1; }, seconds(1)));
  h.dead[kWifi] = false;
}

TEST(Races, AReplyThatComesAfterAJumpHasBegunIsNotTaken) {
  Harness h;
  ASSERT_NO_FATAL_FAILURE(ask_for_keys(h));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.replay(wire::Type::kRekeyReply, kWifi, h.gateway_at);
  EXPECT_EQ(h.dropped(DropReason::kControlStale), 1U);
  EXPECT_EQ(h.engine->session()->core().record.root_generation(), 0U);
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(3)));
}

TEST(Races, AReplyThatComesAfterACheckHasBegunIsNotTaken) {
  Harness h;
  ASSERT_NO_FATAL_FAILURE(ask_for_keys(h));
  h.gateway->challenge(wire::ChallengeKind::kInPlace, {h.client_at(kWifi)});
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kRecovering; }, seconds(1)));
  h.replay(wire::Type::kRekeyReply, kWifi, h.gateway_at);
  EXPECT_EQ(h.dropped(DropReason::kControlStale), 1U) << "nobody waits for it";
  EXPECT_EQ(h.engine->session()->core().record.root_generation(), 0U);
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(1)));
  EXPECT_EQ(h.engine->session()->core().record.binding_version(), 2U);
}

TEST(Races, ACheckUnderTheNewKeysConfirmsThemFirst) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->rekey_wanted = true;
  h.gateway->lose_outgoing = [](wire::Type type) { return type == wire::Type::kHeartbeat; };
  h.gateway->send_heartbeat(h.now);
  h.gateway->lose_outgoing = {};
  ASSERT_TRUE(h.run_until([&] { return h.gateway->heard[wire::Type::kRekey] == 1; }, seconds(3)));
  h.gateway->rekey_wanted = false;
  // From now on no packet shows the client that the gateway has the keys, but the CHALLENGE.
  h.gateway->lose_outgoing = [](wire::Type type) { return type == wire::Type::kHeartbeat; };
  ASSERT_TRUE(h.run_until([&] { return h.gateway->rekeys == 1; }, seconds(1)));
  ASSERT_EQ(h.count(EventType::kKeyRotated), 0U);
  h.gateway->challenge(wire::ChallengeKind::kInPlace, {h.client_at(kWifi)});
  ASSERT_TRUE(h.run_until([&] { return h.count(EventType::kTransportSwitch) == 1; }, seconds(1)));
  EXPECT_EQ(h.count(EventType::kKeyRotated), 1U);
  EXPECT_EQ(h.state(), State::kAttached);
  h.gateway->lose_outgoing = {};
  h.stream(seconds(1), milliseconds(20));
  h.run(milliseconds(500));
  EXPECT_TRUE(h.all_up_once());
  EXPECT_TRUE(h.all_down_once());
}

TEST(Races, AReplyThatDoesNotFitRotatesNothing) {
  const std::vector<std::pair<DropReason, std::function<void(wire::RekeyReply&)>>> alterations{
      {DropReason::kControlWrongEpoch,
       [](wire::RekeyReply& r) { r.epoch += 3; }},  // a phase in use
      {DropReason::kWireBadField, [](wire::RekeyReply& r) { r.ephemeral = {}; }},
      {DropReason::kControlWrongBinding, [](wire::RekeyReply& r) { ++r.binding_version; }},
  };
  for (const auto& [reason, alter] : alterations) {
    SCOPED_TRACE(to_string(reason));
    Harness h;
    h.attach();
    h.gateway->alter_reply = alter;
    h.gateway->rekey_wanted = true;
    EXPECT_TRUE(h.run_until([&] { return h.dropped(reason) == 1; }, seconds(3)));
    ASSERT_TRUE(h.engine->attached());
    EXPECT_EQ(h.engine->session()->core().record.root_generation(), 0U);
  }
}

TEST(Races, AChallengeUnderTheKeysBeforeIsNotTaken) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead[kWifi] = true;
  h.gateway->propose_epoch = 7;  // above what the rekey will name
  h.gateway->challenge(wire::ChallengeKind::kInPlace, {h.client_at(kWifi)});
  Message late = h.gateway_said.back();
  h.dead[kWifi] = false;
  h.gateway->alter_reply = [](wire::RekeyReply& reply) { reply.epoch = 2; };
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.engine->session()->core().record.root_generation() == 1; },
                          seconds(3)));
  const RxDatagram datagram{.bytes = late, .from = h.gateway_at};
  h.engine->on_datagrams(kWifi, {&datagram, 1}, h.now);
  EXPECT_EQ(h.dropped(DropReason::kControlWrongGeneration), 1U);
  EXPECT_EQ(h.state(), State::kAttached);
}

TEST(Races, TheOldLinksEndDoesNotBeginThePlannedMoveAnew) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.run(milliseconds(5));
  h.up(kWifi, false);
  EXPECT_EQ(h.attempts(), (std::vector<std::string>{"cell"}));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(1)));
}

TEST(Races, TheEndOfALinkGivesItsAttemptUpAtOnce) {
  Harness h;
  h.attach();
  h.up(kWire);
  h.run(seconds(2));
  h.dead = {true, true, false};
  h.up(kWifi, false);
  ASSERT_EQ(h.attempts(), (std::vector<std::string>{"cell"}));
  h.up(kCell, false);
  EXPECT_EQ(h.attempts(), (std::vector<std::string>{"cell", "wire"}));
}

TEST(Races, ACommitThatIsHeardLateGivesNoAttemptASecondResult) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead[kWifi] = true;
  h.up(kWifi, false);
  ASSERT_TRUE(
      h.run_until([&] { return h.gateway->sent[wire::Type::kPathChallenge] == 1; }, seconds(1)));
  h.run(milliseconds(70));  // the RESPONSE is under way
  h.dead[kCell] = true;
  ASSERT_TRUE(h.run_until([&] { return h.attempts().size() == 2; }, seconds(5)));
  h.replay(wire::Type::kAck, kCell, h.gateway_at);
  ASSERT_EQ(h.state(), State::kAttached);
  std::vector<std::pair<std::uint64_t, Reason>> told;
  for (const audit::Event& e : h.events) {
    if (e.type == EventType::kReattachResult)
      told.emplace_back(std::get<audit::ReattachDetail>(e.detail).jump_seq, e.reason);
  }
  const std::vector<std::pair<std::uint64_t, Reason>> unanswered{{1, Reason::kPathNotValidated},
                                                                 {2, Reason::kPathNotValidated}};
  EXPECT_EQ(told, unanswered) << "the second is not credited with the first's commit";
}

TEST(Races, WhatDrainsIsNoSignOfLifeOfTheNewBinding) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead[kWifi] = true;
  h.gateway->send_heartbeat(h.now);
  Message late = h.gateway_said.back();
  h.dead[kWifi] = false;
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell; }, seconds(2)));
  h.dead[kCell] = true;
  h.run(milliseconds(200));
  const MonoNs heard = h.engine->session()->last_heard();
  const RxDatagram datagram{.bytes = late, .from = h.gateway_at};
  const std::uint64_t unknown = h.dropped(DropReason::kEpochUnknown);
  h.engine->on_datagrams(kWifi, {&datagram, 1}, h.now);
  ASSERT_EQ(h.dropped(DropReason::kEpochUnknown), unknown) << "it is taken in";
  EXPECT_EQ(h.engine->session()->last_heard(), heard);
}

TEST(Races, AReplyToARequestGivenUpIsNotTakenForTheNext) {
  Harness h;
  ASSERT_NO_FATAL_FAILURE(ask_for_keys(h));
  h.gateway->lose_outgoing = [](wire::Type type) { return type == wire::Type::kRekeyReply; };
  h.gateway->rekey_wanted = true;
  h.run(seconds(11));  // 5 s for the first, 5 s without any, and the second is out
  h.gateway->rekey_wanted = false;
  const std::uint64_t stale = h.dropped(DropReason::kControlStale);
  h.replay(wire::Type::kRekeyReply, kWifi, h.gateway_at);
  EXPECT_EQ(h.dropped(DropReason::kControlStale), stale + 1);
  EXPECT_EQ(h.engine->session()->core().record.root_generation(), 0U);
}

}  // namespace
}  // namespace jumpgate::client::testing
