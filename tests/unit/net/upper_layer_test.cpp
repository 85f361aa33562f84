#include "net/upper_layer.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::Exact;
using test::ip;
using Packet = std::vector<std::uint8_t>;

Packet v4(std::uint8_t protocol, std::uint16_t fragment, std::size_t payload,
          const Packet& options = {}) {
  Packet out(kIpv4Size + options.size() + payload);
  build_ip(out, ip("10.0.0.1"), ip("10.0.0.2"), protocol, options.size() + payload);
  out[0] = static_cast<std::uint8_t>(0x45 + options.size() / 4);
  base::store_be16(&out[6], fragment);
  std::ranges::copy(options, out.begin() + kIpv4Size);
  return out;
}

Packet v6(std::uint8_t first, const Packet& behind) {
  Packet out(kIpv6Size + behind.size());
  build_ip(out, ip("fd00::1"), ip("fd00::2"), first, behind.size());
  std::ranges::copy(behind, out.begin() + kIpv6Size);
  return out;
}

// `count` destination options headers of eight bytes, the last followed by `last`, then 40 bytes.
Packet chain(std::size_t count, std::uint8_t last) {
  Packet behind;
  for (std::size_t i = 0; i < count; ++i)
    behind.insert(behind.end(), {i + 1 == count ? last : kDestinationHeader, 0, 1, 4, 0, 0, 0, 0});
  behind.resize(behind.size() + 40);
  return v6(kDestinationHeader, behind);
}

Packet fragment_v6(std::uint8_t protocol, std::uint16_t place, std::size_t payload) {
  Packet behind{
      protocol, 0, static_cast<std::uint8_t>(place >> 8), static_cast<std::uint8_t>(place), 0, 0,
      0,        1};
  behind.resize(8 + payload);
  return v6(kFragmentHeader, behind);
}

std::optional<DropReason> fault(const Packet& packet) {
  const Exact exact{packet};
  return option_fault(exact.span());
}

TEST(UpperLayer, PlainPacketsNeedNoLook) {
  EXPECT_FALSE(has_options(v4(kProtocolTcp, 0, 20).data()));
  EXPECT_FALSE(has_options(v4(kProtocolTcp, 0x4000, 20).data())) << "don't-fragment alone";
  EXPECT_FALSE(has_options(v6(kProtocolTcp, Packet(20)).data()));
  EXPECT_TRUE(has_options(v4(kProtocolTcp, 0x2000, 24).data()));
  EXPECT_TRUE(has_options(v4(kProtocolTcp, 1, 24).data()));
  EXPECT_TRUE(has_options(v4(kProtocolTcp, 0, 20, {1, 1, 1, 0}).data()));
  EXPECT_TRUE(has_options(chain(1, kProtocolTcp).data()));
}

TEST(UpperLayer, WalksTheChainToItsBound) {
  for (std::size_t count = 1; count <= kMaxExtensionHeaders; ++count) {
    const UpperLayer upper = upper_layer_of(chain(count, kProtocolTcp));
    EXPECT_TRUE(upper.readable) << count;
    EXPECT_EQ(upper.protocol, kProtocolTcp);
    EXPECT_EQ(upper.offset, kIpv6Size + 8 * count);
  }
  EXPECT_EQ(fault(chain(kMaxExtensionHeaders + 1, kProtocolTcp)), DropReason::kInnerBadExtension);
}

TEST(UpperLayer, ChainsThatEndNowhere) {
  EXPECT_EQ(fault(v6(kHopByHopHeader, {6, 200, 0, 0, 0, 0, 0, 0})), DropReason::kInnerBadExtension);
  EXPECT_EQ(fault(v6(kHopByHopHeader, {6, 1, 0, 0, 0, 0, 0, 0})), DropReason::kInnerBadExtension);
  EXPECT_EQ(fault(v6(kRoutingHeader, {6, 0, 0})), DropReason::kInnerBadExtension);
  EXPECT_EQ(fault(v6(kFragmentHeader, {6, 0, 0, 1})), DropReason::kInnerBadExtension);
}

