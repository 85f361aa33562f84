#include "net/route_image.hpp"

#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "net/address.hpp"
#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::ip;
using test::prefix;

PortAddressing inner_port() {
  PortAddressing port{.port = 1, .role = PortRole::kInner};
  port.addresses = {prefix("10.9.0.1/24"), prefix("fd09::1/64")};
  port.gateways = {ip("10.9.0.254")};
  return port;
}

std::unique_ptr<const RouteImage> build(const std::vector<PeerPrefix>& peers,
                                        const std::vector<StaticRoute>& routes = {}) {
  const std::vector<PortAddressing> ports{inner_port()};
  auto image = RouteImage::build({peers, ports, routes});
  EXPECT_TRUE(image) << image.error();
  return image ? std::move(*image) : nullptr;
}

TEST(RouteImage, EachKind) {
  const auto image = build(
      {{prefix("10.8.0.2/32"), 7}, {prefix("192.168.5.0/24"), 7}, {prefix("fd00:8::2/128"), 9}},
      {{prefix("172.16.0.0/12"), 1, ip("10.9.0.77")}});
  EXPECT_EQ(image->route(ip("10.8.0.2")), (RouteTarget{RouteKind::kPeer, 0, 7}));
  EXPECT_EQ(image->route(ip("192.168.5.200")), (RouteTarget{RouteKind::kPeer, 0, 7}));
  EXPECT_EQ(image->route(ip("fd00:8::2")), (RouteTarget{RouteKind::kPeer, 0, 9}));
  EXPECT_EQ(image->route(ip("10.9.0.1")), (RouteTarget{RouteKind::kLocal, 1, 0}));
  EXPECT_EQ(image->route(ip("fd09::1")), (RouteTarget{RouteKind::kLocal, 1, 0}));
  EXPECT_EQ(image->route(ip("10.9.0.33")), (RouteTarget{RouteKind::kOnLink, 1, 0}));
  const auto via = image->route(ip("172.31.255.255"));
  EXPECT_EQ(via.kind, RouteKind::kNextHop);
  EXPECT_EQ(image->next_hop(via), ip("10.9.0.77"));
  const auto fallback = image->route(ip("8.8.8.8"));
  EXPECT_EQ(fallback.kind, RouteKind::kNextHop);
  EXPECT_EQ(image->next_hop(fallback), ip("10.9.0.254"));
  EXPECT_EQ(image->route(ip("fd00:9::1")).kind, RouteKind::kNone) << "no IPv6 default";
  EXPECT_FALSE(image->uses_fib(IpFamily::kV4));
}

TEST(RouteImage, WhatIsForAllHostsOfALinkIsForNobody) {
  PortAddressing port = inner_port();
  port.addresses = {prefix("10.9.0.1/24"), prefix("10.9.1.0/31"), prefix("10.9.2.1/30"),
                    prefix("10.9.0.130/25")};
  const std::vector<PortAddressing> ports{port};
  const auto image = RouteImage::build({{}, ports, {}});
  ASSERT_TRUE(image) << image.error();
  const auto kind = [&](const char* to) { return (*image)->route(ip(to)).kind; };
  for (const char* all : {"10.9.0.0", "10.9.0.255", "10.9.0.128", "10.9.2.0", "10.9.2.3"})
    EXPECT_EQ(kind(all), RouteKind::kNobody) << all;
  for (const char* host : {"10.9.0.254", "10.9.0.127", "10.9.2.2", "10.9.1.1"})
    EXPECT_EQ(kind(host), RouteKind::kOnLink) << host;
  EXPECT_EQ(kind("10.9.1.0"), RouteKind::kLocal) << "RFC 3021";
}

TEST(RouteImage, SourcesBelongToOnePeer) {
  const auto image =
      build({{prefix("10.8.0.0/24"), 1}, {prefix("10.8.0.64/26"), 2}, {prefix("fd00:8::/64"), 1}});
  EXPECT_EQ(image->peer_of_source(ip("10.8.0.1")), 1U);
  EXPECT_EQ(image->peer_of_source(ip("10.8.0.65")), 2U) << "the longest prefix";
  EXPECT_FALSE(image->peer_of_source(ip("10.9.0.33"))) << "on link is no peer";
  EXPECT_TRUE(image->peer_owns_v4(2, ip("10.8.0.65").bytes.data()));
  EXPECT_FALSE(image->peer_owns_v4(1, ip("10.8.0.65").bytes.data()));
  EXPECT_TRUE(image->peer_owns_v6(1, ip("fd00:8::5").bytes.data()));
  EXPECT_FALSE(image->peer_owns_v6(0, ip("fd00:9::5").bytes.data()));
}

