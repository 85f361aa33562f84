#include "session/path_set.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

constexpr MonoNs kNow{100'000'000'000};

CandidatePath path(PathId id, std::uint8_t preference) {
  CandidatePath made;
  made.id = id;
  made.preference = preference;
  made.up = true;
  return made;
}

TEST(ChooseCandidate, TakesTheMostPreferredThenTheLowestId) {
  const std::vector<CandidatePath> paths{path(3, 1), path(1, 2), path(2, 1)};
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kNow), PathId{2});
  EXPECT_EQ(choose_candidate(paths, PathId{2}, kNow), PathId{3});
}

TEST(ChooseCandidate, DropsWhatCanNotBeTried) {
  std::vector<CandidatePath> paths{path(0, 0), path(1, 1), path(2, 2), path(3, 3)};
  paths[0].up = false;
  paths[1].allowed = false;
  paths[2].cooling_until = kNow + nanoseconds(1);
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kNow), PathId{3});
  EXPECT_EQ(choose_candidate(paths, std::nullopt, kNow + nanoseconds(1)), PathId{2});
  EXPECT_EQ(choose_candidate(paths, PathId{3}, kNow), std::nullopt);
  EXPECT_EQ(choose_candidate({}, std::nullopt, kNow), std::nullopt);
}

TEST(ChooseCandidate, DoesNotDependOnTheirOrder) {
  std::vector<CandidatePath> paths{path(0, 2), path(1, 1), path(2, 1), path(3, 3)};
  std::ranges::sort(paths, {}, &CandidatePath::id);
  do {
    ASSERT_EQ(choose_candidate(paths, std::nullopt, kNow), PathId{1});
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
  EXPECT_EQ(set.choose(std::nullopt, kNow), PathId{0});
}

TEST(PathSet, AFailedPathCoolsDownUntilItsTimeOrItsReturn) {
  PathSet set;
  ASSERT_TRUE(set.add(path(1, 0)));
  set.cool_down(1, kNow, kNow + seconds(5));
  EXPECT_EQ(set.choose(std::nullopt, kNow), std::nullopt);
  EXPECT_EQ(set.next_change(kNow), kNow + seconds(5));
  EXPECT_EQ(set.choose(std::nullopt, kNow + seconds(5)), PathId{1});
  EXPECT_EQ(set.next_change(kNow + seconds(5)), kNever);
  set.set_up(1, false, kNow + seconds(1));
  EXPECT_EQ(set.choose(std::nullopt, kNow + seconds(5)), std::nullopt);
  set.set_up(1, true, kNow + seconds(2));
  EXPECT_EQ(set.choose(std::nullopt, kNow + seconds(2)), PathId{1});
}

TEST(PathSet, ProofEndsTheCooldown) {
  PathSet set;
  ASSERT_TRUE(set.add(path(1, 0)));
  set.cool_down(1, kNow, kNow + seconds(5));
  set.mark_validated(1, kNow + seconds(1));
  EXPECT_EQ(set.find(1)->last_validated, kNow + seconds(1));
  EXPECT_EQ(set.choose(std::nullopt, kNow + seconds(1)), PathId{1});
}

TEST(PathSet, UnknownIdsChangeNothing) {
  PathSet set;
  set.set_up(9, true, kNow);
  set.mark_validated(9, kNow);
  set.cool_down(9, kNow, kNow);
  EXPECT_TRUE(set.paths().empty());
}

}  // namespace
}  // namespace jumpgate::session
