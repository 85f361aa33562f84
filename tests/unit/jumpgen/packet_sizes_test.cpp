#include "tools/jumpgen/packet_sizes.hpp"

#include <map>

#include <gtest/gtest.h>

namespace jumpgate::jumpgen {
namespace {

TEST(PacketSizes, FixedIsAlwaysTheSame) {
  auto sizes = *PacketSizes::parse("512");
  for (int i = 0; i < 30; ++i)
    EXPECT_EQ(sizes.next(), 512);
  EXPECT_EQ(sizes.largest(), 512);
}

TEST(PacketSizes, ImixIsSevenFourOneInEachRound) {
  auto sizes = *PacketSizes::parse("imix");
  for (int round = 0; round < 3; ++round) {
    std::map<int, int> counts;
    for (std::size_t i = 0; i < PacketSizes::kPattern; ++i)
      ++counts[sizes.next()];
    EXPECT_EQ(counts, (std::map<int, int>{{64, 7}, {576, 4}, {1400, 1}}));
  }
  EXPECT_EQ(sizes.largest(), 1400);
}

TEST(PacketSizes, WhatDoesNotFitIsRefused) {
  EXPECT_TRUE(PacketSizes::parse("56"));
  EXPECT_TRUE(PacketSizes::parse("1440"));
  for (const char* text : {"55", "1441", "", "IMIX", "64 ", "-64", "65600", "6 4"})
    EXPECT_FALSE(PacketSizes::parse(text)) << text;
}

}  // namespace
}  // namespace jumpgate::jumpgen