TEST(RouteImage, TwoOwnersOfOnePrefixAreRefused) {
  const std::vector<PeerPrefix> peers{{prefix("10.8.0.0/24"), 1}, {prefix("10.8.0.0/24"), 2}};
  EXPECT_FALSE(RouteImage::build({peers, {}, {}}));
}

TEST(RouteImage, EmptyIsCheapAndKnowsNothing) {
  const auto image = RouteImage::build({});
  ASSERT_TRUE(image);
  EXPECT_LT((*image)->footprint(), 64U * 1024);
  EXPECT_EQ((*image)->route(ip("10.0.0.1")).kind, RouteKind::kNone);
  EXPECT_EQ((*image)->route({}).kind, RouteKind::kNone);
}

// The longest match by plain comparison.
std::optional<std::uint32_t> expected_peer(const std::vector<PeerPrefix>& peers,
                                           const IpAddress& address) {
  const PeerPrefix* best = nullptr;
  for (const PeerPrefix& p : peers)
    if (base::contains(p.prefix, address) &&
        (best == nullptr || p.prefix.length > best->prefix.length))
      best = &p;
  if (best == nullptr) return std::nullopt;
  return best->peer;
}

// Random nested prefixes; addresses near them.
void expect_as_plain(IpFamily family, std::size_t count, bool fib) {
  std::mt19937 random{42};
  const auto address = [&] {
    IpAddress a{.family = family};
    const std::size_t bytes = family == IpFamily::kV4 ? 4 : 16;
    a.bytes[0] = 0xfd;
    // Few values a byte, so that prefixes nest.
    for (std::size_t i = 1; i < bytes; ++i)
      a.bytes[i] = static_cast<std::uint8_t>(random() % 3 * 85);
    return a;
  };
  std::vector<PeerPrefix> peers;
  const unsigned bits = base::address_bits(family);
  while (peers.size() < count) {
    const IpPrefix p =
        network_of({address(), static_cast<std::uint8_t>(8 + random() % (bits - 7))});
    if (std::ranges::none_of(peers, [&](const PeerPrefix& other) { return other.prefix == p; }))
      peers.push_back({p, static_cast<std::uint32_t>(peers.size())});
  }
  const auto image = RouteImage::build({peers, {}, {}});
  ASSERT_TRUE(image) << image.error();
  EXPECT_EQ((*image)->uses_fib(family), fib);
  for (int i = 0; i < 20000; ++i) {
    const IpAddress a = address();
    ASSERT_EQ((*image)->peer_of_source(a), expected_peer(peers, a)) << base::format_ip(a);
  }
}

TEST(RouteImage, ScanFindsTheLongestMatch) {
  expect_as_plain(IpFamily::kV4, 30, false);
  expect_as_plain(IpFamily::kV6, 30, false);
}

TEST(RouteImage, FibFindsTheLongestMatchIpv4) {
  expect_as_plain(IpFamily::kV4, 90, true);
}
TEST(RouteImage, FibFindsTheLongestMatchIpv6) {
  expect_as_plain(IpFamily::kV6, 400, true);
}

TEST(RouteImage, TheDefaultRouteHoldsUnderAFib) {
  std::vector<PeerPrefix> peers;
  for (std::uint32_t i = 0; i < 100; ++i)
    peers.push_back({prefix(fmt::format("10.100.{}.0/24", i)), i});
  const auto image = build(peers);
  ASSERT_TRUE(image->uses_fib(IpFamily::kV4));
  EXPECT_EQ(image->next_hop(image->route(ip("8.8.8.8"))), ip("10.9.0.254"));
  EXPECT_EQ(image->route(ip("10.9.0.9")).kind, RouteKind::kOnLink);
  EXPECT_GT(image->footprint(), 64U << 20);
}

TEST(RouteImage, AHundredThousandSingles) {
  std::vector<PeerPrefix> peers;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    const auto b = [&](unsigned shift) { return static_cast<std::uint8_t>(i >> shift); };
    peers.push_back(
        {host_prefix(address_v4(std::array<std::uint8_t, 4>{10, b(16), b(8), b(0)})), i});
  }
  const auto image = RouteImage::build({peers, {}, {}});
  ASSERT_TRUE(image) << image.error();
  for (const PeerPrefix& p : peers)
    ASSERT_EQ((*image)->peer_of_source(p.prefix.address), p.peer);
  EXPECT_FALSE((*image)->uses_fib(IpFamily::kV4));
}

}  // namespace
}  // namespace jumpgate::net
