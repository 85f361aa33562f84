#include "session/switch_budget.hpp"

#include <deque>
#include <random>

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

constexpr MonoNs kFirst{77'500'000'000};

TEST(SlidingMinute, IsEmptyAtFirst) {
  const SlidingMinute minute;
  EXPECT_EQ(minute.count(MonoNs{}), 0U);
  EXPECT_EQ(minute.count(kFirst), 0U);
  EXPECT_EQ(minute.until_next_free(kFirst), Duration{});
}

TEST(SlidingMinute, CountsAtLeastAMinuteAndAtMostASecondMore) {
  SlidingMinute minute;
  minute.add(kFirst);
  EXPECT_EQ(minute.count(kFirst), 1U);
  EXPECT_EQ(minute.count(kFirst + seconds(60)), 1U);
  EXPECT_EQ(minute.count(kFirst + seconds(61)), 0U);
}

TEST(SlidingMinute, TellsWhenTheOldestIsForgotten) {
  SlidingMinute minute;
  minute.add(kFirst);
  minute.add(kFirst + seconds(10));
  const Duration wait = minute.until_next_free(kFirst + seconds(20));
  EXPECT_EQ(minute.count(kFirst + seconds(20) + wait), 1U);
  EXPECT_EQ(minute.count(kFirst + seconds(20) + wait - nanoseconds(1)), 2U);
}

TEST(SlidingMinute, ForgetsAfterALongPause) {
  SlidingMinute minute;
  for (int i = 0; i < 5; ++i)
    minute.add(kFirst + seconds(i));
  minute.add(kFirst + seconds(100'000));
  EXPECT_EQ(minute.count(kFirst + seconds(100'000)), 1U);
}

TEST(SlidingMinute, SaturatesInsteadOfWrapping) {
  SlidingMinute minute;
  for (int i = 0; i < 600; ++i)
    minute.add(kFirst);
  EXPECT_EQ(minute.count(kFirst), 255U);
}

TEST(SlidingMinute, NeverForgetsEarlyAndNeverKeepsLong) {
  std::mt19937_64 random(1);
  SlidingMinute minute;
  std::deque<MonoNs> events;
  MonoNs now = MonoNs{};
  for (int i = 0; i < 20'000; ++i) {
    now = now + nanoseconds(static_cast<std::int64_t>(random() % 4'000'000'000));
    if (random() % 2 == 0) {
      minute.add(now);
      events.push_back(now);
    }
    unsigned at_least = 0;
    unsigned at_most = 0;
    while (!events.empty() && now - events.front() >= seconds(62))
      events.pop_front();
    for (const MonoNs event : events) {
      if (now - event < seconds(60)) ++at_least;
      if (now - event < seconds(61)) ++at_most;
    }
    ASSERT_GE(minute.count(now), at_least);
    ASSERT_LE(minute.count(now), at_most);
  }
}

TEST(SwitchBudget, KeepsAttemptsAndCommitsApart) {
  SwitchBudget budget;
  EXPECT_EQ(budget.last_commit(), std::nullopt);
  budget.spend_attempt(kFirst);
  budget.spend_attempt(kFirst);
  budget.spend_commit(kFirst + seconds(1));
  EXPECT_EQ(budget.attempts(kFirst + seconds(1)), 2U);
  EXPECT_EQ(budget.commits(kFirst + seconds(1)), 1U);
  EXPECT_EQ(budget.last_commit(), kFirst + seconds(1));
}

}  // namespace
}  // namespace jumpgate::session