TEST(UpperLayer, AnAuthenticationHeaderCountsInWordsOfFourBytes) {
  for (const std::size_t words : {3U, 6U, 257U}) {
    Packet behind(4 * words + 20);
    behind[0] = kProtocolTcp;
    behind[1] = static_cast<std::uint8_t>(words - 2);
    const UpperLayer upper = upper_layer_of(v6(kAuthenticationHeader, behind));
    EXPECT_TRUE(upper.readable && upper.authentic);
    EXPECT_EQ(upper.protocol, kProtocolTcp);
    EXPECT_EQ(upper.offset, kIpv6Size + 4 * words);
    behind.resize(4 * words - 1);
    EXPECT_EQ(fault(v6(kAuthenticationHeader, behind)), DropReason::kInnerBadExtension)
        << "cut off";
  }
  EXPECT_EQ(fault(v6(kAuthenticationHeader, {6, 1, 0, 0})), DropReason::kInnerBadExtension);
  EXPECT_FALSE(upper_layer_of(chain(1, kProtocolTcp)).authentic);
}

TEST(UpperLayer, HonestFragmentsPass) {
  EXPECT_EQ(fault(v4(kProtocolUdp, 0x2000, 8)), std::nullopt);
  EXPECT_EQ(fault(v4(kProtocolUdp, 1, 3)), std::nullopt);
  EXPECT_EQ(fault(v4(kProtocolTcp, 0x2000, 1200)), std::nullopt);
  EXPECT_EQ(fault(v4(kProtocolTcp, 150, 77)), std::nullopt);
  EXPECT_EQ(fault(fragment_v6(kProtocolUdp, 1, 1232)), std::nullopt);
  EXPECT_EQ(fault(fragment_v6(kProtocolUdp, 1232, 5)), std::nullopt);
  EXPECT_EQ(fault(fragment_v6(kProtocolTcp, 0, 20)), std::nullopt) << "atomic, RFC 6946";
}

TEST(UpperLayer, TinyAndImpossibleFragments) {
  const auto bad = DropReason::kInnerBadFragment;
  EXPECT_EQ(fault(v4(kProtocolTcp, 0x2000, 8)), bad) << "RFC 1858 section 3: the flags are missing";
  EXPECT_EQ(fault(v4(kProtocolTcp, 1, 100)), bad) << "RFC 3128: it would overwrite them";
  EXPECT_EQ(fault(v4(kProtocolTcp, 2, 100)), bad);
  EXPECT_EQ(fault(v4(kProtocolUdp, 0x2000, 13)), bad) << "no multiple of eight";
  EXPECT_EQ(fault(v4(kProtocolUdp, 0x1fff, 1400)), bad) << "beyond 65,535 bytes";
  EXPECT_EQ(fault(v4(kProtocolUdp, 100, 0)), bad) << "of nothing";
  EXPECT_EQ(fault(fragment_v6(kProtocolTcp, 1, 16)), bad);
  EXPECT_EQ(fault(fragment_v6(kProtocolTcp, 8, 100)), bad);
  EXPECT_EQ(fault(fragment_v6(kProtocolUdp, 0xfff8, 1400)), bad);
}

TEST(UpperLayer, SourceRoutes) {
  const auto route = DropReason::kInnerSourceRoute;
  EXPECT_EQ(fault(v4(kProtocolUdp, 0, 8, {131, 7, 4, 10, 0, 0, 9, 0})), route);
  EXPECT_EQ(fault(v4(kProtocolUdp, 0, 8, {1, 137, 7, 4, 10, 0, 0, 9})), route);
  EXPECT_EQ(fault(v4(kProtocolUdp, 0, 8, {0, 131, 7, 4, 10, 0, 0, 9})), std::nullopt)
      << "behind the end of the list";
  EXPECT_EQ(fault(v4(kProtocolUdp, 0, 8, {7, 4, 4, 0, 1, 1, 1, 1})), std::nullopt);
  EXPECT_EQ(fault(v4(kProtocolUdp, 0, 8, {7, 0, 131, 0})), std::nullopt) << "a length of nothing";
}

}  // namespace
}  // namespace jumpgate::net
