#include "link_faulty/fault_model.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::link_faulty {
namespace {

constexpr std::size_t kFrameBytes = 1400;

// A packet each millisecond of simulated time.
std::vector<Verdict> offer_many(FaultModel& model, std::size_t count) {
  std::vector<Verdict> verdicts;
  verdicts.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    verdicts.push_back(
        model.offer(MonoNs{} + milliseconds(static_cast<std::int64_t>(i)), kFrameBytes));
  }
  return verdicts;
}

std::size_t count_lost(const std::vector<Verdict>& verdicts) {
  std::size_t lost = 0;
  for (const Verdict& v : verdicts) {
    lost += v.fate == Fate::kLost ? 1U : 0U;
  }
  return lost;
}

TEST(FaultModel, PerfectLinkDeliversAtOnce) {
  FaultModel model({}, 1);
  const MonoNs now = MonoNs{} + seconds(7);
  const Verdict v = model.offer(now, kFrameBytes);
  EXPECT_EQ(v.fate, Fate::kDelivered);
  EXPECT_EQ(v.copies, 1);
  EXPECT_EQ(v.deliver_at[0], now);
}

TEST(FaultModel, DelayIsExact) {
  FaultModel model({.delay = milliseconds(20)}, 1);
  for (const Verdict& v : offer_many(model, 3)) {
    ASSERT_EQ(v.copies, 1);
  }
  const MonoNs now = MonoNs{} + seconds(1);
  EXPECT_EQ(model.offer(now, kFrameBytes).deliver_at[0], now + milliseconds(20));
}

TEST(FaultModel, LossOfOneLosesAllAndOfZeroNone) {
  FaultModel all({.loss = 1.0}, 3);
  FaultModel none({.loss = 0.0}, 3);
  EXPECT_EQ(count_lost(offer_many(all, 1000)), 1000U);
  EXPECT_EQ(count_lost(offer_many(none, 1000)), 0U);
}

TEST(FaultModel, LossComesNearItsProbability) {
  FaultModel model({.loss = 0.1}, 42);
  const auto lost = static_cast<double>(count_lost(offer_many(model, 10'000)));
  // Five standard deviations of a binomial of 10,000 at 0.1.
  EXPECT_NEAR(lost, 1000.0, 150.0);
}

TEST(FaultModel, SameSeedSameFaults) {
  const FaultSettings settings{
      .jitter = milliseconds(3), .loss = 0.2, .duplicate = 0.1, .reorder = 0.1};
  FaultModel one(settings, 9);
  FaultModel two(settings, 9);
  FaultModel other(settings, 10);
  const auto first = offer_many(one, 500);
  const auto second = offer_many(two, 500);
  const auto third = offer_many(other, 500);
  bool differs = false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].fate, second[i].fate);
    EXPECT_EQ(first[i].deliver_at, second[i].deliver_at);
    differs = differs || first[i].fate != third[i].fate;
  }
  EXPECT_TRUE(differs);
}

TEST(FaultModel, OtherFaultsDoNotMoveTheLosses) {
  FaultModel plain({.loss = 0.2}, 5);
  FaultModel rich(
      {.delay = milliseconds(9), .jitter = milliseconds(3), .loss = 0.2, .duplicate = 0.5}, 5);
  const auto one = offer_many(plain, 500);
  const auto two = offer_many(rich, 500);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].fate, two[i].fate) << i;
  }
}

TEST(FaultModel, JitterStaysInItsBandAndKeepsTheOrder) {
  FaultModel model({.delay = milliseconds(20), .jitter = milliseconds(10)}, 11);
  MonoNs last{};
  bool varies = false;
  for (std::int64_t i = 0; i < 2000; ++i) {
    const MonoNs now = MonoNs{} + microseconds(100 * i);
    const Verdict v = model.offer(now, kFrameBytes);
    EXPECT_GE(v.deliver_at[0], last);
    EXPECT_GE(v.deliver_at[0] - now, milliseconds(10));
    EXPECT_LE(v.deliver_at[0] - now, milliseconds(30));
    varies = varies || v.deliver_at[0] != now + milliseconds(20);
    last = v.deliver_at[0];
  }
  EXPECT_TRUE(varies);
}

