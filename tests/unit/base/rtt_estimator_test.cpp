#include "base/rtt_estimator.hpp"

#include <gtest/gtest.h>

namespace jumpgate::base {
namespace {

TEST(RttEstimator, AssumesBeforeTheFirstSample) {
  const RttEstimator rtt;
  EXPECT_FALSE(rtt.has_sample());
  EXPECT_EQ(rtt.smoothed(), limits::kInitialRtt);
  EXPECT_EQ(rtt.timeout(seconds(1)), seconds(1));
}

// RFC 6298 section 2 by hand: 100 ms, then 180 ms.
TEST(RttEstimator, FollowsTheRfc) {
  RttEstimator rtt;
  rtt.sample(milliseconds(100));
  EXPECT_EQ(rtt.smoothed(), milliseconds(100));
  EXPECT_EQ(rtt.variation(), milliseconds(50));
  EXPECT_EQ(rtt.timeout({}), milliseconds(300));
  rtt.sample(milliseconds(180));
  EXPECT_EQ(rtt.variation(), microseconds(57'500)) << "3/4 x 50 + 1/4 x 80";
  EXPECT_EQ(rtt.smoothed(), milliseconds(110)) << "7/8 x 100 + 1/8 x 180";
  EXPECT_EQ(rtt.min(), milliseconds(100));
  EXPECT_EQ(rtt.latest(), milliseconds(180));
  rtt.sample(milliseconds(20));
  EXPECT_EQ(rtt.min(), milliseconds(20));
}

TEST(RttEstimator, IgnoresNegativeSamplesAndForgets) {
  RttEstimator rtt;
  rtt.sample(nanoseconds(-1));
  EXPECT_FALSE(rtt.has_sample());
  rtt.sample(milliseconds(1));
  rtt.reset();
  EXPECT_FALSE(rtt.has_sample());
}

}  // namespace
}  // namespace jumpgate::base
