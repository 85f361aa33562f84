// The handshake: each message lost once, cookies, refusals, and what must not change anything.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

TEST(Handshake, AttachesAndCarriesDataBothWays) {
  Harness h;
  h.attach();
  EXPECT_EQ(h.uplink(), kWifi);
  EXPECT_EQ(h.setup->mtu, 1400);
  EXPECT_EQ(h.setup->address_count, 1);
  h.stream(seconds(1), milliseconds(10));
  h.run(milliseconds(200));
  EXPECT_TRUE(h.all_up_once());
  EXPECT_TRUE(h.all_down_once());
  EXPECT_EQ(h.states(), std::vector{State::kAttached});
  EXPECT_NEAR(static_cast<double>(h.engine->session()->core().rtt.smoothed().ms()), 40, 2);
}

TEST(Handshake, TakesTwoRoundTrips) {
  Harness h;
  const MonoNs begin = h.now;
  h.attach();
  EXPECT_EQ((h.now - begin).ms(), 80);
}

class HandshakeLoss : public ::testing::TestWithParam<wire::Type> {};
TEST_P(HandshakeLoss, IsSurvived) {
  Harness h;
  h.lose_outgoing = lose_first(GetParam(), 1);
  h.gateway->lose_outgoing = lose_first(GetParam(), 1);
  h.attach();
  h.send_inner(1);
  h.run(milliseconds(200));
  EXPECT_EQ(h.gateway->received.size(), 1U);
}
INSTANTIATE_TEST_SUITE_P(EachMessage, HandshakeLoss,
                         ::testing::Values(wire::Type::kHello, wire::Type::kWelcome,
                                           wire::Type::kConfirm, wire::Type::kAck));

TEST(Handshake, CounterIsWrittenBeforeEachHello) {
  Harness h(41);
  h.lose_outgoing = [&](wire::Type type) {
    EXPECT_TRUE(type != wire::Type::kHello || h.counters.value >= 42);
    return false;
  };
  h.attach();
  EXPECT_EQ(h.counters.value, 42U);
  EXPECT_EQ(h.gateway->highest_counter, 42U);
}

TEST(Handshake, NothingIsSentWhenTheCounterCannotBeWritten) {
  Harness h;
  h.counters.broken = true;
  h.start();
  h.run(seconds(5));
  EXPECT_EQ(h.sent_over[kWifi] + h.sent_over[kCell], 0U);
  EXPECT_TRUE(h.engine->handshake().report().counter_not_written);
}

TEST(Handshake, LowCounterIsRaisedAndTriedAtOnce) {
  Harness h(3);
  h.gateway->highest_counter = 1000;
  const MonoNs begin = h.now;
  h.attach();
  EXPECT_EQ(h.counters.value, 1001U);
  EXPECT_LT((h.now - begin).ms(), 200);
}

TEST(Handshake, ACounterThatLeavesNoneIsNotTaken) {
  Harness h(3);
  h.gateway->highest_counter = UINT64_MAX;
  h.start();
  h.run(seconds(3));
  EXPECT_LT(h.counters.value, 10U);
  EXPECT_GE(h.dropped(DropReason::kWireBadField), 1U);
  h.gateway->highest_counter = 0;
  EXPECT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(10)));
}

TEST(Handshake, AfterTheLastCounterNoneIsSent) {
  Harness h(UINT64_MAX);
  h.start();
  h.run(seconds(3));
  EXPECT_EQ(h.counters.value, UINT64_MAX);
  EXPECT_EQ(h.gateway->heard[wire::Type::kHello], 0U);
  EXPECT_TRUE(h.engine->handshake().report().counter_not_written);
}

TEST(Handshake, AWelcomeOutsideItsBoundsIsDropped) {
  using Alter = std::function<void(wire::WelcomePayload&)>;
  const std::vector<std::pair<bool, Alter>> cases{
      {true, [](wire::WelcomePayload& w) { w.inner_mtu = 1280; }},
      {true, [](wire::WelcomePayload& w) { w.inner_mtu = 1440; }},
      {false, [](wire::WelcomePayload& w) { w.inner_mtu = 1279; }},
      {false, [](wire::WelcomePayload& w) { w.inner_mtu = 1441; }},
      {false, [](wire::WelcomePayload& w) { w.jump_id_count = 0, w.jump_ids = {}; }},
      {false, [](wire::WelcomePayload& w) { w.jump_ids[1] = w.jump_ids[0]; }},
      {false, [](wire::WelcomePayload& w) { w.address_count = 0, w.addresses = {}; }},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Harness h;
    h.gateway->alter_welcome = cases.at(i).second;
    h.start();
    EXPECT_EQ(h.run_until([&] { return h.engine->attached(); }, milliseconds(900)),
              cases.at(i).first)
        << i;
    EXPECT_EQ(h.dropped(DropReason::kWireBadField), cases.at(i).first ? 0U : 1U) << i;
  }
}

TEST(Handshake, ACounterIsRaisedAtOnceOnlyOnce) {
  Harness h;
  h.gateway->refuse_hello = Reason::kHelloCounterLow;
  h.gateway->highest_counter = 5;
  h.start();
  h.run(milliseconds(900));
  EXPECT_EQ(h.gateway->heard[wire::Type::kHello], 2U);
}

