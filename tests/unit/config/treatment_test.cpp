// dscp and client_to_client: a profile's own, else those of [inner].
#include <gtest/gtest.h>

#include "config/config_diff.hpp"
#include "config_test_helpers.hpp"

namespace jumpgate::config {
namespace {

using test::gateway_text;

class TreatmentKeys : public ::testing::Test {
 protected:
  [[nodiscard]] auto parse(const std::string& sections, const std::string& profile = {}) const {
    return parse_gateway(
        sections + gateway_text() + (profile.empty() ? "" : "profile = \"" + profile + "\"\n"),
        scratch.path("gateway.toml"));
  }
  [[nodiscard]] net::Treatment of(const std::string& sections, const std::string& profile) const {
    const auto config = parse(sections, profile);
    EXPECT_TRUE(config) << config.error().text();
    return config ? treatment_of(config->peers[0], *config) : net::Treatment{};
  }
  test::Scratch scratch;
};

TEST_F(TreatmentKeys, AProfilesOwnGoBeforeThoseOfAll) {
  const std::string sections = R"([inner]
dscp = "10"
client_to_client = false
[profiles.voice]
dscp = "46"
[profiles.plain]
dscp = "copy"
client_to_client = true
[profiles.zero]
dscp = "0"
)";
  const auto fixed = [](std::uint8_t dscp) { return net::OuterClass::fixed(dscp); };
  EXPECT_EQ(of("", ""), net::Treatment{}) << "the defaults";
  EXPECT_EQ(of(sections, ""),
            (net::Treatment{.outer_class = fixed(10), .client_to_client = false}));
  EXPECT_EQ(of(sections, "voice"),
            (net::Treatment{.outer_class = fixed(46), .client_to_client = false}));
  EXPECT_EQ(of(sections, "plain"), net::Treatment{});
  EXPECT_EQ(of(sections, "zero"),
            (net::Treatment{.outer_class = fixed(0), .client_to_client = false}));
}

TEST_F(TreatmentKeys, ChangesTakeEffectAtAReload) {
  const auto before = parse("[profiles.p]\ndscp = \"1\"\n", "p");
  ASSERT_TRUE(before);
  for (const std::string after :
       {"[profiles.p]\ndscp = \"2\"\n", "[profiles.p]\ndscp = \"1\"\nclient_to_client = true\n",
        "[profiles.p]\ndscp = \"1\"\n[inner]\ndscp = \"3\"\n",
        "[profiles.p]\ndscp = \"1\"\n[inner]\nclient_to_client = false\n"}) {
    const auto config = parse(after, "p");
    ASSERT_TRUE(config) << config.error().text();
    const ConfigDiff changes = diff(*before, *config);
    EXPECT_TRUE(changes.treatment) << after;
    EXPECT_TRUE(changes.restart.empty()) << after;
    EXPECT_NE(describe(changes, *before, *config).find("dscp or client_to_client: changed\n"),
              std::string::npos);
  }
  EXPECT_TRUE(diff(*before, *parse("[profiles.p]\ndscp = \"1\"\n", "p")).empty());
}

TEST_F(TreatmentKeys, WhatIsRefusedIsNamedWithItsLine) {
  for (const std::string section : {"[inner]\n", "[profiles.p]\n"}) {
    const auto dscp = parse(section + "dscp = \"64\"\n");
    ASSERT_FALSE(dscp);
    EXPECT_NE(dscp.error().text().find("gateway.toml:2:"), std::string::npos);
    const auto exchange = parse(section + "client_to_client = \"no\"\n");
    ASSERT_FALSE(exchange);
    EXPECT_NE(exchange.error().text().find("true or false"), std::string::npos);
  }
}

}  // namespace
}  // namespace jumpgate::config
