// [[filter]]: what is understood, what is refused with its line, and what is warned of.
#include <gtest/gtest.h>

#include "config_test_helpers.hpp"
#include "net/frames.hpp"

namespace jumpgate::config {
namespace {

using test::gateway_text;

class FilterSection : public ::testing::Test {
 protected:
  [[nodiscard]] auto parse(const std::string& filters) const {
    return parse_gateway(filters + gateway_text(), scratch.path("gateway.toml"));
  }
  void expect_problem(const std::string& filters, const std::string& what) const {
    const auto config = parse(filters);
    ASSERT_FALSE(config) << what;
    EXPECT_NE(config.error().text().find(what), std::string::npos) << config.error().text();
  }
  test::Scratch scratch;
};

const std::string kOne = "[[filter]]\nname = \"web\"\n";

TEST_F(FilterSection, RulesInTheirOrder) {
  const auto config = parse(kOne + R"(default = "deny"
[[filter.rule]]
action = "allow"
direction = "out"
protocol = "tcp"
from = "10.0.0.0/8"
to = "10.9.0.0/24"
from_ports = "443"
to_ports = "1024-65535"
[[filter.rule]]
action = "deny"
protocol = "47"
)");
  ASSERT_TRUE(config) << config.error().text();
  ASSERT_EQ(config->filters.size(), 1U);
  const net::FilterSet& set = config->filters[0];
  EXPECT_EQ(set.otherwise, net::FilterAction::kDeny);
  ASSERT_EQ(set.rules.size(), 2U);
  const net::FilterRule& rule = set.rules[0];
  EXPECT_EQ(rule.direction, net::FilterDirection::kOut);
  EXPECT_EQ(rule.protocol, net::kProtocolTcp);
  EXPECT_EQ(rule.from, *base::parse_prefix("10.0.0.0/8"));
  EXPECT_EQ(rule.from_ports, (net::PortRange{443, 443}));
  EXPECT_EQ(rule.to_ports, (net::PortRange{1024, 65535}));
  EXPECT_EQ(set.rules[1].protocol, 47);
  EXPECT_EQ(set.rules[1].direction, std::nullopt);
  EXPECT_TRUE(config->warnings.empty());
  EXPECT_EQ(filter_of(config->peers[0], *config), net::kNoFilter);
}

TEST_F(FilterSection, APeersOwnOrTheOneForAll) {
  const std::string both = kOne + "[[filter]]\nname = \"none\"\n[inner]\nfilter = \"none\"\n";
  const auto config = parse(both);
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(filter_of(config->peers[0], *config), 1);
  const auto own =
      parse_gateway(both + gateway_text() + "filter = \"web\"\n", scratch.path("gateway.toml"));
  ASSERT_TRUE(own) << own.error().text();
  EXPECT_EQ(filter_of(own->peers[0], *own), 0);
}

TEST_F(FilterSection, WhatIsRefusedIsNamedWithItsLine) {
  const std::string rule = kOne + "[[filter.rule]]\n";
  expect_problem(rule, "gateway.toml:3:1");
  expect_problem(rule + "action = \"maybe\"\n", "gateway.toml:4:");
  expect_problem(rule + "action = \"deny\"\nprotocol = \"256\"\n", "'256' found");
  expect_problem(rule + "action = \"deny\"\nto_ports = \"80\"\n", "ports without a protocol");
  expect_problem(rule + "action = \"deny\"\nprotocol = \"tcp\"\nto_ports = \"90-80\"\n",
                 "'90-80' found");
  expect_problem(rule + "action = \"deny\"\nfrom = \"10.0.0.0/8\"\nto = \"fd00::/8\"\n",
                 "different families");
  expect_problem(rule + "action = \"deny\"\nport = \"80\"\n", "unknown key 'port'");
  expect_problem(kOne + kOne, "two filters are named 'web'");
  expect_problem("[inner]\nfilter = \"web\"\n", "expected the name of a [[filter]]");
}

TEST_F(FilterSection, RulesThatNeverDecideAreWarnedOf) {
  const auto config = parse(kOne + R"([[filter.rule]]
action = "allow"
to = "10.9.0.0/16"
[[filter.rule]]
action = "deny"
protocol = "tcp"
to = "10.9.1.0/24"
[[filter.rule]]
action = "allow"
to = "10.9.1.1/32"
[[filter.rule]]
action = "deny"
to = "10.10.0.0/16"
)");
  ASSERT_TRUE(config) << config.error().text();
  ASSERT_EQ(config->warnings.list().size(), 2U);
  const Problem& first = config->warnings.list()[0];
  EXPECT_EQ(first.place.line, 6U);
  EXPECT_NE(first.what.find("the one in line 3 matches all that it does, and says the contrary"),
            std::string::npos)
      << first.what;
  EXPECT_EQ(config->warnings.list()[1].what.find("contrary"), std::string::npos);
}

TEST_F(FilterSection, RulesThatSeveralKeepFromDecidingAreWarnedOf) {
  const auto config = parse(kOne + R"([[filter.rule]]
action = "deny"
protocol = "tcp"
to_ports = "0-1023"
[[filter.rule]]
action = "allow"
protocol = "tcp"
to_ports = "1024-65535"
[[filter.rule]]
action = "allow"
protocol = "tcp"
to = "10.9.0.0/16"
to_ports = "443-8443"
)");
  ASSERT_TRUE(config) << config.error().text();
  ASSERT_EQ(config->warnings.list().size(), 1U);
  const Problem& only = config->warnings.list()[0];
  EXPECT_EQ(only.place.line, 11U);
  EXPECT_EQ(only.what,
            "filter 'web': this rule never decides: those in lines 3, 7 together match all that it "
            "does, and some say the contrary");
}

}  // namespace
}  // namespace jumpgate::config
