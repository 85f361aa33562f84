#include "session/path_quality.hpp"

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

constexpr Duration kWindow = seconds(2);
constexpr std::uint64_t kSent = 1'000'000;

class PathQualityTest : public ::testing::Test {
 protected:
  /// Half a second later the peer says: `received` of the next `sent` messages came.
  void report(std::uint64_t sent, std::uint64_t received) {
    now_ = now_ + milliseconds(500);
    highest_ += sent;
    count_ += received;
    quality_.on_report(said(), kSent, kWindow, now_);
  }
  [[nodiscard]] wire::Heartbeat said() const {
    wire::Heartbeat heartbeat;
    heartbeat.received_highest = highest_ == 0 ? wire::kNothingReceived : highest_ - 1;
    heartbeat.received_count = count_;
    heartbeat.echo_time_us = echo_;
    return heartbeat;
  }
  [[nodiscard]] unsigned loss() const { return quality_.figures(0).loss_permille; }
  [[nodiscard]] unsigned drops(unsigned in_flight) const {
    return quality_.figures(in_flight).consecutive_drops;
  }

  MonoNs now_{5'000'000'000'000};
  std::uint64_t highest_{0};
  std::uint64_t count_{0};
  std::uint32_t echo_{0};
  PathQuality quality_;
};

TEST_F(PathQualityTest, LossIsThatOfTheWindowAlone) {
  EXPECT_EQ(loss(), 0U);
  report(100, 70);
  EXPECT_EQ(loss(), 300U);
  report(100, 100);
  EXPECT_EQ(loss(), 150U);
  report(100, 100);
  report(100, 100);
  EXPECT_EQ(loss(), 75U);
  report(100, 100);
  EXPECT_EQ(loss(), 0U) << "what was lost two seconds ago has left the window";
}

TEST_F(PathQualityTest, ReportsThatComeSeldomLeaveTheWindowInItsTime) {
  report(100, 0);
  for (int i = 0; i < 3; ++i) {
    now_ = now_ + milliseconds(400);
    report(100, 100);  // 0.9 s after the one before
  }
  EXPECT_EQ(loss(), 0U);
}

TEST_F(PathQualityTest, AFewPacketsAreNoGroundForALoss) {
  report(PathQuality::kMinPackets - 1, 0);
  EXPECT_EQ(loss(), 0U);
  report(1, 0);
  EXPECT_EQ(loss(), 1000U);
}

TEST_F(PathQualityTest, LatePacketsMakeUpForTheirLossAndNoMore) {
  report(100, 80);
  report(100, 120);
  EXPECT_EQ(loss(), 0U);
  report(100, 100);
  EXPECT_EQ(loss(), 0U);
}

TEST_F(PathQualityTest, AWindowWithoutReportsForgetsEverything) {
  report(100, 0);
  now_ = now_ + seconds(60);
  report(100, 100);
  EXPECT_EQ(loss(), 0U);
}

TEST_F(PathQualityTest, ImpossibleReportsChangeNothing) {
  report(100, 50);
  ASSERT_EQ(loss(), 500U);
  wire::Heartbeat heartbeat = said();
  heartbeat.received_highest = kSent;  // more than was sent
  quality_.on_report(heartbeat, kSent, kWindow, now_);
  heartbeat.received_highest = 49;  // falls back
  heartbeat.received_count = 50;
  quality_.on_report(heartbeat, kSent, kWindow, now_);
  heartbeat.received_highest = 150;
  heartbeat.received_count = 152;  // more than could be
  quality_.on_report(heartbeat, kSent, kWindow, now_);
  heartbeat.received_count = 49;  // falls back
  quality_.on_report(heartbeat, kSent, kWindow, now_);
  EXPECT_EQ(loss(), 500U);
  report(100, 100);
  EXPECT_EQ(loss(), 250U);
}

TEST_F(PathQualityTest, HeartbeatsThatDoNotComeBackAreDropsInARow) {
  for (std::uint32_t beat = 1; beat <= 3; ++beat) {
    quality_.on_sent();
    echo_ = beat;
    report(1, 1);
    EXPECT_EQ(drops(1), 0U);
  }
  // From now on nothing of ours arrives; the peer goes on reporting.
  for (unsigned beat = 1; beat <= 5; ++beat) {
    quality_.on_sent();
    report(0, 0);
    EXPECT_EQ(drops(1), beat - 1) << "the last one may be on its way";
  }
  echo_ = 8;
  report(1, 1);
  EXPECT_EQ(drops(1), 0U);
}

TEST_F(PathQualityTest, DropsInARowCountBeforeAnyEchoToo) {
  for (int beat = 0; beat < 300; ++beat)
    quality_.on_sent();
  EXPECT_EQ(drops(1), 254U) << "no more than any policy asks about";
}

TEST_F(PathQualityTest, TheSecondLargestOfTwentyRoundTripsIsTheirP95) {
  for (unsigned i = 0; i < PathQuality::kRoundTrips - 1; ++i)
    quality_.on_round_trip(milliseconds(40));
  EXPECT_EQ(quality_.figures(0).latency_p95, Duration{}) << "too few";
  quality_.on_round_trip(milliseconds(900));
  EXPECT_EQ(quality_.figures(0).latency_p95, milliseconds(40)) << "one outlier is nothing";
  quality_.on_round_trip(milliseconds(800));
  EXPECT_EQ(quality_.figures(0).latency_p95, milliseconds(800));
  for (unsigned i = 0; i < PathQuality::kRoundTrips; ++i)
    quality_.on_round_trip(milliseconds(50));
  EXPECT_EQ(quality_.figures(0).latency_p95, milliseconds(50)) << "the oldest have left";
}

TEST_F(PathQualityTest, ANewEpochCountsAnewAndKeepsThePathsFigures) {
  report(100, 50);
  quality_.begin_epoch();
  highest_ = 0;
  count_ = 0;
  report(100, 100);
  EXPECT_EQ(loss(), 250U);
  for (int i = 0; i < 3; ++i)
    quality_.on_sent();
  quality_.begin_epoch();
  EXPECT_EQ(drops(0), 0U) << "an echo belongs to its epoch";
  quality_.restart();
  EXPECT_EQ(loss(), 0U);
}

}  // namespace
}  // namespace jumpgate::session
