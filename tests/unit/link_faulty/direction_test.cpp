#include "link_faulty/direction.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::link_faulty {
namespace {

const std::vector<std::byte> kFrame(100, std::byte{7});

TEST(Direction, CountsWhatBecameOfEachFrame) {
  Direction direction({.duplicate = 1.0}, 1, 3, 128);
  direction.arrive(MonoNs{}, kFrame, false);  // two copies
  direction.arrive(MonoNs{}, kFrame, false);  // one copy fits
  direction.arrive(MonoNs{}, kFrame, true);
  EXPECT_EQ(direction.counters().received, 3U);
  EXPECT_EQ(direction.counters().duplicated, 1U);
  EXPECT_EQ(direction.counters().store_full, 1U);
  EXPECT_EQ(direction.counters().oversized, 1U);
  EXPECT_EQ(direction.queue().size(), 3U);

  direction.sent(3, 2);
  EXPECT_EQ(direction.counters().delivered, 2U);
  EXPECT_EQ(direction.counters().send_refused, 1U);
}

TEST(Direction, LostFramesTakeNoRoom) {
  Direction direction({.loss = 1.0}, 1, 1, 128);
  direction.arrive(MonoNs{}, kFrame, false);
  direction.arrive(MonoNs{}, kFrame, false);
  EXPECT_EQ(direction.counters().lost, 2U);
  EXPECT_EQ(direction.queue().size(), 0U);
}

TEST(Direction, RateLimitDropsAreTheirOwnCount) {
  Direction direction({.rate_bps = 1000, .rate_queue = Duration{0}}, 1, 8, 128);
  direction.arrive(MonoNs{}, kFrame, false);
  direction.arrive(MonoNs{}, kFrame, false);
  EXPECT_EQ(direction.counters().rate_queue_full, 1U);
  EXPECT_EQ(direction.queue().size(), 1U);
}

}  // namespace
}  // namespace jumpgate::link_faulty
