#include "session/liveness.hpp"

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

constexpr MonoNs kStart{5'000'000'000'000};

wire::Heartbeat announcing(std::uint16_t interval_ms) {
  wire::Heartbeat heartbeat;
  heartbeat.next_interval_ms = interval_ms;
  heartbeat.send_time_us = 77;
  return heartbeat;
}

class LivenessTest : public ::testing::Test {
 protected:
  void hear(std::uint16_t interval_ms, MonoNs now) {
    liveness_.on_authentic(now);
    liveness_.on_heartbeat(announcing(interval_ms), now);
  }
  // Sends every heartbeat as it falls due until `end`; returns the time of the last.
  MonoNs send_until(MonoNs now, MonoNs end) {
    MonoNs last = now;
    for (; now <= end; now = now + milliseconds(1)) {
      if (liveness_.next_due() > now) continue;
      liveness_.on_sent(now);
      last = now;
    }
    return last;
  }

  LivenessTimers timers_;
  Liveness liveness_{timers_, kStart};
};

TEST_F(LivenessTest, TheFirstHeartbeatIsDueAtOnceThenAtTheQuickInterval) {
  EXPECT_LE(liveness_.next_due(), kStart);
  EXPECT_EQ(liveness_.make(kStart).next_interval_ms, 500);
  liveness_.on_sent(kStart);
  EXPECT_EQ(liveness_.next_due(), kStart + milliseconds(500));
}

