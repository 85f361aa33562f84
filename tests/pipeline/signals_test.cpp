// What a worker tells of the figures of a bound path: the crossings of their thresholds, each once
// (spec/heartbeat.md "Signals").
#include "proposal.hpp"
#include "session/liveness.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;

class Signals : public ::testing::Test {
 protected:
  void SetUp() override {
    h_.policy.tolerance = {.loss_window = seconds(2),
                           .loss_permille = 200,
                           .max_consecutive_drops = 3,
                           .latency_p95 = seconds(1)};
    client_ = h_.attached(0, 0);
    sent_ = 1;  // its heartbeat
    arrived_ = 1;
  }
  /// The worker sends `n` packets down, `lost` of them in vain, and the client says so.
  void stream(unsigned n, unsigned lost) {
    for (unsigned i = 0; i < n; ++i)
      h_.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
    h_.poll();
    const auto out = h_.opened(client_);
    ASSERT_GE(out.size(), n);
    sent_ += out.size();
    arrived_ += out.size() - lost;
    say();
  }
  void say() {
    wire::Heartbeat heartbeat;
    heartbeat.next_interval_ms = 500;
    heartbeat.send_time_us = 1;
    heartbeat.echo_time_us = echo_us_;
    if (arrived_us_ != 0) heartbeat.echo_delay_us = session::wire_time_us(h_.now) - arrived_us_;
    heartbeat.received_highest = sent_ - 1;
    heartbeat.received_count = arrived_;
    h_.put(client_, client_.heartbeat(heartbeat));
    h_.poll();
  }
  void jump() {
    client_ = jumped(h_, client_);
    sent_ = arrived_ = 1;
    echo_us_ = arrived_us_ = 0;
  }
  /// Without a silence.
  void pass_two_seconds() {
    for (int i = 0; i < 2; ++i) {
      h_.advance(milliseconds(1'050));
      say();
    }
  }
  /// An interval and a tick of the timers later, with a heartbeat of the worker's, which arrives at
  /// once or never.
  void beat(bool arrives) {
    h_.advance(milliseconds(510));
    stream(1, 0);  // stays quick
    if (arrives) echo_us_ = arrived_us_ = session::wire_time_us(h_.now);
    say();
  }
  void expect_one(ReportKind kind, Reason reason = Reason::kNone) {
    const auto all = h_.reports();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].report.kind, kind);
    EXPECT_EQ(all[0].report.value, static_cast<std::uint64_t>(reason));
    EXPECT_EQ(all[0].report.session, client_.ref);
    EXPECT_EQ(all[0].report.cid, client_.gateway_cid) << "names the binding it speaks of";
  }
  void expect_nothing_told() { EXPECT_TRUE(h_.reports().empty()); }

  Harness h_;
  Client client_;
  std::uint64_t sent_{0};
  std::uint64_t arrived_{0};
  std::uint32_t echo_us_{0};
  std::uint32_t arrived_us_{0};  // when the client got what it echoes
};

TEST_F(Signals, LossIsToldWhenItCrossesTheThresholdEitherWay) {
  stream(40, 8);
  expect_nothing_told();
  stream(40, 30);
  expect_one(ReportKind::kVolatile, Reason::kLossThresholdExceeded);
  stream(40, 30);
  expect_nothing_told();
  h_.advance(milliseconds(1'500));
  stream(40, 0);
  expect_nothing_told();
  h_.advance(milliseconds(600));
  stream(40, 0);
  expect_one(ReportKind::kStable);
  stream(40, 0);
  expect_nothing_told();
}

TEST_F(Signals, ItsOwnHeartbeatsLostInARowAreTold) {
  for (int i = 0; i < 5; ++i)
    beat(true);
  expect_nothing_told();
  for (int i = 0; i < 3; ++i)
    beat(false);
  expect_nothing_told();  // two of them, and one that may be under way
  for (int i = 0; i < 2; ++i)
    beat(false);
  expect_one(ReportKind::kVolatile, Reason::kConsecutiveDropExceeded);
  beat(true);
  expect_one(ReportKind::kStable);
}

TEST_F(Signals, LatencyIsTold) {
  const auto echo_after = [this](Duration round_trip) {
    echo_us_ = session::wire_time_us(h_.now) - static_cast<std::uint32_t>(round_trip.us());
    say();
    h_.advance(milliseconds(20));
  };
  pass_two_seconds();
  for (int i = 0; i < 30; ++i)
    echo_after(milliseconds(900));
  expect_nothing_told();
  echo_after(milliseconds(1'500));
  expect_nothing_told();
  echo_after(milliseconds(1'500));
  expect_one(ReportKind::kVolatile, Reason::kLatencyThresholdExceeded);
  for (int i = 0; i < 20; ++i)
    echo_after(milliseconds(100));
  expect_one(ReportKind::kStable);
}

TEST_F(Signals, TheThresholdsInForceAreThoseTheControllerSetLast) {
  stream(40, 6);
  expect_nothing_told();
  bus::LivenessPolicy narrower = h_.policy;
  narrower.tolerance.loss_permille = 100;
  ASSERT_TRUE(h_.command(client_.ref, bus::SetLiveness{.policy = narrower}));
  h_.opened(client_);
  say();
  expect_one(ReportKind::kVolatile, Reason::kLossThresholdExceeded);
}

TEST_F(Signals, TheLastWordIsOwedWhileTheRingIsFull) {
  bus::Report filler;
  while (h_.report_channels[0]->push(filler)) {
  }
  stream(40, 30);
  h_.reports();
  h_.advance(milliseconds(11));
  h_.poll();
  expect_one(ReportKind::kVolatile, Reason::kLossThresholdExceeded);
}

TEST_F(Signals, WhatHealedWhileTheRingWasFullIsToldAsHealedAlone) {
  bus::Report filler;
  while (h_.report_channels[0]->push(filler)) {
  }
  stream(40, 30);
  pass_two_seconds();
  stream(40, 0);
  h_.reports();
  h_.advance(milliseconds(11));
  h_.poll();
  expect_one(ReportKind::kStable);
}

TEST_F(Signals, OfAFormerBindingAreNotItsSuccessors) {
  stream(40, 30);
  expect_one(ReportKind::kVolatile, Reason::kLossThresholdExceeded);
  jump();
  stream(30, 0);
  expect_nothing_told();  // neither that it is bad nor that it is good again
  stream(40, 30);
  expect_one(ReportKind::kVolatile, Reason::kLossThresholdExceeded);
}

TEST_F(Signals, OwedOfAFormerBindingAreHistory) {
  for (bus::Report filler; h_.report_channels[0]->push(filler);) {
  }
  stream(40, 30);
  jump();
  h_.reports();
  h_.advance(milliseconds(11));
  h_.poll();
  expect_nothing_told();
}

}  // namespace
}  // namespace jumpgate::test
