#include "net/parts.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "net/ecn.hpp"

namespace jumpgate::net {
namespace {

using Packet = std::vector<std::uint8_t>;

Packet numbered(std::uint8_t first, std::size_t size) {
  Packet packet(size);
  for (std::size_t i = 0; i < size; ++i)
    packet[i] = static_cast<std::uint8_t>(i * 7);
  packet[0] = first;
  return packet;
}

TEST(Parts, BothTellTheFamilyTheTrafficClassAndWhichTheyAre) {
  for (const unsigned first : {0x45U, 0x6bU}) {
    Packet packet = numbered(static_cast<std::uint8_t>(first), 1280);
    const std::uint8_t traffic_class = traffic_class_of(packet.data());
    Packet tail(kMaxTail);
    ASSERT_EQ(split_in_parts(packet, 1200, tail), kPartWord + 80);
    EXPECT_EQ(part_of(std::span(packet).first(1200)), PartKind::kHead);
    EXPECT_EQ(part_of(tail), PartKind::kTail);
    EXPECT_EQ(packet[0], first | 0x80);
    EXPECT_EQ(tail[0], first | 0x90);
    EXPECT_EQ(traffic_class_of(packet.data()), traffic_class);
    EXPECT_EQ(traffic_class_of(tail.data()), traffic_class);
  }
}

TEST(Parts, AWholePacketIsNoPart) {
  for (const unsigned first : {0x45U, 0x60U, 0x05U, 0x35U, 0x75U, 0x85U, 0xb5U})
    EXPECT_EQ(part_of(Packet(100, static_cast<std::uint8_t>(first))), std::nullopt) << first;
  EXPECT_EQ(part_of(Packet{0xe0, 0, 0, 0}), std::nullopt) << "a part has more than its word";
  EXPECT_EQ(part_of(Packet{0xe0, 0, 0, 0, 0}), PartKind::kHead);
  EXPECT_EQ(part_of(Packet{0xd0, 0, 0, 0, 0}), PartKind::kTail);
  EXPECT_EQ(part_of(Packet{}), std::nullopt);
}

TEST(Parts, EverySizeComesBackAsItWas) {
  for (const std::uint16_t mtu : {std::uint16_t{1200}, std::uint16_t{1220}}) {
    for (std::size_t size = mtu + 1U; size <= limits::kMaxInnerMtu; ++size) {
      const Packet before = numbered(size % 2 == 0 ? 0x45 : 0x60, size);
      Packet packet = before;
      Packet tail(kMaxTail);
      tail.resize(split_in_parts(packet, mtu, tail));
      std::fill(packet.begin() + mtu, packet.end(), 0xee);
      ASSERT_EQ(join_parts(packet, mtu, tail), size);
      ASSERT_EQ(packet, before);
    }
  }
}

TEST(Parts, WhatMakesNoPacketIsNotJoined) {
  Packet head = numbered(0x60, limits::kMaxInnerMtu);
  Packet tail(kMaxTail);
  ASSERT_EQ(split_in_parts(head, 1200, tail), kMaxTail);
  head.resize(2000);
  const Packet before = head;
  Packet longer = tail;
  longer.push_back(0);
  EXPECT_EQ(join_parts(head, 1200, longer), 0U) << "larger than any tunnel takes";
  EXPECT_EQ(join_parts(std::span(head).first(1300), 1200, tail), 0U) << "no room for it";
  Packet other = tail;
  other[2] ^= 1;
  EXPECT_EQ(join_parts(head, 1200, other), 0U) << "another packet's first bytes";
  other = tail;
  other[0] ^= 0x20;
  EXPECT_EQ(join_parts(head, 1200, other), 0U) << "another family";
  EXPECT_EQ(head, before);
  EXPECT_EQ(join_parts(head, 1200, tail), std::size_t{limits::kMaxInnerMtu});
}

}  // namespace
}  // namespace jumpgate::net
