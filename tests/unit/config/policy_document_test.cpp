#include "config/policy_document.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace jumpgate::config {
namespace {

constexpr const char* kWhole = R"([policy.session]
max_lifetime = "4h"
transport_lost_ttl = "15s"
[policy.switching]
max_switches_per_min = 8
recovery_window = "8s"
[policy.volatility]
loss_volatile_threshold = 0.2
[policy.security]
reattach_proof_max_age = "5s"
)";

std::string problems_of(const std::string& text) {
  const auto policy = parse_policy(text, "p.toml");
  return policy ? "" : policy.error().text();
}

TEST(PolicyDocument, HoldsWhatItSaysAndDefaultsElsewhere) {
  const auto policy = parse_policy(kWhole, "p.toml");
  ASSERT_TRUE(policy) << policy.error().text();
  EXPECT_EQ(policy->base.session.max_lifetime, seconds(4 * 3600));
  EXPECT_EQ(policy->base.keys, session::Policy::Keys{});
}

TEST(PolicyDocument, EachRequiredFieldIsAskedFor) {
  for (const char* field :
       {"max_lifetime", "transport_lost_ttl", "max_switches_per_min", "recovery_window",
        "loss_volatile_threshold", "reattach_proof_max_age"}) {
    std::string text = kWhole;
    text.insert(text.find(field), "# ");
    const std::string problems = problems_of(text);
    EXPECT_NE(problems.find(std::string(field) + "' is missing in [policy]"), std::string::npos)
        << problems;
  }
}

TEST(PolicyDocument, EveryFaultIsNamedWithItsLine) {
  std::string text = kWhole;
  text.replace(text.find("4h"), 2, "1s");
  text.replace(text.find("\"8s\""), 4, "\"5m\"");
  const std::string problems = problems_of(text);
  EXPECT_NE(problems.find("p.toml:2:"), std::string::npos) << problems;
  EXPECT_NE(problems.find("p.toml:6:"), std::string::npos) << problems;
  EXPECT_NE(problems.find("must lie between 1000 ms and 60000 ms, is 300000 ms"),
            std::string::npos);
}

TEST(PolicyDocument, NothingElseMayStandInIt) {
  EXPECT_NE(problems_of(std::string(kWhole) + "[gateway]\nnode_id = 1\n").find("gateway"),
            std::string::npos);
  EXPECT_NE(problems_of("").find("'policy' is missing"), std::string::npos);
}

std::string field_at_fault(const std::string& text) {
  const auto policy = parse_policy(text, "p.toml");
  return policy ? "valid" : policy_field_at_fault(policy.error());
}

TEST(PolicyDocument, TheFieldAtFaultIsNamedByItsWholeName) {
  std::string out_of_bounds = kWhole;
  out_of_bounds.replace(out_of_bounds.find("\"8s\""), 4, "\"5m\"");
  EXPECT_EQ(field_at_fault(out_of_bounds), "switching.recovery_window");
  EXPECT_EQ(field_at_fault(std::string(kWhole) + "[policy.keys]\nrekey_aftr = \"60s\"\n"),
            "keys.rekey_aftr");
  EXPECT_EQ(field_at_fault(std::string(kWhole) + "[policy.transport]\nallowed = [\"tcp\"]\n"),
            "transport.allowed");
  EXPECT_EQ(field_at_fault("[policy]\n"), "session.max_lifetime");
  EXPECT_EQ(field_at_fault("[policy.session\n"), "") << "no TOML: no field";
}

TEST(PolicyDocument, SaysWhetherAChangeOfTransportAsksForNewKeys) {
  const std::string keys = std::string(kWhole) + "[policy.keys]\nrekey_after_transport_change = ";
  const auto policy = parse_policy(keys + "true\n", "p.toml");
  ASSERT_TRUE(policy) << policy.error().text();
  EXPECT_TRUE(policy->base.keys.rekey_after_transport_change);
  EXPECT_EQ(field_at_fault(keys + "\"yes\"\n"), "keys.rekey_after_transport_change");
}

constexpr const char* kMobile = R"([profiles.mobile.volatility]
heartbeat_interval = "1s"
[profiles.car.switching]
recovery_window = "5s"
)";

TEST(PolicyDocument, AProfileIsTheBaseWithWhatItOverrides) {
  const auto policy = parse_policy(std::string(kWhole) + kMobile, "p.toml");
  ASSERT_TRUE(policy) << policy.error().text();
  ASSERT_EQ(policy->profiles.size(), 2U);
  EXPECT_EQ(policy->of("mobile").volatility.heartbeat_interval, seconds(1));
  EXPECT_EQ(policy->of("mobile").session.max_lifetime, seconds(4 * 3600)) << "inherited";
  EXPECT_EQ(policy->of("car").switching.recovery_window, seconds(5));
  EXPECT_EQ(policy->of("car").volatility, policy->base.volatility);
}

TEST(PolicyDocument, AFaultInAProfileIsNamedInItsPlace) {
  const std::string text = std::string(kWhole) + "[profiles.mobile.volatility]\n" +
                           "heartbeat_interval = \"3s\"\n[profiles.car]\nsessio = 1\n";
  const std::string problems = problems_of(text);
  EXPECT_NE(problems.find("p.toml:11:1: profiles.mobile.volatility.heartbeat_volatile can not be "
                          "used; must be at least twice volatility.heartbeat_interval"),
            std::string::npos)
      << problems << "the base's 2 s do not go with the profile's 3 s";
  EXPECT_NE(problems.find("p.toml:14:1: unknown key 'sessio' in [profiles.car]"), std::string::npos)
      << problems;
  EXPECT_EQ(field_at_fault(text), "profiles.car.sessio");
}

TEST(PolicyDocument, AFaultOfTheBaseIsNotSaidAgainForEachProfile) {
  std::string text = std::string(kWhole) + kMobile;
  text.replace(text.find("4h"), 2, "1s");
  const auto policy = parse_policy(text, "p.toml");
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().total(), 2U) << policy.error().text();  // bounds, and against the TTL
}

TEST(PolicyDocument, ProfilesHaveNamesAndABound) {
  EXPECT_NE(problems_of(std::string(kWhole) + "[profiles.\"a b\".keys]\n")
                .find("the profile 'a b' can not be named so"),
            std::string::npos);
  std::string many = kWhole;
  for (std::size_t i = 0; i <= session::PolicySet::kMaxProfiles; ++i)
    many += "[profiles.p" + std::to_string(i) + "]\n";
  EXPECT_NE(problems_of(many).find("9 profiles; expected at most 8"), std::string::npos);
}

TEST(PolicyDocument, AFaultIsSaidOnce) {
  const auto policy = parse_policy("[policy]\nsession = 3\n", "p.toml");
  ASSERT_FALSE(policy);
  EXPECT_EQ(std::ranges::count_if(policy.error().list(),
                                  [](const Problem& p) {
                                    return p.what.find("'session' is an integer") !=
                                           std::string::npos;
                                  }),
            1);
}

}  // namespace
}  // namespace jumpgate::config
