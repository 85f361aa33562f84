// What makes the client leave a path that is up: spec/heartbeat.md "Silence", "Signals".
#include <gtest/gtest.h>

#include "harness.hpp"
#include "session/liveness.hpp"

namespace jumpgate::client::testing {
namespace {

/// The reason of the last step to `state`.
std::optional<Reason> why(const Harness& h, State state) {
  for (auto e = h.events.rbegin(); e != h.events.rend(); ++e) {
    const auto* change = std::get_if<audit::StateChangeDetail>(&e->detail);
    if (change != nullptr && change->now == state) return e->reason;
  }
  return std::nullopt;
}

TEST(Signals, AProbeThatStaysUnansweredIsADeadTransport) {
  Harness h;
  h.gateway->announced_ms = 25'000;
  h.attach();
  h.run(seconds(10));
  h.dead[kWifi] = true;
  h.run(seconds(10));
  ASSERT_EQ(h.state(), State::kAttached) << "idle: the peer may be silent for 100 s";
  h.engine->on_path_error(kWifi, h.now);
  h.run(milliseconds(1'990));
  EXPECT_EQ(h.state(), State::kAttached);
  h.run(seconds(1));
  EXPECT_EQ(why(h, State::kVolatile), Reason::kTransportDead);
  EXPECT_EQ(h.uplink(), kCell);
  EXPECT_EQ(h.state(), State::kAttached);
}

TEST(Signals, AProbeThatIsAnsweredIsForgotten) {
  Harness h;
  h.gateway->announced_ms = 25'000;
  h.attach();
  h.run(seconds(10));
  h.engine->on_path_error(kWifi, h.now);
  h.run(seconds(1));
  h.dead[kWifi] = true;
  h.run(seconds(20));
  EXPECT_EQ(why(h, State::kVolatile), std::nullopt);
}

TEST(Signals, TheIdleIntervalIsAnnouncedThreeTimesAtTheQuickPace) {
  Harness h;
  h.attach();
  h.run(milliseconds(2990));
  const unsigned before = h.gateway->heard[wire::Type::kHeartbeat];
  h.run(seconds(10));
  EXPECT_EQ(h.gateway->heard[wire::Type::kHeartbeat], before + session::kIdleAnnouncements);
}

TEST(Signals, IdleSilenceIsJudgedByTheAnnouncedInterval) {
  Harness h;
  h.attach();
  h.run(seconds(30));
  EXPECT_EQ(h.state(), State::kAttached);
  // Idle: heartbeats of the client are 25 s apart.
  const unsigned before = h.gateway->heard[wire::Type::kHeartbeat];
  h.run(seconds(24));
  EXPECT_LE(h.gateway->heard[wire::Type::kHeartbeat], before + 1);
}

/// Traffic in use on wifi, whose way to the gateway loses every `n`th message from now on.
void lose_every(Harness& h, unsigned n) {
  h.lose_over = [n, count = 0U](UplinkId uplink, wire::Type) mutable {
    return uplink == kWifi && ++count % n == 0;
  };
}

TEST(Signals, LossOverTheWindowMovesTheSession) {
  Harness h;
  h.attach();
  h.stream(seconds(3), milliseconds(10));
  ASSERT_EQ(why(h, State::kVolatile), std::nullopt);
  lose_every(h, 3);
  h.stream(seconds(3), milliseconds(10));
  EXPECT_EQ(why(h, State::kVolatile), Reason::kLossThresholdExceeded);
  EXPECT_EQ(why(h, State::kRecovering), Reason::kLossRecovery);
  EXPECT_EQ(h.state(), State::kAttached);
  EXPECT_EQ(h.uplink(), kCell);
  const auto* move = h.last(EventType::kTransportSwitch);
  ASSERT_NE(move, nullptr);
  EXPECT_GT(std::get<audit::SwitchDetail>(move->detail).loss_permille, 200U);
}

TEST(Signals, LossBelowTheThresholdIsBorne) {
  Harness h;
  h.attach();
  lose_every(h, 10);
  h.stream(seconds(10), milliseconds(10));
  EXPECT_EQ(why(h, State::kVolatile), std::nullopt);
}

TEST(Signals, HeartbeatsLostInARowMoveTheSessionThoughThePeerIsHeard) {
  Harness h;
  h.attach();
  h.run(seconds(1));
  h.lose_over = [](UplinkId uplink, wire::Type type) {
    return uplink == kWifi && type == wire::Type::kHeartbeat;
  };
  // Heartbeats quick: the client is sent to, and sends too little for a loss in percent.
  for (int i = 0; i < 40 && h.uplink() == kWifi; ++i) {
    h.gateway->send_data(inner_packet(static_cast<std::uint32_t>(i)));
    h.run(milliseconds(200));
  }
  EXPECT_EQ(why(h, State::kVolatile), Reason::kConsecutiveDropExceeded);
  EXPECT_EQ(h.uplink(), kCell);
}

TEST(Signals, LatencyMovesTheSession) {
  Harness h;
  h.attach();
  h.delay[kWifi] = milliseconds(600);
  h.stream(seconds(15), milliseconds(100));
  EXPECT_EQ(why(h, State::kVolatile), Reason::kLatencyThresholdExceeded);
  EXPECT_EQ(h.uplink(), kCell);
}

TEST(Signals, WithoutABetterPathTheSessionStaysDegradedAndHealsInPlace) {
  Harness h;
  h.up(kWifi);
  h.engine->start(h.now);
  ASSERT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(10)));
  lose_every(h, 3);
  h.stream(seconds(30), milliseconds(10));
  EXPECT_EQ(h.state(), State::kDegraded);
  EXPECT_EQ(why(h, State::kDegraded), Reason::kVolatilePersisted);
  EXPECT_TRUE(h.attempts().empty()) << "a proof of a path that is heard would tell nothing";
  h.lose_over = nullptr;
  h.stream(seconds(4), milliseconds(10));
  EXPECT_EQ(h.state(), State::kAttached);
  EXPECT_EQ(why(h, State::kRecovering), Reason::kInPlaceRecovery);
}

TEST(Signals, APathThatHoversAtItsThresholdIsNotHealed) {
  Harness h;
  h.up(kWifi);
  h.engine->start(h.now);
  ASSERT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(10)));
  lose_every(h, 3);
  for (int i = 0; i < 300 && h.state() == State::kAttached; ++i)
    h.stream(milliseconds(10), milliseconds(10));
  ASSERT_EQ(h.state(), State::kVolatile);
  lose_every(h, 8);
  h.stream(seconds(10), milliseconds(10));
  EXPECT_EQ(h.state(), State::kDegraded)
      << "an eighth is less than the threshold, more than half of it";
  EXPECT_EQ(why(h, State::kDegraded), Reason::kVolatilePersisted);
  EXPECT_EQ(why(h, State::kRecovering), std::nullopt);
}

TEST(Signals, ALossyPathIsNotLeftForOneThatWasNoBetter) {
  Harness h;
  h.attach();
  lose_every(h, 3);
  h.stream(seconds(4), milliseconds(10));
  ASSERT_EQ(h.uplink(), kCell) << "wifi is known to be lossy now";
  h.lose_over = [count = 0U](UplinkId, wire::Type) mutable { return ++count % 3 == 0; };
  h.stream(seconds(10), milliseconds(10));
  EXPECT_EQ(h.uplink(), kCell);
  EXPECT_TRUE(h.state() == State::kVolatile || h.state() == State::kDegraded);
}

}  // namespace
}  // namespace jumpgate::client::testing
