#include "session/path_mtu.hpp"

#include <functional>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "session/liveness.hpp"

namespace jumpgate::session {
namespace {

constexpr Duration kRtt = milliseconds(40);

/// A path of a size that the test changes, and the side that probes it.
class Path {
 public:
  explicit Path(std::uint16_t carries, std::uint16_t largest = 1500) : size(carries) {
    mtu.restart(largest, now);
  }

  /// Lets time pass, step by step; `busy`: DATA flows all the while.
  void run(Duration time, bool busy = true) {
    const MonoNs end = now + time;
    for (; now < end; now = now + milliseconds(10))
      step(busy);
  }
  void step(bool busy) {
    if (answer_at_ <= now) {
      answer_at_ = kNever;
      mtu.on_echo(answer_, now);
    }
    const MonoNs busy_until = busy ? now + kTrafficMemory : MonoNs{};
    if (const auto probe = mtu.poll(now, busy_until)) {
      probes.push_back(*probe);
      mtu.sent(*probe, probe_time_us(now), kRtt, now);
      if (*probe <= size && !silent) {
        answer_ = probe_time_us(now);
        answer_at_ = now + kRtt;
      }
    }
  }

  PathMtu mtu;
  std::uint16_t size;
  bool silent{false};  // answers are lost
  MonoNs now{seconds(100).ns};
  std::vector<std::uint16_t> probes;

