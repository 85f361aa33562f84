// Rules as values, and as rte_acl compiles them: checked against a judge that reads them one by one.
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "../../support/seeded_random.hpp"
#include "net/address.hpp"
#include "net/filter_image.hpp"
#include "net/filter_shadows.hpp"
#include "net/upper_layer.hpp"
#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::ip;
using test::prefix;
using Packet = std::vector<std::uint8_t>;

constexpr auto kAllow = FilterAction::kAllow;
constexpr auto kDeny = FilterAction::kDeny;
constexpr auto kIn = FilterDirection::kIn;
constexpr auto kOut = FilterDirection::kOut;

Packet packet(const IpAddress& from, const IpAddress& to, std::uint8_t protocol,
              std::uint16_t from_port, std::uint16_t to_port) {
  const std::size_t header = ip_header_size(from.family);
  Packet out(header + 20);
  build_ip(out, from, to, protocol, 20);
  base::store_be16(&out[header], from_port);
  base::store_be16(&out[header + 2], to_port);
  return out;
}

/// The same as a fragment from the middle of a datagram.
Packet later_fragment(const Packet& whole) {
  Packet out = whole;
  if ((whole[0] >> 4) == 4) {
    base::store_be16(&out[6], 100);
    return out;
  }
  const Packet header{whole[6], 0, 100 >> 8, 100 & 0xf8, 0, 0, 0, 1};
  out[6] = 44;
  base::store_be16(&out[4], static_cast<std::uint16_t>(base::load_be16(&whole[4]) + header.size()));
  out.insert(out.begin() + kIpv6Size, header.begin(), header.end());
  return out;
}

bool judge(const FilterImage& image, FilterDirection direction, const Packet& packet) {
  const FilterKey key = filter_key_of(packet);
  const std::uint8_t* data = key.bytes.data();
  bool allowed = false;
  image.judge(0, direction, (packet[0] >> 4) == 6, {&data, 1}, {&allowed, 1});
  return allowed;
}

std::unique_ptr<const FilterImage> build(const FilterSet& set) {
  auto image = FilterImage::build({&set, 1}, {0});
  EXPECT_TRUE(image);
  return std::move(*image);
}

TEST(Filter, TheFirstRuleThatMatchesDecides) {
  FilterSet set{.name = "f", .otherwise = kDeny, .rules = {}};
  set.rules.push_back({.action = kDeny, .to = prefix("10.9.0.66/32")});
  set.rules.push_back({.action = kAllow,
                       .direction = kIn,
                       .protocol = kProtocolTcp,
                       .to = prefix("10.9.0.0/24"),
                       .to_ports = {443, 443}});
  set.rules.push_back({.action = kAllow, .protocol = kProtocolIcmpv6});
  const auto image = build(set);
  const auto from = ip("10.8.0.2");
  EXPECT_TRUE(judge(*image, kIn, packet(from, ip("10.9.0.2"), 6, 5000, 443)));
  EXPECT_FALSE(judge(*image, kOut, packet(from, ip("10.9.0.2"), 6, 5000, 443))) << "direction";
  EXPECT_FALSE(judge(*image, kIn, packet(from, ip("10.9.0.66"), 6, 5000, 443))) << "order";
  EXPECT_FALSE(judge(*image, kIn, packet(from, ip("10.9.0.2"), 17, 5000, 443))) << "protocol";
  EXPECT_FALSE(judge(*image, kIn, packet(from, ip("10.9.0.2"), 6, 443, 444))) << "port";
  EXPECT_FALSE(judge(*image, kIn, packet(from, ip("10.9.1.2"), 6, 5000, 443))) << "prefix";
  EXPECT_TRUE(judge(*image, kOut, packet(ip("fd00::1"), ip("fd00::2"), 58, 0, 0)));
  EXPECT_FALSE(judge(*image, kOut, packet(ip("fd00::1"), ip("fd00::2"), 17, 0, 0)));
}

