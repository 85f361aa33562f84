#include "net/parts.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::net {
namespace {

using Packet = std::vector<std::uint8_t>;

Packet v6_packet(std::size_t size) {
  Packet packet(size);
  for (std::size_t i = 0; i < size; ++i)
    packet[i] = static_cast<std::uint8_t>(i * 7);
  packet[0] = 0x6b;
  return packet;
}

TEST(Parts, OnlyWhatNoIpv6LinkMayRefuseGoesInParts) {
  EXPECT_TRUE(goes_in_parts(v6_packet(1280), 1200));
  EXPECT_TRUE(goes_in_parts(v6_packet(1201), 1200));
  EXPECT_FALSE(goes_in_parts(v6_packet(1281), 1220)) << "its sender is told 1280";
  EXPECT_FALSE(goes_in_parts(v6_packet(1280), 1199)) << "narrower than any path";
  Packet v4(1280, 0);
  v4[0] = 0x45;
  EXPECT_FALSE(goes_in_parts(v4, 1220));
}

TEST(Parts, BothKnowTheTrafficClassAndWhatTheyAre) {
  Packet packet = v6_packet(1280);
  const Packet before = packet;
  Packet tail(kMaxTail);
  ASSERT_EQ(split_in_parts(packet, 1200, tail), kMaxTail);
  EXPECT_EQ(part_of(std::span(packet).first(1200)), PartKind::kHead);
  EXPECT_EQ(part_of(tail), PartKind::kTail);
  for (std::size_t i = 1; i < kPartWord; ++i)
    EXPECT_EQ(tail[i], before[i]);
  EXPECT_EQ(packet[0], 0x1b);
  EXPECT_EQ(tail[0], 0x2b);
}

TEST(Parts, AWholePacketIsNoPart) {
  EXPECT_EQ(part_of(v6_packet(100)), std::nullopt);
  for (const unsigned first : {0x45U, 0x05U, 0x35U, 0x75U, 0xf5U})
    EXPECT_EQ(part_of(Packet(100, static_cast<std::uint8_t>(first))), std::nullopt) << first;
  EXPECT_EQ(part_of(Packet{0x10, 0, 0, 0}), std::nullopt) << "a part has more than its word";
  EXPECT_EQ(part_of(Packet{0x10, 0, 0, 0, 0}), PartKind::kHead);
  EXPECT_EQ(part_of(Packet{}), std::nullopt);
}

TEST(Parts, EverySizeComesBackAsItWas) {
  for (const std::uint16_t mtu : {std::uint16_t{1200}, std::uint16_t{1220}}) {
    for (std::size_t size = mtu + 1U; size <= kIpv6MinMtu; ++size) {
      const Packet before = v6_packet(size);
      Packet packet = before;
      Packet tail(kMaxTail);
      tail.resize(split_in_parts(packet, mtu, tail));
      std::fill(packet.begin() + mtu, packet.end(), 0xee);
      ASSERT_EQ(join_parts(packet, mtu, tail), size);
      ASSERT_EQ(packet, before);
    }
  }
}

TEST(Parts, WhatMakesTooMuchIsNotJoined) {
  Packet room(2000, 0x10);
  EXPECT_EQ(join_parts(room, 1200, Packet(84, 0x20)), 1280U);
  EXPECT_EQ(join_parts(room, 1200, Packet(85, 0x20)), 0U);
  EXPECT_EQ(join_parts(std::span(room).first(1250), 1200, Packet(84, 0x20)), 0U)
      << "no room for it";
}

}  // namespace
}  // namespace jumpgate::net
