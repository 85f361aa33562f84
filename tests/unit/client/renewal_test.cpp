// A session that is replaced before it ends, and what is under way meanwhile.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

TEST(Renewal, ASuccessorIsMadeBeforeTheLifetimeEnds) {
  Harness h;
  h.gateway->policy.session.max_lifetime = seconds(600);
  h.attach();
  const MonoNs begin = h.now;
  h.run(seconds(539));
  EXPECT_EQ(h.engine->sessions(), 1U);
  ASSERT_TRUE(h.run_until([&] { return h.engine->sessions() == 2; }, seconds(2)));
  EXPECT_LT((h.now - begin).ms(), 541'000);
  EXPECT_EQ(h.engine->last_end(), Reason::kSuperseded);
  EXPECT_EQ(h.setups, 1U) << "nothing changed for the host";
  h.send_inner(9);
  h.run(milliseconds(300));
  EXPECT_EQ(h.gateway->received.size(), 1U);
}

TEST(Renewal, DataOnItsWayToTheOldSessionIsTakenAndNothingElse) {
  Harness h;
  h.gateway->policy.session.max_lifetime = seconds(100);
  h.attach();
  const SessionId old = h.engine->session()->core().record.id();
  h.run(seconds(89));
  h.dead.at(kWifi) = true;  // late, not lost
  h.gateway->send_data(inner_packet(9));
  h.gateway->reattach_wanted = true;
  h.gateway->send_heartbeat(h.now);
  h.gateway->reattach_wanted = false;
  Message heartbeat = h.gateway_said.back();
  h.dead.at(kWifi) = false;
  ASSERT_TRUE(h.run_until([&] { return h.engine->sessions() == 2; }, seconds(5)));
  ASSERT_TRUE(h.delivered.empty());

  h.replay(wire::Type::kData, kWifi, h.gateway_at);
  EXPECT_EQ(h.delivered, std::vector<std::uint32_t>{9});
  h.replay(wire::Type::kData, kWifi, h.gateway_at);
  EXPECT_EQ(h.dropped(DropReason::kReplayDuplicate), 1U);
  const auto sent = h.sent_over;
  const RxDatagram datagram{.bytes = heartbeat, .from = h.gateway_at};
  h.engine->on_datagrams(kWifi, {&datagram, 1}, h.now);
  EXPECT_EQ(h.dropped(DropReason::kSessionStateForbids), 1U);
  EXPECT_EQ(h.sent_over, sent) << "an ended session moves nowhere";
  EXPECT_NE(h.last(EventType::kSessionTerminated), nullptr);
  EXPECT_EQ(h.last(EventType::kSessionTerminated)->session, old);
  EXPECT_EQ(h.count(EventType::kKeyExpired), 0U);

  h.run(limits::kDrainMin + milliseconds(1));
  EXPECT_EQ(h.count(EventType::kKeyExpired), 1U);
  h.replay(wire::Type::kData, kWifi, h.gateway_at);
  EXPECT_EQ(h.dropped(DropReason::kCidUnknown), 1U);
}

TEST(Renewal, WithoutAnswerTheOldSessionLivesToItsEnd) {
  Harness h;
  h.gateway->policy.session.max_lifetime = seconds(100);
  h.attach();
  h.lose_outgoing = [](wire::Type t) { return t == wire::Type::kHello; };
  h.run(seconds(99));
  EXPECT_TRUE(h.engine->attached());
  h.run(seconds(2));
  EXPECT_EQ(h.engine->last_end(), Reason::kSessionLifetimeExceeded);
}

}  // namespace
}  // namespace jumpgate::client::testing
