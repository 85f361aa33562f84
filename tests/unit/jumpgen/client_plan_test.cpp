#include "tools/jumpgen/client_plan.hpp"

#include <set>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "config/gateway_config.hpp"
#include "tools/jumpgen/peers_file.hpp"

namespace jumpgate::jumpgen {
namespace {

PlanSpec spec(std::uint32_t count) {
  return {.seed = "test",
          .count = count,
          .outer = *base::parse_prefix("198.18.0.0/24"),
          .inner = *base::parse_prefix("10.64.0.0/24")};
}

TEST(ClientPlan, KeysFollowFromSeedAndNumber) {
  const auto plan = *ClientPlan::make(spec(3));
  const auto same = *ClientPlan::make(spec(3));
  auto other_spec = spec(3);
  other_spec.seed = "another";
  const auto other = *ClientPlan::make(other_spec);
  std::set<PublicKey> keys;
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(plan.key(i).public_key, same.key(i).public_key);
    keys.insert(plan.key(i).public_key);
    keys.insert(other.key(i).public_key);
  }
  EXPECT_EQ(keys.size(), 6U);
}

TEST(ClientPlan, EveryOuterAddressHasOneOwner) {
  const auto plan = *ClientPlan::make(spec(126));
  std::set<IpAddress> seen;
  for (std::uint32_t i = 0; i < 126; ++i) {
    for (client::UplinkId uplink = 0; uplink < kUplinks; ++uplink) {
      const IpAddress address = plan.outer_address(i, uplink);
      EXPECT_TRUE(seen.insert(address).second) << base::format_ip(address);
      EXPECT_TRUE(base::contains(spec(1).outer, address));
      const auto owner = plan.owner_of(address);
      ASSERT_TRUE(owner);
      EXPECT_EQ(owner->client, i);
      EXPECT_EQ(owner->uplink, uplink);
    }
  }
}

TEST(ClientPlan, OtherAddressesHaveNone) {
  const auto plan = *ClientPlan::make(spec(10));
  for (const char* address : {"198.18.0.0", "198.18.0.11", "198.18.0.128", "198.18.0.255",
                              "198.17.255.255", "198.18.1.1", "0.0.0.1", "255.255.255.255"})
    EXPECT_FALSE(plan.owner_of(*base::parse_ip(address))) << address;
  EXPECT_FALSE(plan.owner_of(*base::parse_ip("2001:db8::1")));
}

TEST(ClientPlan, NetworksMustHoldTheClients) {
  EXPECT_TRUE(ClientPlan::make(spec(126)));
  const auto full = ClientPlan::make(spec(127));
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().find("outer network"), std::string::npos) << full.error();
  auto inner = spec(30);
  inner.inner = *base::parse_prefix("10.64.0.0/27");
  EXPECT_TRUE(ClientPlan::make(inner));
  inner.count = 31;
  EXPECT_FALSE(ClientPlan::make(inner));
  auto v6 = spec(1);
  v6.outer = *base::parse_prefix("2001:db8::/64");
  EXPECT_FALSE(ClientPlan::make(v6));
  EXPECT_FALSE(ClientPlan::make(spec(0)));
}

TEST(PeersFile, IsWhatTheGatewayReads) {
  const auto plan = *ClientPlan::make(spec(5));
  // The rest of a configuration is missing, and nothing else is wrong.
  const auto loaded = config::parse_gateway(peer_tables(plan), "x.toml");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().text().find("peer"), std::string::npos) << loaded.error().text();
  const auto spoilt = config::parse_gateway(peer_tables(plan) + peer_tables(plan), "x.toml");
  EXPECT_NE(spoilt.error().text().find("peer"), std::string::npos) << "it does look at peers";
  const std::string text = peer_tables(plan);
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_NE(text.find(base::format_key(plan.key(i).public_key)), std::string::npos);
    EXPECT_NE(text.find('"' + base::format_ip(plan.inner_address(i)) + "/32\""), std::string::npos);
  }
}

}  // namespace
}  // namespace jumpgate::jumpgen
