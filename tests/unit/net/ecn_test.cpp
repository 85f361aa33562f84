#include "net/ecn.hpp"

#include <gtest/gtest.h>

#include "net/frames.hpp"
#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::ip;

constexpr auto kNot = Ecn::kNotEct;
constexpr auto kE0 = Ecn::kEct0;
constexpr auto kE1 = Ecn::kEct1;
constexpr auto kCe = Ecn::kCe;

struct Row {
  Ecn inner;
  Ecn outer;
  std::optional<Ecn> out;
};

// RFC 6040 figure 4, cell by cell.
constexpr std::array kFigure4{
    Row{kNot, kNot, kNot}, Row{kNot, kE0, kNot}, Row{kNot, kE1, kNot}, Row{kNot, kCe, std::nullopt},
    Row{kE0, kNot, kE0},   Row{kE0, kE0, kE0},   Row{kE0, kE1, kE1},   Row{kE0, kCe, kCe},
    Row{kE1, kNot, kE1},   Row{kE1, kE0, kE1},   Row{kE1, kE1, kE1},   Row{kE1, kCe, kCe},
    Row{kCe, kNot, kCe},   Row{kCe, kE0, kCe},   Row{kCe, kE1, kCe},   Row{kCe, kCe, kCe},
};

TEST(Ecn, AllSixteenCombinations) {
  for (const Row& row : kFigure4)
    EXPECT_EQ(combine_ecn(row.inner, row.outer), row.out)
        << int(row.inner) << " in " << int(row.outer);
}

std::vector<std::uint8_t> packet(bool v6, std::uint8_t traffic_class) {
  std::vector<std::uint8_t> bytes(ip_header_size(v6 ? IpFamily::kV6 : IpFamily::kV4) + 20, 0x11);
  build_ip(bytes, ip(v6 ? "fd00::1" : "10.0.0.1"), ip(v6 ? "fd00::2" : "10.0.0.2"), kProtocolUdp,
           20);
  if (v6) {
    bytes[0] = static_cast<std::uint8_t>(0x60 | (traffic_class >> 4));
    bytes[1] = static_cast<std::uint8_t>((traffic_class << 4) | 0x0a);  // and a flow label
  } else {
    bytes[1] = traffic_class;
    base::store_be16(&bytes[10], 0);
    base::store_be16(&bytes[10], internet_checksum(std::span(bytes).first(kIpv4Size)));
  }
  return bytes;
}

TEST(Ecn, InPacketsOfBothFamiliesDscpAndFlowLabelStay) {
  constexpr std::uint8_t kDscp = 46 << 2;
  for (const bool v6 : {false, true}) {
    for (const Row& row : kFigure4) {
      auto bytes = packet(v6, static_cast<std::uint8_t>(kDscp | int(row.inner)));
      const auto before = bytes;
      // The outer DSCP says nothing.
      const bool kept = take_outer_ecn(bytes, static_cast<std::uint8_t>(0x28 | int(row.outer)));
      ASSERT_EQ(kept, row.out.has_value());
      if (!kept) continue;
      const auto view = parse_ip(bytes);
      ASSERT_TRUE(view) << "the IPv4 checksum no longer fits";
      EXPECT_EQ(traffic_class_of(view->packet.data()), kDscp | int(*row.out));
      EXPECT_EQ(bytes, packet(v6, static_cast<std::uint8_t>(kDscp | int(*row.out))));
    }
  }
}

TEST(Ecn, WhatIsNoHeaderIsLeftAlone) {
  std::vector<std::uint8_t> nothing;
  EXPECT_TRUE(take_outer_ecn(nothing, 3));
  std::vector<std::uint8_t> few(19, 0x45);
  EXPECT_TRUE(take_outer_ecn(few, 3));
  EXPECT_EQ(few, std::vector<std::uint8_t>(19, 0x45));
}

TEST(OuterClass, CopiesOrFixesTheDscpAndAlwaysCopiesEcn) {
  const OuterClass copy;
  const OuterClass fixed = OuterClass::fixed(10);
  const OuterClass zero = OuterClass::fixed(0);
  for (unsigned inner = 0; inner < 256; ++inner) {
    const auto byte = static_cast<std::uint8_t>(inner);
    EXPECT_EQ(copy.of(byte), byte);
    EXPECT_EQ(fixed.of(byte), (10U << 2) | (inner & 3));
    EXPECT_EQ(zero.of(byte), inner & 3);
  }
}

}  // namespace
}  // namespace jumpgate::net