 private:
  MonoNs answer_at_{kNever};
  std::uint32_t answer_{0};
};

TEST(PathMtu, AWholeEthernetIsFoundWithOneProbe) {
  Path path(1500);
  EXPECT_EQ(path.mtu.confirmed(), 1280);
  path.run(milliseconds(100));
  EXPECT_EQ(path.mtu.confirmed(), 1500);
  EXPECT_EQ(path.probes, (std::vector<std::uint16_t>{1500}));
}

TEST(PathMtu, EverySizeIsFoundToAStep) {
  for (std::uint16_t size = 1280; size <= 1500; size = static_cast<std::uint16_t>(size + 11)) {
    Path path(size);
    path.run(seconds(60));
    EXPECT_LE(path.mtu.confirmed(), size);
    EXPECT_GE(path.mtu.confirmed() + kSearchStep, size) << size;
    EXPECT_EQ(path.mtu.told(), path.mtu.confirmed());
  }
}

TEST(PathMtu, UntilTheFirstProbeIsJudgedItsSizeMayGo) {
  Path path(1280);
  EXPECT_EQ(path.mtu.told(), 1500);
  path.run(milliseconds(990));
  EXPECT_EQ(path.mtu.told(), 1500);
  path.run(milliseconds(50));
  EXPECT_EQ(path.mtu.told(), 1280) << "one timer, one loss";
  path.run(seconds(60));
  EXPECT_EQ(path.mtu.told(), 1280) << "no later probe lends its size";
}

TEST(PathMtu, ASizeIsTooBigAfterThreeLossesOnly) {
  Path path(1500);
  path.silent = true;
  path.run(milliseconds(1500));
  path.silent = false;
  path.run(milliseconds(800));
  EXPECT_EQ(path.mtu.confirmed(), 1500);
  EXPECT_EQ(path.probes, (std::vector<std::uint16_t>{1500, 1500, 1500}));
}

TEST(PathMtu, ABlackHoleIsNoticedWithinThreeProbes) {
  for (std::int64_t phase = 0; phase < 1000; phase += 130) {
    Path path(1500);
    path.run(seconds(5) + milliseconds(phase));
    ASSERT_EQ(path.mtu.confirmed(), 1500);
    path.size = 1280;
    path.probes.clear();
    const MonoNs began = path.now;
    while (path.mtu.told() != 1280 && path.now - began < seconds(60))
      path.run(milliseconds(10));
    EXPECT_LE((path.now - began).ms(), (kConfirmInterval + kConfirmTimer * 3).ms() + 50);
    EXPECT_GE(path.probes.size(), 3U);
    EXPECT_EQ(path.probes[2], 1500);
  }
}

TEST(PathMtu, DuringASearchABlackHoleIsNoticedToo) {
  Path path(1400);
  path.run(seconds(5));
  const std::uint16_t found = path.mtu.confirmed();
  ASSERT_GT(found, 1280);
  path.size = 1280;
  path.run(seconds(4));
  EXPECT_EQ(path.mtu.confirmed(), 1280) << "was " << found;
}

TEST(PathMtu, LostAnswersOnceOrTwiceChangeNothing) {
  Path path(1500);
  path.run(seconds(3));
  path.silent = true;
  for (const auto before = path.probes.size(); path.probes.size() < before + 2;)
    path.run(milliseconds(10));
  path.silent = false;
  path.run(seconds(10));
  EXPECT_EQ(path.mtu.confirmed(), 1500);
  EXPECT_EQ(path.mtu.told(), 1500);
}

TEST(PathMtu, AnIdleSessionSearchesOnceAndThenIsQuiet) {
  Path path(1400);
  path.run(seconds(120), false);
  EXPECT_GE(path.mtu.confirmed(), 1392);
  const auto probes = path.probes.size();
  EXPECT_EQ(path.mtu.next_due(MonoNs{}), kNever);
  path.run(seconds(2000), false);
  EXPECT_EQ(path.probes.size(), probes);
}

TEST(PathMtu, AGrownPathIsFoundAfterTheRaiseInterval) {
  Path path(1400);
  path.run(seconds(60));
  path.size = 1500;
  path.run(seconds(500));
  EXPECT_LT(path.mtu.confirmed(), 1500);
  path.run(seconds(120));
  EXPECT_EQ(path.mtu.confirmed(), 1500);
}

TEST(PathMtu, AHintIsTriedAndNeverBelieved) {
  Path path(1420);
  path.step(true);
  path.mtu.hint(1420, path.now);
  path.run(seconds(5));
  EXPECT_EQ(path.mtu.confirmed(), 1420) << "the next size tried";
  Path whole(1500);
  whole.run(seconds(5));
  whole.probes.clear();
  whole.mtu.hint(1280, whole.now);
  EXPECT_EQ(whole.mtu.told(), 1500);
  for (int i = 0; i < 1000; ++i) {
    whole.mtu.hint(1300, whole.now);
    whole.run(milliseconds(10));
  }
  EXPECT_EQ(whole.mtu.told(), 1500);
  EXPECT_LE(whole.probes.size(), 11U) << "a flood of hints costs no more than confirmations do";
  whole.mtu.hint(100, whole.now);
  whole.mtu.hint(9000, whole.now);
  whole.run(seconds(2));
  EXPECT_EQ(whole.mtu.told(), 1500);
}

TEST(PathMtu, AHintOnAnIdlePathCausesAProbeAtOnce) {
  Path path(1500);
  path.run(seconds(20), false);
  path.probes.clear();
  path.mtu.hint(1300, path.now);
  path.step(false);
  EXPECT_EQ(path.probes, (std::vector<std::uint16_t>{1500}));
}

TEST(PathMtu, OnlyTheProbeOnItsWayIsAnswered) {
  PathMtu mtu;
  const MonoNs now{seconds(7).ns};
  mtu.restart(1500, now);
  ASSERT_EQ(mtu.poll(now, now), 1500);
  mtu.sent(1500, probe_time_us(now), kRtt, now);
  EXPECT_EQ(mtu.poll(now, now), std::nullopt) << "one at a time";
  EXPECT_FALSE(mtu.on_echo(0, now));
  EXPECT_FALSE(mtu.on_echo(probe_time_us(now) & ~1U, now)) << "an ordinary heartbeat's";
  EXPECT_EQ(mtu.confirmed(), 1280);
  EXPECT_TRUE(mtu.on_echo(probe_time_us(now), now));
  EXPECT_EQ(mtu.confirmed(), 1500);
  EXPECT_FALSE(mtu.on_echo(probe_time_us(now), now)) << "once";
}

TEST(PathMtu, ALongRoundTripIsWaitedFor) {
  PathMtu mtu;
  const MonoNs now{seconds(7).ns};
  mtu.restart(1500, now);
  ASSERT_TRUE(mtu.poll(now, now));
  mtu.sent(1500, 1, seconds(2), now);
  EXPECT_EQ(mtu.next_due(now), now + seconds(8));
}

TEST(PathMtu, ALinkOfTheBaseSizeNeedsNoProbe) {
  Path path(1280, 1280);
  path.run(seconds(30));
  EXPECT_TRUE(path.probes.empty());
  EXPECT_EQ(path.mtu.told(), 1280);
}

TEST(PathMtu, StampsTellProbesFromOtherHeartbeats) {
  const Liveness liveness({}, MonoNs{});
  for (std::int64_t us = 0; us < 64; ++us) {
    const MonoNs now{static_cast<std::uint64_t>(us) * 1000};
    EXPECT_EQ(liveness.make(now).send_time_us % 2, 0U);
    EXPECT_NE(liveness.make(now).send_time_us, 0U);
    EXPECT_EQ(probe_time_us(now) % 2, 1U);
  }
}

}  // namespace
}  // namespace jumpgate::session
