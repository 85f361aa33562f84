#include "tools/jumpgen/histogram.hpp"

#include <gtest/gtest.h>

namespace jumpgate::jumpgen {
namespace {

TEST(Histogram, EmptyIsZero) {
  const Histogram times;
  EXPECT_EQ(times.percentile(0.5).ns, 0);
  EXPECT_EQ(times.largest().ns, 0);
}

TEST(Histogram, SmallTimesAreExact) {
  Histogram times;
  for (int ns = 1; ns <= 20; ++ns)
    times.record(nanoseconds(ns));
  EXPECT_EQ(times.percentile(0.5).ns, 10);
  EXPECT_EQ(times.percentile(0.95).ns, 19);
  EXPECT_EQ(times.percentile(1).ns, 20);
}

TEST(Histogram, PercentilesAreWithinThreePercent) {
  for (std::int64_t scale = 1; scale < 1'000'000'000'000; scale *= 7) {
    Histogram times;
    for (std::int64_t i = 1; i <= 1000; ++i)
      times.record(nanoseconds(i * scale));
    for (const double part : {0.1, 0.5, 0.9, 0.99, 0.999}) {
      const double truth = part * 1000 * static_cast<double>(scale);
      const auto said = static_cast<double>(times.percentile(part).ns);
      EXPECT_GE(said, truth * 0.999) << scale << ' ' << part;
      EXPECT_LE(said, truth * 1.032 + 1) << scale << ' ' << part;
    }
    EXPECT_EQ(times.percentile(1).ns, 1000 * scale) << "the largest is exact";
  }
}

TEST(Histogram, ExtremesStayInside) {
  Histogram times;
  times.record({INT64_MAX});
  times.record({-5});
  EXPECT_EQ(times.count(), 2U);
  EXPECT_EQ(times.percentile(0.5).ns, 0);
  EXPECT_EQ(times.largest().ns, INT64_MAX);
  EXPECT_EQ(times.percentile(1).ns, INT64_MAX);
  times.clear();
  EXPECT_EQ(times.count(), 0U);
}

}  // namespace
}  // namespace jumpgate::jumpgen