TEST(Handshake, AfterASessionThatEndsYoungThereIsAPause) {
  Harness h;
  h.attach();
  h.gateway->send_close(Reason::kOperatorTerminated);
  h.run(milliseconds(900));
  EXPECT_EQ(h.gateway->heard[wire::Type::kHello], 1U);
  EXPECT_TRUE(h.run_until([&] { return h.engine->attached(); }, milliseconds(400)));
}

TEST(Handshake, CookieIsReturnedAtOnce) {
  Harness h;
  h.gateway->under_load = true;
  const MonoNs begin = h.now;
  h.attach();
  EXPECT_EQ(h.gateway->heard[wire::Type::kHello], 2U);
  EXPECT_LT((h.now - begin).ms(), 200);
}

TEST(Handshake, ReplayedCookieFromElsewhereMovesNothing) {
  Harness h;
  h.gateway->under_load = true;
  h.start();
  h.run_until([&] { return h.gateway->sent[wire::Type::kCookieReply] == 1; }, seconds(1));
  Message cookie = h.gateway_said.back();
  const RxDatagram from_elsewhere{.bytes = cookie, .from = v4(66, 6, 666)};
  h.engine->on_datagrams(kWifi, {&from_elsewhere, 1}, h.now);
  EXPECT_EQ(h.dropped(DropReason::kCidUnknown), 1U);
  h.run_until([&] { return h.engine->attached(); }, seconds(2));
  EXPECT_EQ(h.engine->session()->core().tunnel.knows(ConnectionId{0}), false);
  EXPECT_EQ(h.engine->uplinks().gateway(kWifi), h.gateway_at);
  // Again once it is used up: dropped, and no HELLO follows.
  const unsigned hellos = h.gateway->heard[wire::Type::kHello];
  Message again = cookie;
  const RxDatagram replay{.bytes = again, .from = h.gateway_at};
  h.engine->on_datagrams(kWifi, {&replay, 1}, h.now);
  h.run(seconds(1));
  EXPECT_EQ(h.gateway->heard[wire::Type::kHello], hellos);
}

TEST(Handshake, RefusalIsReportedAndTriedLater) {
  Harness h;
  h.gateway->refuse_hello = Reason::kCapacityExhausted;
  h.start();
  h.run(seconds(12));
  EXPECT_EQ(h.engine->handshake().report().refused, Reason::kCapacityExhausted);
  EXPECT_LE(h.gateway->heard[wire::Type::kHello], 4U);
  h.gateway->refuse_hello.reset();
  EXPECT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(6)));
}

TEST(Handshake, VersionRefusalIsAHintOnly) {
  Harness h;
  h.gateway->refuse_version = true;
  h.start();
  h.run(seconds(3));
  EXPECT_TRUE(h.engine->handshake().report().version_refused);
  h.gateway->refuse_version = false;
  EXPECT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(10)));
}

TEST(Handshake, TriesTheNextUplinkWhenOneIsSilent) {
  Harness h;
  h.dead[kWifi] = true;
  h.start();
  EXPECT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(5)));
  EXPECT_EQ(h.uplink(), kCell);
}

TEST(Handshake, WaitsForAnUplink) {
  Harness h;
  h.engine->start(h.now);
  h.run(seconds(60));
  EXPECT_EQ(h.sent_over[kWifi] + h.sent_over[kCell], 0U);
  h.up(kCell);
  EXPECT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(1)));
}

TEST(Handshake, ABirthWithoutAnswerEndsAndBeginsAnew) {
  Harness h;
  h.gateway->lose_outgoing = [](wire::Type t) {
    return t == wire::Type::kAck || t == wire::Type::kHeartbeat;
  };
  h.start();
  h.run(milliseconds(5200));
  EXPECT_FALSE(h.engine->attached());
  EXPECT_EQ(h.engine->last_end(), Reason::kHandshakeTimeout);
  h.gateway->lose_outgoing = {};
  EXPECT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(5)));
}

TEST(Handshake, APathWithoutConfirmationIsNotTheFirstOfTheNextAttempt) {
  Harness h;
  h.gateway->lose_outgoing = [](wire::Type t) {
    return t == wire::Type::kAck || t == wire::Type::kHeartbeat;
  };
  h.start();
  h.run(milliseconds(4900));
  ASSERT_EQ(h.sent_over[kCell], 0U);
  h.run(milliseconds(300));
  ASSERT_EQ(h.engine->last_end(), Reason::kHandshakeTimeout);
  h.gateway->lose_outgoing = {};
  ASSERT_TRUE(h.run_until([&] { return h.engine->attached(); }, seconds(5)));
  EXPECT_EQ(h.uplink(), kCell);
}

TEST(Handshake, HellosAreBoundedInRate) {
  Harness h;
  h.dead = {true, true};
  h.start();
  h.run(seconds(60));
  // 1 s growing to 5 s plus jitter.
  EXPECT_LE(h.sent_over[kWifi] + h.sent_over[kCell], 17U);
  EXPECT_GE(h.sent_over[kWifi] + h.sent_over[kCell], 10U);
}

}  // namespace
}  // namespace jumpgate::client::testing
