#include "tools/jumpgen/rate_search.hpp"

#include <gtest/gtest.h>

namespace jumpgate::jumpgen {
namespace {

struct Found {
  std::uint64_t rate;
  int trials;
};

// A device that loses packets above `limit`.
Found find(std::uint64_t highest, std::uint64_t step, std::uint64_t limit) {
  RateSearch search(highest, step);
  int trials = 0;
  for (auto rate = search.next(); rate && trials < 100; rate = search.next()) {
    ++trials;
    search.report(*rate, *rate <= limit);
  }
  return {search.best(), trials};
}

TEST(RateSearch, FindsTheLimitWithinAStep) {
  for (std::uint64_t limit = 1000; limit <= 1'000'000; limit += 37'123) {
    const Found found = find(1'000'000, 1000, limit);
    EXPECT_LE(found.rate, limit);
    EXPECT_GE(found.rate + 1000, limit);
    EXPECT_LE(found.trials, 12) << "log2(1000) + 2";
  }
}

TEST(RateSearch, TheHighestRateIsTriedFirstAndMayPass) {
  const Found found = find(500, 5, 10'000);
  EXPECT_EQ(found.rate, 500U);
  EXPECT_EQ(found.trials, 1);
}

TEST(RateSearch, EndsWhenEveryTrialFails) {
  RateSearch search(1'000'000, 1000);
  int trials = 0;
  for (auto rate = search.next(); rate && trials < 100; rate = search.next(), ++trials)
    search.report(*rate, false);
  EXPECT_LT(trials, 13);
  EXPECT_EQ(search.best(), 0U);
}

}  // namespace
}  // namespace jumpgate::jumpgen
