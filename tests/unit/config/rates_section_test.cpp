// [rates.NAME], and who has which rates and which filter: a peer's own, its profile's, or that of all.
#include <gtest/gtest.h>

#include "config/config_diff.hpp"
#include "config_test_helpers.hpp"

namespace jumpgate::config {
namespace {

using test::gateway_text;

constexpr std::size_t kIn = 0;
constexpr std::size_t kOut = 1;

class RatesSection : public ::testing::Test {
 protected:
  /// `rates` stands before the rest, `of_peer` in the peer's table.
  [[nodiscard]] auto parse(const std::string& rates, const std::string& of_peer = {}) const {
    return parse_gateway(rates + gateway_text() + of_peer, scratch.path("gateway.toml"));
  }
  void expect_problem(const std::string& rates, const std::string& what) const {
    const auto config = parse(rates);
    ASSERT_FALSE(config) << what;
    EXPECT_NE(config.error().text().find(what), std::string::npos) << config.error().text();
  }
  test::Scratch scratch;
};

TEST_F(RatesSection, EveryKey) {
  const auto config = parse(R"([rates.guests]
in = "10 Mbit/s"
out = "50 Mbit/s"
in_packets = "5 kpps"
out_packets = "10 kpps"
total_in = "1 Gbit/s"
total_out = "2 Gbit/s"
total_in_packets = "1 Mpps"
total_out_packets = "2 Mpps"
burst = "50ms"
quota = "10 GiB"
)");
  ASSERT_TRUE(config) << config.error().text();
  ASSERT_EQ(config->rates.size(), 1U);
  const net::RateSet& set = config->rates[0];
  EXPECT_EQ(set.name, "guests");
  EXPECT_EQ(set.session[kIn], (net::Rate{.bytes = 1'250'000, .packets = 5'000}));
  EXPECT_EQ(set.session[kOut], (net::Rate{.bytes = 6'250'000, .packets = 10'000}));
  EXPECT_EQ(set.total[kIn], (net::Rate{.bytes = 125'000'000, .packets = 1'000'000}));
  EXPECT_EQ(set.total[kOut], (net::Rate{.bytes = 250'000'000, .packets = 2'000'000}));
  EXPECT_EQ(set.burst, milliseconds(50));
  EXPECT_EQ(set.quota, std::uint64_t{10} << 30);
  EXPECT_EQ(rates_of(config->peers[0], *config), net::kNoRates) << "nobody names it";
  EXPECT_EQ(config->peers[0].quota, 0U);
}

TEST_F(RatesSection, APeersOwnGoBeforeItsProfilesAndThoseBeforeThatOfAll) {
  const std::string sets = R"([rates.a_all]
quota = "1GiB"
[rates.b_profile]
quota = "2GiB"
[rates.c_own]
quota = "3GiB"
[[filter]]
name = "of_all"
[[filter]]
name = "of_profile"
[inner]
rates = "a_all"
filter = "of_all"
[profiles.mobile]
rates = "b_profile"
filter = "of_profile"
)";
  const auto all = parse(sets);
  ASSERT_TRUE(all) << all.error().text();
  EXPECT_EQ(rates_of(all->peers[0], *all), 0);
  EXPECT_EQ(filter_of(all->peers[0], *all), 0);
  EXPECT_EQ(all->peers[0].quota, std::uint64_t{1} << 30);
  const auto profile = parse(sets, "profile = \"mobile\"\n");
  ASSERT_TRUE(profile) << profile.error().text();
  EXPECT_EQ(rates_of(profile->peers[0], *profile), 1);
  EXPECT_EQ(filter_of(profile->peers[0], *profile), 1);
  EXPECT_EQ(profile->peers[0].quota, std::uint64_t{2} << 30);
  const auto own = parse(sets, "profile = \"mobile\"\nrates = \"c_own\"\nfilter = \"of_all\"\n");
  ASSERT_TRUE(own) << own.error().text();
  EXPECT_EQ(rates_of(own->peers[0], *own), 2);
  EXPECT_EQ(filter_of(own->peers[0], *own), 0);
  EXPECT_EQ(own->peers[0].quota, std::uint64_t{3} << 30);
}

TEST_F(RatesSection, WhatIsRefusedIsNamedWithItsLine) {
  expect_problem("[rates.r]\nin = \"fast\"\n", "gateway.toml:2:");
  expect_problem("[rates.r]\nin = \"1 bit/s\"\n", "expected \"8 kbit/s\" to \"1000 Gbit/s\"");
  expect_problem("[rates.r]\nin = 100\n", "a string");
  expect_problem("[rates.r]\nout_packets = \"20 Mbit/s\"\n", "e.g. \"20 kpps\"");
  expect_problem("[rates.r]\nburst = \"1m\"\n", "burst");
  expect_problem("[rates.r]\nquota = \"1KiB\"\n", "quota");
  expect_problem("[rates.r]\ntotal = \"1 Gbit/s\"\n", "unknown key 'total'");
  expect_problem("[inner]\nrates = \"r\"\n", "expected the NAME of a [rates.NAME]");
  expect_problem("[profiles.p]\nrates = \"r\"\n", "expected the NAME of a [rates.NAME]");
}

TEST_F(RatesSection, ChangesTakeEffectAtAReload) {
  const auto before = parse("[rates.r]\nin = \"1 Mbit/s\"\n");
  const auto after = parse("[rates.r]\nin = \"2 Mbit/s\"\n[inner]\nrates = \"r\"\n");
  ASSERT_TRUE(before && after);
  const ConfigDiff changes = diff(*before, *after);
  EXPECT_TRUE(changes.rates);
  EXPECT_FALSE(changes.filters);
  EXPECT_TRUE(changes.restart.empty());
  EXPECT_EQ(describe(changes, *before, *after), "rates: changed\n");
  const auto own = parse("[rates.r]\nin = \"1 Mbit/s\"\n", "rates = \"r\"\n");
  ASSERT_TRUE(own);
  EXPECT_EQ(describe(diff(*before, *own), *before, *own), "peer laptop: changed rates\n");
}

}  // namespace
}  // namespace jumpgate::config
