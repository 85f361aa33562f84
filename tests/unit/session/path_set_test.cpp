#include "session/path_set.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

constexpr MonoNs kMeasured{100'000'000'000};
constexpr std::uint16_t kMaxLoss = 200;

CandidatePath path(PathId id, std::uint8_t preference) {
  CandidatePath made;
  made.id = id;
  made.preference = preference;
  made.up = true;
  return made;
}

TEST(ChooseCandidate, TakesTheMostPreferredThenTheLowestId) {
  const std::vector<CandidatePath> paths{path(3, 1), path(1, 2), path(2, 1)};
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured), PathId{2});
  EXPECT_EQ(choose_candidate(paths, PathId{2}, kMaxLoss, kMeasured), PathId{3});
}

TEST(ChooseCandidate, DropsWhatCanNotBeTried) {
  std::vector<CandidatePath> paths{path(0, 0), path(1, 1), path(2, 2), path(3, 3)};
  paths[0].up = false;
  paths[1].allowed = false;
  paths[2].cooling_until = kMeasured + nanoseconds(1);
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured), PathId{3});
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured + nanoseconds(1)), PathId{2});
  EXPECT_EQ(choose_candidate(paths, PathId{3}, kMaxLoss, kMeasured), std::nullopt);
  EXPECT_EQ(choose_candidate({}, std::nullopt, kMaxLoss, kMeasured), std::nullopt);
}

/// The same figures for both, then what makes the second better.
CandidatePath measured(PathId id, std::uint16_t loss_permille, Duration latency) {
  CandidatePath made = path(id, 0);
  made.measured_at = kMeasured;
  made.loss_permille = loss_permille;
  made.latency = latency;
  return made;
}

TEST(ChooseCandidate, RanksByLossThenLatencyThenStabilityThenId) {
  std::vector<CandidatePath> paths{measured(0, 10, milliseconds(20)),
                                   measured(1, 5, milliseconds(90))};
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured), PathId{1}) << "less loss";
  paths[0].loss_permille = 5;
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured), PathId{0}) << "sooner";
  paths[0].latency = milliseconds(90);
  paths[0].stable_since = kMeasured;
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured), PathId{1})
      << "stable longer";
  paths[1].stable_since = kMeasured;
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured), PathId{0})
      << "the lowest id";
  paths[0].preference = 1;
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured), PathId{1})
      << "the operator's order comes first";
}

TEST(ChooseCandidate, ALossyPathIsNoneUntilItsFiguresAreOld) {
  const std::vector<CandidatePath> paths{measured(0, kMaxLoss + 1, milliseconds(20))};
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured), std::nullopt);
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss + 1, kMeasured), PathId{0});
  const MonoNs later = kMeasured + kFiguresLast + nanoseconds(1);
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, later), PathId{0});
}

TEST(Hysteresis, AChallengerMustBeBetterByMoreThanTheFactor) {
  const CandidatePath incumbent = measured(0, 0, milliseconds(110));
  EXPECT_FALSE(beats(measured(1, 0, milliseconds(100)), incumbent, 1100, kMeasured));
  EXPECT_TRUE(beats(measured(1, 0, milliseconds(99)), incumbent, 1100, kMeasured));
  EXPECT_FALSE(beats(measured(1, 0, milliseconds(110)), incumbent, 1000, kMeasured)) << "a tie";
}

TEST(Hysteresis, LossCountsBeforeLatency) {
  const CandidatePath incumbent = measured(0, 220, milliseconds(20));
  EXPECT_TRUE(beats(measured(1, 199, milliseconds(900)), incumbent, 1100, kMeasured));
  EXPECT_FALSE(beats(measured(1, 200, milliseconds(1)), incumbent, 1100, kMeasured));
  EXPECT_FALSE(beats(measured(1, 230, milliseconds(1)), incumbent, 1100, kMeasured));
  EXPECT_TRUE(beats(path(1, 0), incumbent, 1100, kMeasured))
      << "of a path never used no loss is known";
}

