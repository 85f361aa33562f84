#include "base/token_bucket.hpp"

#include <gtest/gtest.h>

namespace jumpgate::base {
namespace {

TEST(TokenBucket, StartsFullThenRefillsAtItsRate) {
  TokenBucket bucket({10, seconds(1), 3}, MonoNs{0});
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(bucket.take(MonoNs{0}));
  EXPECT_FALSE(bucket.take(MonoNs{0}));
  EXPECT_EQ(bucket.wait_for(MonoNs{0}), milliseconds(100));
  EXPECT_FALSE(bucket.take(MonoNs{99'999'999}));
  EXPECT_TRUE(bucket.take(MonoNs{100'000'000}));
  EXPECT_FALSE(bucket.take(MonoNs{100'000'000}));
  EXPECT_EQ(bucket.available(MonoNs{10'000'000'000}), 3U) << "no more than the burst";
}

TEST(TokenBucket, EightAMinute) {
  TokenBucket bucket({8, seconds(60), 8}, MonoNs{0});
  EXPECT_TRUE(bucket.take(MonoNs{0}, 8));
  EXPECT_EQ(bucket.wait_for(MonoNs{0}), milliseconds(7500));
  EXPECT_TRUE(bucket.take(MonoNs{7'500'000'000}));
}

TEST(TokenBucket, LosesNoFraction) {
  TokenBucket bucket({3, seconds(1), 1000}, MonoNs{0});
  ASSERT_TRUE(bucket.take(MonoNs{0}, 1000));
  // Ten seconds in steps of 7 ns would be slow: steps of 7 us that no third divides.
  std::uint64_t t = 0;
  while (t < 10'000'000'000)
    (void)bucket.available(MonoNs{t += 7'000});
  EXPECT_EQ(bucket.available(MonoNs{t}), 30U);
}

TEST(TokenBucket, RefusalsChangeNothing) {
  TokenBucket bucket({1, seconds(1), 5}, MonoNs{0});
  EXPECT_FALSE(bucket.take(MonoNs{0}, 6)) << "never: more than the burst";
  EXPECT_EQ(bucket.wait_for(MonoNs{0}, 6).ns, INT64_MAX);
  EXPECT_EQ(bucket.available(MonoNs{0}), 5U);
  EXPECT_FALSE(bucket.take(MonoNs{0}, UINT64_MAX));
}

TEST(TokenBucket, ZeroRateNeverRefills) {
  TokenBucket bucket({0, seconds(1), 1}, MonoNs{0});
  EXPECT_TRUE(bucket.take(MonoNs{0}));
  EXPECT_FALSE(bucket.take(MonoNs{UINT64_MAX - 1}));
  EXPECT_EQ(bucket.wait_for(MonoNs{1}).ns, INT64_MAX);
}

TEST(TokenBucket, TimeBackwardsAndLongPauses) {
  TokenBucket bucket({1'000'000'000, seconds(1), 1'000'000}, MonoNs{1'000});
  EXPECT_TRUE(bucket.take(MonoNs{1'000}, 1'000'000));
  EXPECT_FALSE(bucket.take(MonoNs{0}));
  EXPECT_TRUE(bucket.take(MonoNs{UINT64_MAX - 1}, 1'000'000)) << "no overflow after 584 years";
}

}  // namespace
}  // namespace jumpgate::base