TEST(Filter, PortsBehindExtensionHeadersAndNoneInLaterFragments) {
  FilterSet set{.name = "f", .otherwise = kAllow, .rules = {}};
  set.rules.push_back({.action = kDeny, .protocol = kProtocolUdp, .to_ports = {53, 53}});
  const auto image = build(set);
  Packet behind(kIpv6Size + 8 + 20);
  build_ip(behind, ip("fd00::1"), ip("fd00::2"), 60, 28);
  behind[kIpv6Size] = kProtocolUdp;
  base::store_be16(&behind[kIpv6Size + 8 + 2], 53);
  EXPECT_FALSE(judge(*image, kIn, behind));
  const Packet whole = packet(ip("10.0.0.1"), ip("10.0.0.2"), kProtocolUdp, 53, 53);
  EXPECT_FALSE(judge(*image, kIn, whole));
  EXPECT_TRUE(judge(*image, kIn, later_fragment(whole)));
}

TEST(Filter, NoRangeOfPortsMatchesLaterFragments) {
  const PortRange low{0, 1023};
  for (const auto& [from, to] :
       {std::pair{"10.0.0.1", "10.0.0.2"}, std::pair{"fd00::1", "fd00::2"}})
    for (const auto& [from_ports, to_ports] :
         {std::pair{low, PortRange{}}, std::pair{PortRange{}, low},
          std::pair{PortRange{1, UINT16_MAX}, PortRange{}}}) {
      FilterSet set{.name = "f", .otherwise = kDeny, .rules = {}};
      set.rules.push_back(
          {.protocol = kProtocolUdp, .from_ports = from_ports, .to_ports = to_ports});
      const Packet whole = packet(ip(from), ip(to), kProtocolUdp, 53, 53);
      EXPECT_TRUE(judge(*build(set), kIn, whole));
      EXPECT_FALSE(judge(*build(set), kIn, later_fragment(whole)));
      EXPECT_EQ(judge(*build(set), kIn, packet(ip(from), ip(to), kProtocolUdp, 0, 0)),
                from_ports.first == 0)
          << "port 0 is a port";
      set.rules.push_back({.protocol = kProtocolUdp});
      EXPECT_TRUE(judge(*build(set), kIn, later_fragment(whole))) << "a rule without ports decides";
    }
}

TEST(Filter, AnAuthenticationHeaderHidesNothing) {
  FilterSet set{.name = "f", .otherwise = kAllow, .rules = {}};
  set.rules.push_back({.action = kDeny, .protocol = kProtocolTcp, .to_ports = {22, 22}});
  Packet behind(kIpv6Size + 16 + 20);
  build_ip(behind, ip("fd00::1"), ip("fd00::2"), kAuthenticationHeader, 36);
  behind[kIpv6Size] = kProtocolTcp;
  behind[kIpv6Size + 1] = 2;
  base::store_be16(&behind[kIpv6Size + 16 + 2], 22);
  EXPECT_FALSE(judge(*build(set), kIn, behind));
}

bool matches(const IpPrefix& wanted, const IpAddress& address) {
  return wanted.address.family == IpFamily::kNone || base::contains(wanted, address);
}

// The rules as they are written, one after the other; without a port: of a later fragment.
FilterAction by_hand(const FilterSet& set, FilterDirection direction, const IpAddress& from,
                     const IpAddress& to, std::uint8_t protocol,
                     std::optional<std::uint16_t> to_port) {
  for (const FilterRule& rule : set.rules) {
    if (rule.direction && *rule.direction != direction) continue;
    if (rule.protocol && *rule.protocol != protocol) continue;
    if (!matches(rule.from, from) || !matches(rule.to, to)) continue;
    const PortRange& ports = rule.to_ports;
    if (to_port ? *to_port < ports.first || *to_port > ports.last : ports != PortRange{}) continue;
    return rule.action;
  }
  return set.otherwise;
}

