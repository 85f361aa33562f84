// Genuine messages of the gateway that someone else sends once more: late, often or from elsewhere.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

TEST(Replay, AnOldChallengeCancelsNoRekey) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.run(seconds(4));
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.gateway->heard[wire::Type::kRekey] == 1; }, seconds(3)));
  h.gateway->rekey_wanted = false;
  h.replay(wire::Type::kPathChallenge, kCell, h.gateway_at);
  EXPECT_EQ(h.dropped(DropReason::kControlStale), 1U);
  EXPECT_TRUE(h.run_until([&] { return h.gateway->rekeys == 1; }, seconds(1)));
}

/// Replays a message over a path that carries nothing else: whether silence is noticed all the same.
void expect_silence_noticed(Harness& h, wire::Type replayed) {
  h.dead[kWifi] = true;
  const MonoNs end = h.now + seconds(4);
  while (h.state() == State::kAttached && h.now < end) {
    h.replay(replayed, kWifi, h.gateway_at);
    h.send_inner(1);
    h.run(milliseconds(100));
  }
  EXPECT_EQ(h.gateway->last_cause.value_or(Reason::kHeartbeatTimeout), Reason::kHeartbeatTimeout);
  EXPECT_NE(h.state(), State::kAttached);
}

TEST(Replay, AnOldAckKeepsNoDeadPathAlive) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  expect_silence_noticed(h, wire::Type::kAck);
}

TEST(Replay, AnOldRekeyReplyKeepsNoDeadPathAlive) {
  Harness h;
  h.attach();
  h.gateway->refuse_rekey = Reason::kCapacityExhausted;
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.count(EventType::kRekeyDenied) == 1; }, seconds(3)));
  expect_silence_noticed(h, wire::Type::kRekeyReply);
}

TEST(Replay, AChallengeFromElsewhereMovesNothing) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->challenge(wire::ChallengeKind::kInPlace, {h.client_at(kWifi)});
  h.replay(wire::Type::kPathChallenge, kWifi, v4(66, 6, 666));
  EXPECT_EQ(h.dropped(DropReason::kControlStale), 1U);
  EXPECT_EQ(h.state(), State::kAttached);
  // The genuine one, from where it belongs, is answered.
  ASSERT_TRUE(h.run_until([&] { return h.gateway->commits == 1; }, seconds(1)));
  h.run(milliseconds(100));
  EXPECT_EQ(h.engine->session()->core().record.binding_version(), 2U);
  EXPECT_EQ(std::get<audit::SwitchDetail>(h.last(EventType::kTransportSwitch)->detail).to,
            h.gateway_at);
}

TEST(Replay, AHeartbeatOfADrainingEpochAsksForNothing) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  // Made under the first binding, heard only after the second has begun.
  h.dead[kWifi] = true;
  h.gateway->reattach_wanted = true;
  h.gateway->send_heartbeat(h.now);
  h.gateway->reattach_wanted = false;
  h.dead[kWifi] = false;
  const Message late = h.gateway_said.back();
  h.gateway->challenge(wire::ChallengeKind::kInPlace, {h.client_at(kWifi)});
  ASSERT_TRUE(h.run_until([&] { return h.gateway->commits == 1; }, seconds(1)));
  ASSERT_TRUE(h.run_until([&] { return h.state() == State::kAttached; }, seconds(1)));
  const std::uint64_t stale = h.dropped(DropReason::kReplayDuplicate);
  Message copy = late;
  const RxDatagram datagram{.bytes = copy, .from = h.gateway_at};
  h.engine->on_datagrams(kWifi, {&datagram, 1}, h.now);
  EXPECT_EQ(h.dropped(DropReason::kReplayDuplicate), stale);
  EXPECT_EQ(h.state(), State::kAttached);
  EXPECT_EQ(h.count(EventType::kReattachAttempt), 1U) << "the gateway's own check";
}

TEST(Replay, ACloseOfAnotherSessionEndsNothing) {
  Harness h;
  h.attach();
  SessionId other = h.gateway->session_id();
  other.bytes[5] ^= 1;
  h.gateway->send_control_close(1, other);
  h.run(milliseconds(100));
  EXPECT_EQ(h.dropped(DropReason::kControlWrongSession), 1U);
  EXPECT_TRUE(h.engine->attached());
}

TEST(Replay, AfterTheirDrainTheOldControlKeysOpenNothing) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.dead[kWifi] = true;
  h.gateway->send_control_close(1, h.gateway->session_id());
  Message late = h.gateway_said.back();
  h.dead[kWifi] = false;
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.count(EventType::kKeyRotated) == 1; }, seconds(3)));
  h.gateway->rekey_wanted = false;
  ASSERT_TRUE(h.run_until([&] { return h.count(EventType::kKeyExpired) == 1; }, seconds(3)));
  const RxDatagram datagram{.bytes = late, .from = h.gateway_at};
  h.engine->on_datagrams(kWifi, {&datagram, 1}, h.now);
  EXPECT_EQ(h.dropped(DropReason::kEpochUnknown), 1U);
  EXPECT_TRUE(h.engine->attached());
}

TEST(Replay, AnIntervalOfZeroAnnouncesNothing) {
  Harness h;
  h.attach();
  h.gateway->announced_ms = 0;
  h.stream(seconds(4), milliseconds(20));
  EXPECT_EQ(h.dropped(DropReason::kWireBadField), 0U);
  EXPECT_EQ(h.state(), State::kAttached);
}

TEST(Replay, ARefusalPutsTheNextAttemptOffOnce) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->refuse_jump = wire::Refusal{};
  h.gateway->refuse_jump->reason = Reason::kCooldownActive;
  h.gateway->refuse_jump->retry_after_ms = 700;
  const MonoNs begin = h.now;
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.count(EventType::kReattachResult) == 1; }, seconds(1)));
  while (h.uplink() != kCell && h.now < begin + seconds(3)) {
    h.replay(wire::Type::kRefusal, kCell, h.gateway_at);
    h.run(milliseconds(50));
  }
  EXPECT_EQ(h.uplink(), kCell);
  EXPECT_LE((h.now - begin).ms(), 700 + 4 * 120 + 50);
  EXPECT_EQ(h.count(EventType::kTransportSwitchDenied), 1U);
}

}  // namespace
}  // namespace jumpgate::client::testing
