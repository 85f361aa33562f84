#include "session/policy_set.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

PolicySet with_mobile() {
  PolicySet set;
  set.profiles.push_back({.name = "mobile", .policy = set.base});
  set.profiles.front().policy.volatility.heartbeat_interval = seconds(1);
  return set;
}

std::vector<PolicyField> of_profiles(const PolicySet& set) {
  std::vector<PolicyField> fields = fields_of(set);
  std::erase_if(fields, [](const PolicyField& f) { return !f.name.starts_with("profiles."); });
  return fields;
}

TEST(PolicySet, AProfileIsFoundByItsNameAndNoNameIsTheBase) {
  const PolicySet set = with_mobile();
  EXPECT_EQ(set.of("mobile").volatility.heartbeat_interval, seconds(1));
  EXPECT_EQ(&set.of(""), &set.base);
  EXPECT_TRUE(set.has("mobile"));
  EXPECT_FALSE(set.has("mobil"));
  EXPECT_EQ(&set.of("mobil"), &set.base);
}

TEST(PolicySet, OneVersionIsThatOfAll) {
  PolicySet set = with_mobile();
  set.set_version(7);
  EXPECT_EQ(set.version(), 7U);
  EXPECT_EQ(set.of("mobile").version, 7U);
}

TEST(PolicySet, MemoryIsTakenForTheLargestWindow) {
  PolicySet set = with_mobile();
  EXPECT_EQ(set.largest_replay_window(), set.base.security.replay_window_packets);
  set.profiles.front().policy.security.replay_window_packets = 32768;
  EXPECT_EQ(set.largest_replay_window(), 32768U);
}

TEST(PolicySet, OfAProfileTheFieldsOfItsOwnAreTold) {
  PolicySet set = with_mobile();
  const std::vector<PolicyField> own{
      {.name = "profiles.mobile.volatility.heartbeat_interval", .value = "1000 ms"}};
  EXPECT_EQ(of_profiles(set), own);
  set.profiles.front().policy = set.base;
  const std::vector<PolicyField> none{{.name = "profiles.mobile", .value = "as [policy]"}};
  EXPECT_EQ(of_profiles(set), none);
}

TEST(PolicySet, AProfileThatComesAndGoesIsADifference) {
  const PolicySet set = with_mobile();
  const std::vector<std::string> came{
      "profiles.mobile.volatility.heartbeat_interval: - -> 1000 ms"};
  const std::vector<std::string> left{
      "profiles.mobile.volatility.heartbeat_interval: 1000 ms -> -"};
  EXPECT_EQ(differences(fields_of(PolicySet{}), fields_of(set)), came);
  EXPECT_EQ(differences(fields_of(set), fields_of(PolicySet{})), left);
}

}  // namespace
}  // namespace jumpgate::session
