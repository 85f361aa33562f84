// Parts of inner packets at the client (spec/wire.md "DATA in two parts").
#include "client/part_joiner.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::client::testing {
namespace {

using Bytes = std::vector<std::uint8_t>;

class PartJoinerTest : public ::testing::Test {
 protected:
  struct Halves {
    Bytes whole, head, tail;
  };
  static Halves halves(std::uint8_t fill) {
    Halves made{.whole = Bytes(1280, fill), .head = {}, .tail = Bytes(net::kMaxTail)};
    made.whole[0] = 0x60;
    made.head = made.whole;
    made.tail.resize(net::split_in_parts(made.head, 1200, made.tail));
    made.head.resize(1200);
    return made;
  }
  std::expected<JoinedPacket, DropReason> add(const Bytes& plaintext, std::uint64_t counter,
                                              std::uint64_t epoch = 1, std::uint8_t outer = 0) {
    return joiner.add({.kind = net::part_of(plaintext).value(),
                       .epoch = epoch,
                       .counter = counter,
                       .plaintext = plaintext,
                       .outer_class = outer});
  }
  bool waits(const Bytes& plaintext, std::uint64_t counter, std::uint64_t epoch = 1) {
    const auto made = add(plaintext, counter, epoch);
    return made && made->packet.empty();
  }
  static Bytes bytes(const std::expected<JoinedPacket, DropReason>& made) {
    return made ? Bytes(made->packet.begin(), made->packet.end()) : Bytes{};
  }

  PartJoiner joiner;
};

TEST_F(PartJoinerTest, BothPartsInEitherOrderMakeThePacket) {
  const Halves one = halves(1);
  EXPECT_TRUE(waits(one.head, 7));
  EXPECT_EQ(bytes(add(one.tail, 8)), one.whole);
  EXPECT_TRUE(waits(one.tail, 12));
  EXPECT_EQ(bytes(add(one.head, 11)), one.whole);
  EXPECT_TRUE(waits(one.tail, 8)) << "what was joined waits no more";
}

TEST_F(PartJoinerTest, PartsOfOthersAreNotTaken) {
  const Halves one = halves(1);
  EXPECT_TRUE(waits(one.head, 7));
  EXPECT_TRUE(waits(one.tail, 9)) << "not the counter behind it";
  EXPECT_TRUE(waits(one.tail, 8, 2)) << "another epoch";
  EXPECT_EQ(bytes(add(one.tail, 8)), one.whole);
}

TEST_F(PartJoinerTest, PacketsThatCameMixedAreUnmixed) {
  const Halves one = halves(1);
  const Halves two = halves(2);
  EXPECT_TRUE(waits(one.head, 7));
  EXPECT_TRUE(waits(two.head, 9));
  EXPECT_EQ(bytes(add(two.tail, 10)), two.whole);
  EXPECT_EQ(bytes(add(one.tail, 8)), one.whole);
}

TEST_F(PartJoinerTest, TheOldestGivesItsPlaceAndIsCounted) {
  const Halves one = halves(1);
  for (std::uint64_t counter = 10; counter < 18; counter += 2)
    EXPECT_TRUE(waits(one.head, counter));
  EXPECT_EQ(add(one.head, 18).error(), DropReason::kInnerPartLost);
  EXPECT_EQ(bytes(add(one.tail, 13)), one.whole);
  EXPECT_EQ(bytes(add(one.tail, 19)), one.whole);
  EXPECT_EQ(bytes(add(one.tail, 15)), one.whole);
  EXPECT_TRUE(waits(one.tail, 11)) << "its head is gone";
}

TEST_F(PartJoinerTest, AFreePlaceIsTakenBeforeAnyIsGivenUp) {
  const Halves one = halves(1);
  EXPECT_TRUE(waits(one.head, 1));
  for (std::uint64_t counter = 10; counter < 30; counter += 2) {
    EXPECT_TRUE(waits(one.head, counter));
    EXPECT_EQ(bytes(add(one.tail, counter + 1)), one.whole);
  }
  EXPECT_EQ(bytes(add(one.tail, 2)), one.whole) << "late, and still awaited";
}

TEST_F(PartJoinerTest, WhatMakesNoPacketIsDropped) {
  Bytes large(limits::kMaxInnerMtu + 1, 0xe0);
  EXPECT_EQ(add(large, 1).error(), DropReason::kInnerBadHeader);
  const Halves one = halves(1);
  EXPECT_TRUE(waits(one.head, 7));
  Bytes tail = one.tail;
  tail[1] ^= 1;
  EXPECT_EQ(add(tail, 8).error(), DropReason::kInnerBadHeader);
  EXPECT_TRUE(waits(one.tail, 8)) << "the head went with it";
}

TEST_F(PartJoinerTest, CongestionOfEitherPartIsThePackets) {
  const Halves one = halves(1);
  ASSERT_TRUE(add(one.head, 1, 1, 0x4b));
  EXPECT_EQ(add(one.tail, 2, 1, 0x4a)->outer_class, 0x4b);
  ASSERT_TRUE(add(one.head, 3, 1, 0x4a));
  EXPECT_EQ(add(one.tail, 4, 1, 0x4b)->outer_class, 0x4b);
  ASSERT_TRUE(add(one.head, 5, 1, 0x4a));
  EXPECT_EQ(add(one.tail, 6, 1, 0x4a)->outer_class, 0x4a);
}

}  // namespace
}  // namespace jumpgate::client::testing