TEST(PathSet, AnOutageForgetsWhatWasMeasured) {
  PathSet set;
  ASSERT_TRUE(set.add(path(1, 0)));
  set.note_figures(1, 500, milliseconds(30), kMeasured);
  EXPECT_EQ(set.choose(std::nullopt, kMaxLoss, kMeasured), std::nullopt);
  set.note_trouble(1, kMeasured);
  EXPECT_EQ(set.find(1)->stable_since, kMeasured);
  set.set_up(1, false, kMeasured);
  set.set_up(1, true, kMeasured);
  EXPECT_EQ(set.choose(std::nullopt, kMaxLoss, kMeasured), PathId{1});
  EXPECT_EQ(set.find(1)->known_latency(kMeasured), limits::kInitialRtt);
}

TEST(ChooseCandidate, DoesNotDependOnTheirOrder) {
  std::vector<CandidatePath> paths{path(0, 2), path(1, 1), path(2, 1), path(3, 3)};
  std::ranges::sort(paths, {}, &CandidatePath::id);
  do {
    ASSERT_EQ(choose_candidate(paths, std::nullopt, kMaxLoss, kMeasured), PathId{1});
  } while (std::ranges::next_permutation(paths, {}, &CandidatePath::id).found);
}

TEST(PathSet, IsBoundedAndHasEachIdOnce) {
  PathSet set;
  for (PathId id = 0; id < limits::kMaxUplinks; ++id)
    EXPECT_TRUE(set.add(path(id, id)));
  EXPECT_FALSE(set.add(path(99, 0)));
  EXPECT_TRUE(set.remove(3));
  EXPECT_FALSE(set.remove(3));
  EXPECT_FALSE(set.add(path(2, 0)));
  EXPECT_TRUE(set.add(path(99, 0)));
  EXPECT_EQ(set.paths().size(), limits::kMaxUplinks);
  EXPECT_EQ(set.find(3), nullptr);
  EXPECT_EQ(set.choose(std::nullopt, kMaxLoss, kMeasured), PathId{0});
}

TEST(PathSet, AFailedPathCoolsDownUntilItsTimeOrItsReturn) {
  PathSet set;
  ASSERT_TRUE(set.add(path(1, 0)));
  set.cool_down(1, kMeasured, kMeasured + seconds(5));
  EXPECT_EQ(set.choose(std::nullopt, kMaxLoss, kMeasured), std::nullopt);
  EXPECT_EQ(set.next_change(kMeasured), kMeasured + seconds(5));
  EXPECT_EQ(set.choose(std::nullopt, kMaxLoss, kMeasured + seconds(5)), PathId{1});
  EXPECT_EQ(set.next_change(kMeasured + seconds(5)), kNever);
  set.set_up(1, false, kMeasured + seconds(1));
  EXPECT_EQ(set.choose(std::nullopt, kMaxLoss, kMeasured + seconds(5)), std::nullopt);
  set.set_up(1, true, kMeasured + seconds(2));
  EXPECT_EQ(set.choose(std::nullopt, kMaxLoss, kMeasured + seconds(2)), PathId{1});
}

TEST(PathSet, ProofEndsTheCooldown) {
  PathSet set;
  ASSERT_TRUE(set.add(path(1, 0)));
  set.cool_down(1, kMeasured, kMeasured + seconds(5));
  set.mark_validated(1, kMeasured + seconds(1));
  EXPECT_EQ(set.find(1)->last_validated, kMeasured + seconds(1));
  EXPECT_EQ(set.choose(std::nullopt, kMaxLoss, kMeasured + seconds(1)), PathId{1});
}

TEST(PathSet, WhatFailedIsNotStableSinceItsLinkCameUp) {
  PathSet set;
  ASSERT_TRUE(set.add(path(1, 0)));
  ASSERT_TRUE(set.add(path(2, 0)));
  set.cool_down(1, kMeasured, kMeasured + seconds(5));
  EXPECT_EQ(set.choose(std::nullopt, kMaxLoss, kMeasured + seconds(6)), PathId{2});
}

TEST(PathSet, UnknownIdsChangeNothing) {
  PathSet set;
  set.set_up(9, true, kMeasured);
  set.mark_validated(9, kMeasured);
  set.cool_down(9, kMeasured, kMeasured);
  EXPECT_TRUE(set.paths().empty());
}

}  // namespace
}  // namespace jumpgate::session
