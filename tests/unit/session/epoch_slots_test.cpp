#include "session/epoch_slots.hpp"

#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

constexpr MonoNs kNow{300'000'000'000};

TEST(DrainTime, IsTwiceTheRttAndTheJitterWithinItsBounds) {
  EXPECT_EQ(drain_time(milliseconds(200), milliseconds(50)), milliseconds(450));
  EXPECT_EQ(drain_time(milliseconds(1), milliseconds(1)), milliseconds(250));
  EXPECT_EQ(drain_time(seconds(2), Duration{}), seconds(3));
}

TEST(EpochSlots, OneEpochIsCurrentAtFirst) {
  const EpochSlots slots(1);
  EXPECT_EQ(slots.current(), 1U);
  EXPECT_EQ(slots.previous(), std::nullopt);
  EXPECT_EQ(slots.next(), std::nullopt);
  EXPECT_EQ(slots.drain_deadline(), kNever);
  EXPECT_EQ(slots.by_phase(1), 1U);
  EXPECT_EQ(slots.by_phase(2), std::nullopt);
}

TEST(EpochSlots, ACommitMovesTheProposalToCurrentAndDrainsTheOld) {
  EpochSlots slots(1);
  EXPECT_EQ(slots.propose(), 2U);
  EXPECT_FALSE(slots.commit(3, kNow));
  EXPECT_EQ(slots.current(), 1U);
  EXPECT_TRUE(slots.commit(2, kNow));
  EXPECT_EQ(slots.current(), 2U);
  EXPECT_EQ(slots.previous(), 1U);
  EXPECT_EQ(slots.next(), std::nullopt);
  EXPECT_EQ(slots.drain_deadline(), kNow);
  EXPECT_EQ(slots.by_phase(1), 1U);
  EXPECT_FALSE(slots.commit(2, kNow));
}

TEST(EpochSlots, TheDrainEndsByTimeOrRelease) {
  EpochSlots slots(1);
  ASSERT_TRUE(slots.commit(slots.propose(), kNow));
  EXPECT_EQ(slots.expire(kNow - nanoseconds(1)), std::nullopt);
  EXPECT_EQ(slots.expire(kNow), 1U);
  EXPECT_EQ(slots.previous(), std::nullopt);
  EXPECT_EQ(slots.drain_deadline(), kNever);
  EXPECT_EQ(slots.expire(kNow), std::nullopt);
  ASSERT_TRUE(slots.commit(slots.propose(), kNow));
  slots.release(1);
  EXPECT_EQ(slots.previous(), 2U);
  slots.release(2);
  EXPECT_EQ(slots.previous(), std::nullopt);
}

TEST(EpochSlots, ANewCommitDropsTheOlderDrain) {
  EpochSlots slots(1);
  ASSERT_TRUE(slots.commit(slots.propose(), kNow));
  ASSERT_TRUE(slots.commit(slots.propose(), kNow + seconds(1)));
  EXPECT_EQ(slots.current(), 3U);
  EXPECT_EQ(slots.previous(), 2U);
  EXPECT_EQ(slots.by_phase(1), std::nullopt);
}

TEST(EpochSlots, ACancelledNumberIsNeverUsedAgain) {
  EpochSlots slots(1);
  EXPECT_EQ(slots.propose(), 2U);
  slots.cancel();
  EXPECT_EQ(slots.next(), std::nullopt);
  EXPECT_EQ(slots.propose(), 3U);
}

TEST(EpochSlots, ProposalsRiseAndAvoidEveryLivePhase) {
  std::mt19937 random(3);
  EpochSlots slots(1);
  std::set<std::uint64_t> used{1};
  for (int i = 0; i < 10'000; ++i) {
    std::set<std::uint8_t> live{phase_of(slots.current())};
    if (slots.previous()) live.insert(phase_of(*slots.previous()));
    if (slots.next()) live.insert(phase_of(*slots.next()));
    const std::uint64_t number = slots.propose();
    ASSERT_GT(number, *used.rbegin());
    ASSERT_LE(number, *used.rbegin() + 4);
    ASSERT_FALSE(live.contains(phase_of(number)));
    used.insert(number);
    if (random() % 3 == 0) {
      ASSERT_TRUE(slots.commit(number, kNow));
    }
    if (random() % 3 == 0) slots.cancel();
    if (random() % 3 == 0) slots.expire(kNow);
  }
}

TEST(EpochSlots, ANumberFromTheOtherSideMustRiseAndFit) {
  EpochSlots slots(5);
  EXPECT_FALSE(slots.install(5));
  EXPECT_FALSE(slots.install(4));
  EXPECT_FALSE(slots.install(9));  // current's phase
  EXPECT_TRUE(slots.install(6));
  EXPECT_FALSE(slots.install(6));
  EXPECT_TRUE(slots.install(8));  // replaces the proposal
  EXPECT_EQ(slots.next(), 8U);
  ASSERT_TRUE(slots.commit(8, kNow));
  EXPECT_FALSE(slots.install(13));  // the draining one's phase
  EXPECT_EQ(slots.next(), std::nullopt);
  slots.release(5);
  EXPECT_TRUE(slots.install(13));
}

TEST(EpochSlots, WhatOneSideProposesTheOtherCanInstall) {
  std::mt19937 random(4);
  EpochSlots gateway(1);
  EpochSlots client(1);
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t number = gateway.propose();
    const bool challenge_arrives = random() % 3 != 0;
    if (!challenge_arrives) continue;
    ASSERT_TRUE(client.install(number));
    if (random() % 2 == 0) continue;
    ASSERT_TRUE(gateway.commit(number, kNow));
    ASSERT_TRUE(client.commit(number, kNow));
  }
}

}  // namespace
}  // namespace jumpgate::session
