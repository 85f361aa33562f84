#include "base/timer_wheel.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace jumpgate::base {
namespace {

constexpr std::size_t kAll = 1'000'000;

std::vector<std::uint32_t> fire_all(TimerWheel& wheel, MonoNs now) {
  std::vector<std::uint32_t> fired;
  wheel.advance(now, kAll, [&](std::uint32_t h) { fired.push_back(h); });
  return fired;
}

TEST(TimerWheel, FiresAtItsTickAndNotBefore) {
  const MonoNs start{12'345'678};
  for (const Duration delay :
       {nanoseconds(1), milliseconds(1), milliseconds(255), milliseconds(256), milliseconds(257),
        seconds(65), seconds(66), seconds(3600), seconds(8 * 3600), seconds(100 * 86400)}) {
    TimerWheel wheel(1, start);
    const MonoNs deadline = start + delay;
    wheel.arm(0, deadline);
    EXPECT_TRUE(fire_all(wheel, deadline - nanoseconds(1)).empty()) << delay.ns;
    EXPECT_EQ(fire_all(wheel, deadline + milliseconds(1)).size(), 1U) << delay.ns;
    EXPECT_FALSE(wheel.armed(0));
    EXPECT_EQ(wheel.next_wake(), kNever);
  }
}

TEST(TimerWheel, PastAndFarthestDeadlines) {
  TimerWheel wheel(3, MonoNs{5'000'000'000});
  wheel.arm(0, MonoNs{1});
  wheel.arm(1, kNever);
  wheel.arm(2, MonoNs{UINT64_MAX - 1});
  EXPECT_FALSE(wheel.armed(1));
  EXPECT_EQ(fire_all(wheel, MonoNs{5'000'000'000}), std::vector<std::uint32_t>{0});
  EXPECT_TRUE(fire_all(wheel, MonoNs{UINT64_MAX / 2}).empty());
  EXPECT_TRUE(wheel.armed(2));
}

TEST(TimerWheel, TimeGoingBackwardsChangesNothing) {
  TimerWheel wheel(1, MonoNs{10'000'000});
  wheel.arm(0, MonoNs{20'000'000});
  EXPECT_TRUE(fire_all(wheel, MonoNs{15'000'000}).empty());
  EXPECT_TRUE(fire_all(wheel, MonoNs{1'000'000}).empty());
  EXPECT_EQ(fire_all(wheel, MonoNs{20'000'000}).size(), 1U);
}

TEST(TimerWheel, StepsAreBounded) {
  TimerWheel wheel(100, MonoNs{0});
  for (std::uint32_t h = 0; h < 100; ++h)
    wheel.arm(h, MonoNs{300'000'000});
  std::size_t fired = 0;
  std::size_t calls = 0;
  while (wheel.armed_count() > 0) {
    const std::size_t n = wheel.advance(MonoNs{300'000'000}, 7, [&](std::uint32_t) { ++fired; });
    EXPECT_LE(n, 7U);
    if (wheel.armed_count() > 0) {
      EXPECT_LE(wheel.next_wake(), MonoNs{300'000'000});
    }
    ASSERT_LT(++calls, 40U);
  }
  EXPECT_EQ(fired, 100U);
}

TEST(TimerWheel, ACallbackMayArmAndCancelAnyHandle) {
  TimerWheel wheel(3, MonoNs{0});
  for (std::uint32_t h = 0; h < 3; ++h)
    wheel.arm(h, MonoNs{1'000'000});
  std::vector<std::uint32_t> fired;
  const auto fire = [&](std::uint32_t h) {
    fired.push_back(h);
    if (h == 0) wheel.cancel(1);
    if (h == 2) wheel.arm(2, MonoNs{5'000'000});
  };
  wheel.advance(MonoNs{2'000'000}, kAll, fire);
  EXPECT_EQ(fired, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_FALSE(wheel.armed(1));
  EXPECT_TRUE(wheel.armed(2));
}

TEST(TimerWheel, CancelsWhatWaitsToBeCascaded) {
  TimerWheel wheel(3, MonoNs{0});
  for (std::uint32_t h = 0; h < 3; ++h)
    wheel.arm(h, MonoNs{300'000'000});
  // One step: slot 1 of level 1 is opened and its first timer cascaded.
  EXPECT_EQ(wheel.advance(MonoNs{260'000'000}, 1, [](std::uint32_t) {}), 0U);
  wheel.cancel(2);
  wheel.arm(1, MonoNs{310'000'000});
  EXPECT_EQ(fire_all(wheel, MonoNs{305'000'000}), std::vector<std::uint32_t>{0});
  EXPECT_EQ(fire_all(wheel, MonoNs{310'000'000}), std::vector<std::uint32_t>{1});
  EXPECT_EQ(wheel.armed_count(), 0U);
}

/// The obvious way to do it.
class Model {
 public:
  void arm(std::uint32_t h, std::uint64_t tick) { ticks_[h] = tick; }
  void cancel(std::uint32_t h) { ticks_.erase(h); }
  bool armed(std::uint32_t h) const { return ticks_.contains(h); }
  std::size_t size() const { return ticks_.size(); }
  std::vector<std::uint32_t> advance(std::uint64_t tick) {
    std::vector<std::uint32_t> fired;
    for (const auto& [h, t] : ticks_) {
      if (t <= tick) fired.push_back(h);
    }
    for (const std::uint32_t h : fired)
      ticks_.erase(h);
    return fired;
  }
  std::uint64_t earliest() const {
    std::uint64_t e = UINT64_MAX;
    for (const auto& [h, t] : ticks_)
      e = std::min(e, t);
    return e;
  }

 private:
  std::map<std::uint32_t, std::uint64_t> ticks_;
};

// Delays and leaps of every magnitude, so that every level and its boundaries are crossed.
Duration leap(test::SeededRandom& random) {
  const std::uint64_t magnitude = std::uint64_t{1} << random.below(36);
  return microseconds(static_cast<std::int64_t>(random.below(magnitude + 1)));
}

TEST(TimerWheel, AgreesWithANaiveModel) {
  constexpr std::uint32_t kCapacity = 200;
  constexpr std::uint64_t kTick = 1'000'000;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    test::SeededRandom random(seed);
    MonoNs now{random.below(std::uint64_t{1} << 50)};
    TimerWheel wheel(kCapacity, now);
    Model model;
    for (int step = 0; step < 3000; ++step) {
      const auto h = static_cast<std::uint32_t>(random.below(kCapacity));
      switch (random.below(4)) {
        case 0:
        case 1: {
          const MonoNs deadline = now + leap(random);
          wheel.arm(h, deadline);
          model.arm(h, (deadline.ns + kTick - 1) / kTick);
          break;
        }
        case 2:
          wheel.cancel(h);
          model.cancel(h);
          break;
        default: {
          now = now + leap(random);
          auto fired = fire_all(wheel, now);
          std::sort(fired.begin(), fired.end());
          ASSERT_EQ(fired, model.advance(now.ns / kTick)) << "seed " << seed << " step " << step;
        }
      }
      ASSERT_EQ(wheel.armed(h), model.armed(h));
      ASSERT_EQ(wheel.armed_count(), model.size());
      if (model.size() > 0) {
        ASSERT_LE(wheel.next_wake().ns, model.earliest() * kTick);
      }
    }
  }
}

// Cut short at random, everything still fires once, in the order of ticks.
TEST(TimerWheel, CutShortItLosesNothing) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    test::SeededRandom random(seed);
    TimerWheel wheel(500, MonoNs{0});
    std::vector<MonoNs> deadlines(500);
    for (std::uint32_t h = 0; h < 500; ++h) {
      deadlines[h] = MonoNs{0} + leap(random);
      wheel.arm(h, deadlines[h]);
    }
    std::vector<std::uint32_t> fired;
    MonoNs now{0};
    while (wheel.armed_count() > 0) {
      if (random.below(3) == 0)
        now = now + seconds(1 + static_cast<std::int64_t>(random.below(3000)));
      wheel.advance(now, 1 + random.below(20), [&](std::uint32_t h) {
        EXPECT_LE(deadlines[h], now);
        fired.push_back(h);
      });
    }
    ASSERT_EQ(fired.size(), 500U);
    for (std::size_t i = 1; i < fired.size(); ++i) {
      EXPECT_LE(deadlines[fired[i - 1]].ns / 1'000'000, deadlines[fired[i]].ns / 1'000'000 + 1);
    }
  }
}

}  // namespace
}  // namespace jumpgate::base