IpAddress random_address(jumpgate::test::SeededRandom& random, bool v6) {
  IpAddress address = ip(v6 ? "fd00::" : "10.0.0.0");
  for (const std::size_t byte :
       v6 ? std::array<std::size_t, 3>{1, 7, 15} : std::array<std::size_t, 3>{1, 2, 3})
    address.bytes[byte] = static_cast<std::uint8_t>(random.below(4));
  return address;
}

IpPrefix random_prefix(jumpgate::test::SeededRandom& random, bool v6) {
  if (random.below(3) == 0) return {};
  const auto length = static_cast<std::uint8_t>(v6 ? random.below(129) : random.below(33));
  return network_of({random_address(random, v6), length});
}

TEST(Filter, AThousandRandomRulesSayWhatTheySayByHand) {
  jumpgate::test::SeededRandom random(11);
  FilterSet set{.name = "f", .otherwise = kAllow, .rules = {}};
  for (int i = 0; i < 1000; ++i) {
    const bool v6 = random.below(2) == 0;
    FilterRule rule{.action = random.below(2) == 0 ? kAllow : kDeny,
                    .from = random_prefix(random, v6),
                    .to = random_prefix(random, v6)};
    if (random.below(3) != 0) rule.direction = random.below(2) == 0 ? kIn : kOut;
    rule.protocol = random.below(2) == 0 ? kProtocolTcp : kProtocolUdp;
    if (random.below(4) != 0) {
      rule.to_ports.first = static_cast<std::uint16_t>(random.below(6));
      rule.to_ports.last = static_cast<std::uint16_t>(rule.to_ports.first + random.below(3));
    }
    set.rules.push_back(rule);
  }
  const auto image = build(set);
  unsigned denied = 0;
  for (int i = 0; i < 20'000; ++i) {
    const bool v6 = random.below(2) == 0;
    const IpAddress from = random_address(random, v6), to = random_address(random, v6);
    const std::uint8_t protocol = random.below(2) == 0 ? kProtocolTcp : kProtocolUdp;
    const auto to_port = static_cast<std::uint16_t>(random.below(10));
    const FilterDirection direction = random.below(2) == 0 ? kIn : kOut;
    const FilterAction wanted = by_hand(set, direction, from, to, protocol, to_port);
    denied += wanted == kDeny ? 1 : 0;
    const Packet whole = packet(from, to, protocol, 7, to_port);
    ASSERT_EQ(judge(*image, direction, whole), wanted == kAllow);
    ASSERT_EQ(judge(*image, direction, later_fragment(whole)),
              by_hand(set, direction, from, to, protocol, {}) == kAllow);
  }
  EXPECT_GT(denied, 1000U);
  EXPECT_LT(denied, 19'000U);
}

TEST(Filter, WhoHasAFilter) {
  const FilterSet set{.name = "f", .otherwise = kDeny, .rules = {}};
  const auto image = FilterImage::build({&set, 1}, {kNoFilter, 0});
  ASSERT_TRUE(image);
  EXPECT_TRUE((*image)->any());
  EXPECT_EQ((*image)->set_of(0), kNoFilter);
  EXPECT_EQ((*image)->set_of(1), 0);
  EXPECT_EQ((*image)->set_of(99), kNoFilter);
  const auto none = FilterImage::build({}, {kNoFilter});
  ASSERT_TRUE(none);
  EXPECT_FALSE((*none)->any());
}

std::vector<std::size_t> shadow_of_last(const std::vector<FilterRule>& rules) {
  const auto shadows = shadows_of(rules);
  return shadows.empty() || shadows.back().rule != rules.size() - 1 ? std::vector<std::size_t>{}
                                                                    : shadows.back().by;
}

using Places = std::vector<std::size_t>;

TEST(FilterShadows, OfOneRuleThatMatchesAllOfIt) {
  const FilterRule any{.action = kAllow};
  const FilterRule web{.action = kDeny,
                       .direction = kIn,
                       .protocol = kProtocolTcp,
                       .to = prefix("10.9.0.0/24"),
                       .to_ports = {80, 90}};
  EXPECT_EQ(shadow_of_last({any, web}), Places{0});
  EXPECT_EQ(shadow_of_last({web, any}), Places{});
  EXPECT_EQ(shadow_of_last({web, web}), Places{0});
  FilterRule narrow = web;
  narrow.to = prefix("10.9.0.7/32");
  narrow.to_ports = {85, 85};
  EXPECT_EQ(shadow_of_last({narrow, web, narrow}), Places{0});
  EXPECT_EQ(shadow_of_last({narrow, web}), Places{});
  narrow.direction.reset();
  EXPECT_EQ(shadow_of_last({web, narrow}), Places{});
  const FilterRule v6{.action = kDeny, .to = prefix("fd00::/8")};
  EXPECT_EQ(shadow_of_last({web, v6}), Places{});
  EXPECT_EQ(shadow_of_last({{.from = prefix("::/0")}, v6}), Places{0}) << "of the same family";
}

TEST(FilterShadows, OfSeveralThatMatchAllOfItTogether) {
  const auto to = [](const char* text) { return FilterRule{.to = prefix(text)}; };
  EXPECT_EQ(shadow_of_last({to("10.9.0.0/25"), to("10.9.0.128/25"), to("10.9.0.0/24")}),
            (Places{0, 1}));
  EXPECT_EQ(shadow_of_last({to("10.9.0.192/26"), to("10.9.0.0/25"), to("10.9.0.0/24")}), Places{});
  EXPECT_EQ(shadow_of_last({to("fd00::/9"), to("fd80::/9"), to("fd00::/8")}), (Places{0, 1}));
  EXPECT_EQ(shadow_of_last({to("0.0.0.0/0"), to("::/0"), {}}), (Places{0, 1})) << "both families";
  EXPECT_EQ(shadow_of_last({to("0.0.0.0/0"), to("8000::/1"), {}}), Places{});
  EXPECT_EQ(shadow_of_last({{.direction = kIn}, {.direction = kOut}, to("10.0.0.0/8")}),
            (Places{0, 1}));
  const auto ports = [](PortRange from, PortRange to_ports) {
    return FilterRule{.protocol = kProtocolTcp, .from_ports = from, .to_ports = to_ports};
  };
  const PortRange all{};
  EXPECT_EQ(shadow_of_last({ports(all, {600, 900}), ports(all, {0, 99}), ports(all, {90, 500}),
                            ports(all, {501, 599}), ports(all, {50, 700})}),
            (Places{0, 1, 2, 3}));
  EXPECT_EQ(shadow_of_last({ports(all, {0, 99}), ports(all, {101, 500}), ports(all, {50, 200})}),
            Places{})
      << "100 is nobody's";
  EXPECT_EQ(shadow_of_last({ports(all, {0, 99}), ports(all, {100, UINT16_MAX}), ports(all, all)}),
            Places{})
      << "later fragments have no ports";
  EXPECT_EQ(shadow_of_last({ports({1, 1}, {0, 99}), ports(all, {100, 500}), ports(all, {50, 200})}),
            Places{})
      << "short in two ways";
}

TEST(FilterShadows, TheWorkIsBounded) {
  std::vector<FilterRule> rules(kMaxUnited + 100, {.protocol = kProtocolUdp});
  for (std::size_t i = 0; i < rules.size(); ++i)
    rules[i].to_ports = {static_cast<std::uint16_t>(2 * i), static_cast<std::uint16_t>(2 * i)};
  rules[kMaxUnited].to_ports = {0, 0};
  rules[kMaxUnited - 1].to_ports = {2, 4};
  rules[3].to_ports = {3, 4};
  rules[kMaxUnited + 1].to_ports = {2, 4};
  // What is beyond is looked at for single ones alone, of which the last has one.
  const auto shadows = shadows_of(rules);
  ASSERT_EQ(shadows.size(), 3U);
  EXPECT_EQ(shadows[0].by, (Places{1, 3}));
  EXPECT_EQ(shadows[1].by, Places{0});
  EXPECT_EQ(shadows[2].by, Places{kMaxUnited - 1});
  rules[kMaxUnited - 1].to_ports = {9, 9};
  EXPECT_EQ(shadows_of(rules).size(), 1U);
}

/// Of a small world: two bits of address, three ports, two protocols.
FilterRule small_rule(jumpgate::test::SeededRandom& random) {
  const bool v6 = random.below(3) == 0;
  const auto some = [&]() -> IpPrefix {
    if (random.below(3) == 0) return {};
    IpAddress address = ip(v6 ? "fd00::" : "10.0.0.0");
    address.bytes[v6 ? 15 : 3] = static_cast<std::uint8_t>(random.below(4));
    return network_of({address, static_cast<std::uint8_t>((v6 ? 128 : 32) - random.below(3))});
  };
  FilterRule rule{.action = kAllow, .from = some(), .to = some()};
  if (random.below(3) != 0) rule.direction = random.below(2) == 0 ? kIn : kOut;
  rule.protocol = random.below(2) == 0 ? kProtocolTcp : kProtocolUdp;
  if (random.below(2) != 0) {
    rule.to_ports.first = static_cast<std::uint16_t>(random.below(3));
    rule.to_ports.last = random.below(2) == 0 ? UINT16_MAX : rule.to_ports.first;
  }
  return rule;
}

/// A packet of that world that the first matches and no other does.
bool decides(const FilterRule& rule, const std::vector<FilterRule>& others) {
  const FilterSet alone{.name = "a", .otherwise = kDeny, .rules = {rule}};
  const FilterSet before{.name = "b", .otherwise = kDeny, .rules = others};
  for (unsigned n = 0; n < 2U * 2 * 2 * 16 * 4; ++n) {
    const bool v6 = (n & 1) != 0;
    const FilterDirection direction = (n & 2) != 0 ? kIn : kOut;
    const std::uint8_t protocol = (n & 4) != 0 ? kProtocolTcp : kProtocolUdp;
    IpAddress from = ip(v6 ? "fd00::" : "10.0.0.0"), to = from;
    from.bytes[v6 ? 15 : 3] = static_cast<std::uint8_t>(n >> 3 & 3);
    to.bytes[v6 ? 15 : 3] = static_cast<std::uint8_t>(n >> 5 & 3);
    const auto port = static_cast<std::uint16_t>(n >> 7);
    const auto seen = port == 3 ? std::nullopt : std::optional(port);
    if (by_hand(alone, direction, from, to, protocol, seen) == kAllow &&
        by_hand(before, direction, from, to, protocol, seen) == kDeny)
      return true;
  }
  return false;
}

TEST(FilterShadows, WhatIsSaidIsTrueOfRandomRules) {
  jumpgate::test::SeededRandom random(12);
  unsigned of_one = 0, of_several = 0;
  for (int i = 0; i < 800; ++i) {
    std::vector<FilterRule> rules;
    for (int n = 0; n < 12; ++n)
      rules.push_back(small_rule(random));
    for (const Shadow& shadow : shadows_of(rules)) {
      ++(shadow.by.size() == 1 ? of_one : of_several);
      std::vector<FilterRule> by;
      for (const std::size_t place : shadow.by) {
        ASSERT_LT(place, shadow.rule);
        by.push_back(rules[place]);
      }
      ASSERT_FALSE(decides(rules[shadow.rule], by));
    }
  }
  EXPECT_GT(of_one, 100U);
  EXPECT_GT(of_several, 20U);
}

}  // namespace
}  // namespace jumpgate::net
