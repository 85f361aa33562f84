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

}  // namespace
}  // namespace jumpgate::client::testing
