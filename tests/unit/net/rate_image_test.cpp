// Rates as rte_meter keeps them: how much passes in a second, for rates from the smallest to the largest.
#include "net/rate_image.hpp"

#include <gtest/gtest.h>

namespace jumpgate::net {
namespace {

/// Tokens that pass in `time` if `size` of them are asked for each microsecond.
std::uint64_t passed(const BucketProfile& bucket, Duration time, std::uint32_t size) {
  rte_meter_srtcm meter{.time = 0, .tc = 0, .te = 0};
  rte_meter_srtcm_profile profile = bucket.meter;
  std::uint64_t sum = 0;
  for (std::uint64_t now = 0; now < static_cast<std::uint64_t>(time.ns); now += 1'000)
    if (rte_meter_srtcm_color_blind_check(&meter, &profile, now, size) == RTE_COLOR_GREEN)
      sum += size;
  return sum;
}

TEST(Bucket, KeepsItsRateToOneInAThousand) {
  for (const std::uint64_t rate : {1'000'000ULL, 3'750'000ULL, 12'500'000ULL, 99'999'999ULL,
                                   125'000'000ULL, 1'250'000'000ULL}) {
    const BucketProfile bucket = make_bucket(rate, milliseconds(100), 3000);
    const auto wanted = static_cast<double>(rate);
    EXPECT_NEAR(static_cast<double>(passed(bucket, seconds(1), 1500)), wanted,
                wanted / 1000 + 1500);
  }
}

TEST(Bucket, CountsPacketsAsWell) {
  EXPECT_NEAR(static_cast<double>(passed(make_bucket(20'000, milliseconds(100), 2), seconds(1), 1)),
              20'000, 20);
  EXPECT_EQ(passed(make_bucket(1, milliseconds(100), 2), seconds(3), 1), 2U);
}

TEST(Bucket, HoldsItsBurstAndALeast) {
  EXPECT_EQ(make_bucket(1'000'000, milliseconds(100), 3000).meter.cbs, 100'000U);
  EXPECT_EQ(make_bucket(1'000, milliseconds(100), 3000).meter.cbs, 3000U);
  EXPECT_FALSE(make_bucket(0, milliseconds(100), 3000).any());
}

TEST(Bucket, TheLargestRateOverflowsNothing) {
  const BucketProfile bucket = make_bucket(125'000'000'000, seconds(10), 3000);
  EXPECT_EQ(bucket.meter.cbs, 1'250'000'000'000U);
  rte_meter_srtcm meter{.time = 0, .tc = 0, .te = 0};
  rte_meter_srtcm_profile profile = bucket.meter;
  const std::uint64_t year = 365ULL * 86'400 * 1'000'000'000;
  EXPECT_EQ(rte_meter_srtcm_color_blind_check(&meter, &profile, year, 1500), RTE_COLOR_GREEN);
  EXPECT_EQ(meter.tc, bucket.meter.cbs - 1500) << "full after a year";
}

TEST(RateImage, TellsWhoHasWhat) {
  RateSet set{.name = "r"};
  set.session[0].bytes = 1'000'000;
  const auto image = RateImage::build({&set, 1}, {kNoRates, 0}, 1);
  EXPECT_TRUE(image->any());
  EXPECT_EQ(image->set_of(0), kNoRates);
  EXPECT_EQ(image->set_of(1), 0);
  EXPECT_EQ(image->set_of(2), kNoRates);
  EXPECT_TRUE(image->profile(0).session[0].bytes.any());
  EXPECT_FALSE(image->profile(0).session[1].bytes.any());
  EXPECT_FALSE(RateImage::build({&set, 1}, {kNoRates}, 1)->any());
  const std::uint16_t same[] = {kNoRates, 0};
  EXPECT_TRUE(image->says_the_same({&set, 1}, same));
  set.quota = 1;
  EXPECT_FALSE(image->says_the_same({&set, 1}, same));
}

TEST(RateImage, DividesTheTotalsAmongWorkers) {
  RateSet set{.name = "r"};
  set.session[0].packets = set.total[0].packets = 1'000;
  const auto image = RateImage::build({&set, 1}, {0}, 4);
  EXPECT_EQ(image->profile(0).session[0].packets.meter.cbs, 100U);
  EXPECT_EQ(image->profile(0).total[0].packets.meter.cbs, 25U);
  set.total[0].packets = 1;
  EXPECT_TRUE(RateImage::build({&set, 1}, {0}, 4)->profile(0).total[0].packets.any())
      << "the smallest is not divided to none";
}

}  // namespace
}  // namespace jumpgate::net