TEST_F(LivenessTest, WithoutTrafficItIsIdleAfterThreeSeconds) {
  EXPECT_EQ(liveness_.interval(kStart + seconds(3) - nanoseconds(1)), timers_.interval);
  EXPECT_EQ(liveness_.interval(kStart + seconds(3)), timers_.idle_interval);
  EXPECT_EQ(liveness_.make(kStart + seconds(3)).next_interval_ms, 25'000);
}

TEST_F(LivenessTest, TheIdleIntervalIsAnnouncedThreeTimesAtTheQuickPace) {
  const MonoNs last_quick_pace = send_until(kStart, kStart + seconds(20));
  EXPECT_EQ(last_quick_pace, kStart + milliseconds(4'000));  // 3.0, 3.5 and 4.0 s announce it
  EXPECT_EQ(liveness_.next_due(), last_quick_pace + seconds(25));
}

TEST_F(LivenessTest, TrafficAfterIdleMakesOneDueAtOnceWhichAsksForAReply) {
  send_until(kStart, kStart + seconds(20));
  hear(25'000, kStart + seconds(20));
  const MonoNs now = kStart + seconds(22);
  EXPECT_FALSE(liveness_.make(now).reply_wanted);
  liveness_.on_traffic(now);
  EXPECT_LE(liveness_.next_due(), now);
  EXPECT_TRUE(liveness_.make(now).reply_wanted);
  EXPECT_EQ(liveness_.make(now).next_interval_ms, 500);
  liveness_.on_sent(now);
  EXPECT_EQ(liveness_.next_due(), now + milliseconds(500));
  hear(500, now + milliseconds(40));
  EXPECT_FALSE(liveness_.make(now + milliseconds(50)).reply_wanted);
}

TEST_F(LivenessTest, ChangesThatAreNoneMakeNothingDue) {
  liveness_.on_sent(kStart);
  liveness_.on_traffic(kStart + milliseconds(10));
  liveness_.set_quick(true, kStart + milliseconds(20));
  EXPECT_EQ(liveness_.next_due(), kStart + milliseconds(500));
}

TEST_F(LivenessTest, SilenceShowsOnceAfterTheFloor) {
  hear(500, kStart);
  liveness_.on_traffic(kStart);
  EXPECT_EQ(liveness_.silence_deadline(), kStart + seconds(2));
  EXPECT_FALSE(liveness_.poll_silence(kStart + seconds(2) - nanoseconds(1)));
  EXPECT_TRUE(liveness_.poll_silence(kStart + seconds(2)));
  EXPECT_TRUE(liveness_.silent());
  EXPECT_FALSE(liveness_.poll_silence(kStart + seconds(3)));
  EXPECT_EQ(liveness_.silence_deadline(), kNever);
}

TEST_F(LivenessTest, TheAliveEdgeShowsOnceAndRearms) {
  ASSERT_TRUE(liveness_.poll_silence(kStart + seconds(2)));
  EXPECT_TRUE(liveness_.on_authentic(kStart + seconds(5)));
  EXPECT_FALSE(liveness_.on_authentic(kStart + seconds(5)));
  EXPECT_TRUE(liveness_.poll_silence(kStart + seconds(7)));
}

TEST_F(LivenessTest, ALongAnnouncedIntervalStretchesTheThresholdWhileWeAreIdleToo) {
  const MonoNs now = kStart + seconds(10);
  hear(25'000, now);
  EXPECT_EQ(liveness_.silence_deadline(), now + seconds(100));
  EXPECT_FALSE(liveness_.poll_silence(now + seconds(99)));
  EXPECT_TRUE(liveness_.poll_silence(now + seconds(100)));
}

TEST_F(LivenessTest, GoingQuickCountsSilenceAnewAtOurPace) {
  const MonoNs heard = kStart + seconds(10);
  hear(25'000, heard);
  const MonoNs traffic = heard + seconds(20);
  liveness_.on_traffic(traffic);
  EXPECT_EQ(liveness_.silence_deadline(), traffic + seconds(2));
  // Heard by then, and idle before the next threshold is over: the peer's own pace counts again.
  hear(25'000, traffic + milliseconds(1'500));
  EXPECT_EQ(liveness_.silence_deadline(), traffic + milliseconds(1'500) + seconds(100));
}

TEST_F(LivenessTest, NotAttachedIsQuickWhateverTheTraffic) {
  const MonoNs now = kStart + seconds(60);
  hear(25'000, now);
  liveness_.set_quick(true, now);
  EXPECT_EQ(liveness_.interval(now), timers_.interval);
  EXPECT_EQ(liveness_.silence_deadline(), now + seconds(2));
  EXPECT_LE(liveness_.next_due(), now);
  liveness_.set_quick(false, now);
  EXPECT_EQ(liveness_.interval(now), timers_.idle_interval);
}

TEST_F(LivenessTest, AnEchoGivesTheRoundTripWithoutTheTimeItWaited) {
  wire::Heartbeat echo = announcing(500);
  echo.echo_time_us = wire_time_us(kStart);
  echo.echo_delay_us = 15'000;
  EXPECT_EQ(liveness_.on_heartbeat(echo, kStart + milliseconds(55)), milliseconds(40));
}

TEST_F(LivenessTest, EchoesThatCanNotBeAreNoSample) {
  wire::Heartbeat echo = announcing(500);
  EXPECT_EQ(liveness_.on_heartbeat(echo, kStart), std::nullopt);  // none
  echo.echo_time_us = wire_time_us(kStart + seconds(1));          // from the future
  EXPECT_EQ(liveness_.on_heartbeat(echo, kStart), std::nullopt);
  echo.echo_time_us = wire_time_us(kStart);
  echo.echo_delay_us = 2'000'000;  // waited longer than it was away
  EXPECT_EQ(liveness_.on_heartbeat(echo, kStart + seconds(1)), std::nullopt);
}

TEST_F(LivenessTest, AnEchoOfWhatAnotherEpochSentIsNoSample) {
  wire::Heartbeat echo = announcing(500);
  echo.echo_time_us = wire_time_us(kStart);
  liveness_.begin_epoch(kStart + milliseconds(10));
  EXPECT_EQ(liveness_.on_heartbeat(echo, kStart + milliseconds(40)), std::nullopt);
  echo.echo_time_us = wire_time_us(kStart + milliseconds(10));
  EXPECT_EQ(liveness_.on_heartbeat(echo, kStart + milliseconds(40)), milliseconds(30));
}

TEST_F(LivenessTest, TheWireClockWrapsWithoutASpike) {
  const MonoNs before_wrap{(std::uint64_t{1} << 32) * 1000 - 10'000};
  liveness_.begin_epoch(before_wrap);
  wire::Heartbeat echo = announcing(500);
  echo.echo_time_us = wire_time_us(before_wrap);
  EXPECT_EQ(liveness_.on_heartbeat(echo, before_wrap + milliseconds(30)), milliseconds(30));
  EXPECT_EQ(wire_time_us(MonoNs{(std::uint64_t{1} << 32) * 1000}), 1U);
}

TEST_F(LivenessTest, WhatWasHeardIsEchoedWithItsWait) {
  EXPECT_EQ(liveness_.make(kStart).echo_time_us, 0U);
  hear(500, kStart);
  const wire::Heartbeat heartbeat = liveness_.make(kStart + milliseconds(7));
  EXPECT_EQ(heartbeat.echo_time_us, 77U);
  EXPECT_EQ(heartbeat.echo_delay_us, 7'000U);
  liveness_.begin_epoch(kStart);
  EXPECT_EQ(liveness_.make(kStart).echo_time_us, 0U);
}

TEST_F(LivenessTest, RepliesAreLimitedDoNotAskAndDoNotMoveTheSchedule) {
  liveness_.on_sent(kStart);
  hear(25'000, kStart);
  const auto reply = liveness_.make_reply(kStart + milliseconds(200));
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->reply_wanted);
  EXPECT_FALSE(liveness_.make_reply(kStart + milliseconds(299)));
  EXPECT_TRUE(liveness_.make_reply(kStart + milliseconds(300)));
  EXPECT_EQ(liveness_.next_due(), kStart + milliseconds(500));
}

TEST_F(LivenessTest, AProbeAsksAtMostOnceASecondAndDoesNotMoveTheSchedule) {
  liveness_.on_sent(kStart);
  const auto probe = liveness_.make_probe(kStart + milliseconds(100));
  ASSERT_TRUE(probe);
  EXPECT_TRUE(probe->reply_wanted);
  EXPECT_FALSE(liveness_.make_probe(kStart + milliseconds(1'099)));
  EXPECT_TRUE(liveness_.make_probe(kStart + milliseconds(1'100)));
  EXPECT_EQ(liveness_.next_due(), kStart + milliseconds(500));
}

TEST_F(LivenessTest, AnUnansweredProbeIsADeadTransportAtTheQuickPace) {
  const MonoNs now = kStart + seconds(60);
  hear(25'000, now);
  ASSERT_EQ(liveness_.silence_deadline(), now + seconds(100));
  ASSERT_TRUE(liveness_.make_probe(now + seconds(1)));
  ASSERT_TRUE(liveness_.make_probe(now + seconds(2)));
  EXPECT_EQ(liveness_.silence_deadline(), now + seconds(3)) << "the first one counts";
  EXPECT_EQ(liveness_.poll_silence(now + seconds(3) - nanoseconds(1)), std::nullopt);
  EXPECT_EQ(liveness_.poll_silence(now + seconds(3)), Reason::kTransportDead);
}

TEST_F(LivenessTest, AnythingAuthenticAnswersAProbe) {
  const MonoNs now = kStart + seconds(60);
  hear(25'000, now);
  ASSERT_TRUE(liveness_.make_probe(now));
  liveness_.on_authentic(now + milliseconds(50));
  EXPECT_EQ(liveness_.silence_deadline(), now + milliseconds(50) + seconds(100));
  EXPECT_EQ(liveness_.poll_silence(now + seconds(101)), Reason::kHeartbeatTimeout);
}

TEST_F(LivenessTest, ANewBindingAnnouncesItsIdlePaceAnew) {
  send_until(kStart, kStart + seconds(20));
  const MonoNs now = kStart + seconds(30);
  liveness_.restart(now, now);
  EXPECT_EQ(send_until(now, now + seconds(10)), now + milliseconds(1'000));
}

TEST_F(LivenessTest, ANewBindingStartsAnew) {
  hear(25'000, kStart);
  liveness_.on_sent(kStart);
  ASSERT_TRUE(liveness_.poll_silence(kStart + seconds(200)));
  const MonoNs now = kStart + seconds(201);
  liveness_.restart(now, now);
  EXPECT_FALSE(liveness_.silent());
  EXPECT_LE(liveness_.next_due(), now);
  EXPECT_EQ(liveness_.make(now).echo_time_us, 0U);
  EXPECT_EQ(liveness_.silence_deadline(), now + seconds(2));
}

}  // namespace
}  // namespace jumpgate::session