TEST(FaultModel, JitterNeverDeliversBeforeArrival) {
  FaultModel model({.delay = milliseconds(1), .jitter = milliseconds(50)}, 2);
  for (std::int64_t i = 0; i < 500; ++i) {
    const MonoNs now = MonoNs{} + milliseconds(200 * i);
    EXPECT_GE(model.offer(now, kFrameBytes).deliver_at[0], now);
  }
}

TEST(FaultModel, ReorderLetsLaterOnesOvertake) {
  FaultModel model({.reorder = 0.2, .reorder_hold = milliseconds(5)}, 8);
  const auto verdicts = offer_many(model, 200);
  std::size_t overtaken = 0;
  for (std::size_t i = 0; i + 1 < verdicts.size(); ++i) {
    overtaken += verdicts[i].deliver_at[0] > verdicts[i + 1].deliver_at[0] ? 1U : 0U;
  }
  EXPECT_GT(overtaken, 10U);
}

TEST(FaultModel, DuplicateGivesTwoCopies) {
  FaultModel model({.delay = milliseconds(4), .duplicate = 1.0}, 1);
  const Verdict v = model.offer(MonoNs{}, kFrameBytes);
  EXPECT_EQ(v.copies, 2);
  EXPECT_EQ(v.deliver_at[0], MonoNs{} + milliseconds(4));
  EXPECT_EQ(v.deliver_at[1], MonoNs{} + milliseconds(4));
}

TEST(FaultModel, RateSpacesPackets) {
  // 1,250 bytes at 10 Mbit/s take one millisecond.
  FaultModel model({.rate_bps = 10'000'000}, 1);
  EXPECT_EQ(model.offer(MonoNs{}, 1250).deliver_at[0], MonoNs{} + milliseconds(1));
  EXPECT_EQ(model.offer(MonoNs{}, 1250).deliver_at[0], MonoNs{} + milliseconds(2));
  const MonoNs later = MonoNs{} + seconds(1);
  EXPECT_EQ(model.offer(later, 1250).deliver_at[0], later + milliseconds(1));
}

TEST(FaultModel, RateQueueIsBounded) {
  FaultModel model({.rate_bps = 10'000'000, .rate_queue = milliseconds(10)}, 1);
  std::size_t accepted = 0;
  for (int i = 0; i < 100; ++i) {
    accepted += model.offer(MonoNs{}, 1250).fate == Fate::kDelivered ? 1U : 0U;
  }
  EXPECT_EQ(accepted, 11U);  // waits of 0, 1, ... 10 ms
}

TEST(FaultModel, NewSettingsHoldFromTheNextPacket) {
  FaultModel model({.loss = 1.0}, 1);
  EXPECT_EQ(model.offer(MonoNs{}, kFrameBytes).fate, Fate::kLost);
  model.set({.loss = 0.0});
  EXPECT_EQ(model.offer(MonoNs{}, kFrameBytes).fate, Fate::kDelivered);
}

TEST(FaultSettings, OutOfBoundsIsRefused) {
  EXPECT_TRUE(validate({}));
  EXPECT_TRUE(validate({.delay = kMaxFaultDelay, .loss = 1.0}));
  EXPECT_FALSE(validate({.loss = 1.01}));
  EXPECT_FALSE(validate({.loss = -0.01}));
  EXPECT_FALSE(validate({.duplicate = std::numeric_limits<double>::quiet_NaN()}));
  EXPECT_FALSE(validate({.delay = milliseconds(-1)}));
  EXPECT_FALSE(validate({.jitter = kMaxFaultDelay + nanoseconds(1)}));
  EXPECT_FALSE(validate({.reorder_hold = seconds(3600)}));
}

}  // namespace
}  // namespace jumpgate::link_faulty
