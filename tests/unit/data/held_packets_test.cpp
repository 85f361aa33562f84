#include "data/held_packets.hpp"

#include <gtest/gtest.h>

namespace jumpgate::data {
namespace {

rte_mbuf* fake(std::uintptr_t number) {
  return reinterpret_cast<rte_mbuf*>(number);
}

TEST(HeldPackets, FirstInFirstOutForEachSession) {
  HeldPackets held(4);
  HeldQueue one;
  HeldQueue two;
  EXPECT_TRUE(held.hold(one, fake(1)));
  EXPECT_TRUE(held.hold(two, fake(2)));
  EXPECT_TRUE(held.hold(one, fake(3)));
  EXPECT_EQ(held.take(one), fake(1));
  EXPECT_EQ(held.take(one), fake(3));
  EXPECT_EQ(held.take(one), nullptr);
  EXPECT_EQ(held.take(two), fake(2));
}

TEST(HeldPackets, BoundedInAllAndForEachSession) {
  HeldPackets held(limits::kMaxHeldPackets + 2);
  HeldQueue greedy;
  for (std::size_t i = 0; i < limits::kMaxHeldPackets; ++i)
    EXPECT_TRUE(held.hold(greedy, fake(i + 1)));
  EXPECT_FALSE(held.hold(greedy, fake(1000)));
  HeldQueue other;
  EXPECT_TRUE(held.hold(other, fake(1)));
  EXPECT_TRUE(held.hold(other, fake(2)));
  EXPECT_FALSE(held.hold(other, fake(3))) << "the pool is empty";
  EXPECT_NE(held.take(greedy), nullptr);
  EXPECT_TRUE(held.hold(other, fake(3)));
}

}  // namespace
}  // namespace jumpgate::data
