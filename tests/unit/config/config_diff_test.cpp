#include "config/config_diff.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "config_test_helpers.hpp"

namespace jumpgate::config {
namespace {

using test::gateway_text;
using test::peer_text;
using test::replaced;

class DiffTest : public ::testing::Test {
 protected:
  GatewayConfig config(const std::string& text) {
    auto parsed = parse_gateway(text, scratch.path("gateway.toml"));
    EXPECT_TRUE(parsed) << parsed.error().text();
    return parsed ? std::move(*parsed) : GatewayConfig{};
  }
  test::Scratch scratch;
};

TEST_F(DiffTest, TheSameIsEmpty) {
  const auto a = config(gateway_text()), b = config(gateway_text());
  const auto d = diff(a, b);
  EXPECT_TRUE(d.empty());
  EXPECT_EQ(d.kept.size(), 1U);
  EXPECT_EQ(describe(d, a, b), "nothing changed\n");
}

TEST_F(DiffTest, MovedInTheFileIsStillTheSame) {
  const std::string phone = peer_text("phone", 2, "addresses = [\"10.8.0.3/32\"]");
  const auto d = diff(config(gateway_text() + phone),
                      config(replaced(gateway_text(), "[[peer]]", phone + "[[peer]]")));
  EXPECT_TRUE(d.empty());
  EXPECT_EQ(d.kept, (std::vector<std::pair<std::size_t, std::size_t>>{{1, 0}, {0, 1}}));
}

/// Every order of every choice of four peers, by their numbers.
std::vector<std::vector<std::uint8_t>> all_files() {
  std::vector<std::vector<std::uint8_t>> files{{}};
  for (std::size_t i = 0; i < files.size(); ++i)
    for (std::uint8_t peer = 1; peer <= 4; ++peer) {
      if (std::ranges::find(files[i], peer) != files[i].end()) continue;
      files.push_back(files[i]);
      files.back().push_back(peer);
    }
  return files;
}

GatewayConfig with_peers(const std::vector<std::uint8_t>& numbers) {
  GatewayConfig config;
  for (const std::uint8_t number : numbers)
    config.peers.emplace_back().public_key.fill(number);
  return config;
}

TEST_F(DiffTest, WhateverTheOrderAPeerIsItsKey) {
  const auto files = all_files();
  ASSERT_EQ(files.size(), 65U);
  for (const auto& before : files)
    for (const auto& after : files) {
      std::vector<std::pair<std::size_t, std::size_t>> kept;
      std::vector<std::size_t> added, removed;
      for (std::size_t i = 0; i < after.size(); ++i) {
        const auto old = std::ranges::find(before, after[i]);
        if (old == before.end())
          added.push_back(i);
        else
          kept.emplace_back(old - before.begin(), i);
      }
      for (std::size_t i = 0; i < before.size(); ++i)
        if (std::ranges::find(after, before[i]) == after.end()) removed.push_back(i);
      const auto d = diff(with_peers(before), with_peers(after));
      ASSERT_EQ(d.kept, kept) << ::testing::PrintToString(before)
                              << ::testing::PrintToString(after);
      ASSERT_EQ(d.added, added);
      ASSERT_EQ(d.removed, removed);
      ASSERT_TRUE(d.changed.empty());
    }
}

TEST_F(DiffTest, AddedRemovedChanged) {
  const auto a = config(gateway_text() + peer_text("phone", 2, "addresses = [\"10.8.0.3/32\"]"));
  const auto b = config(replaced(gateway_text(), "10.8.0.2", "10.8.0.9") +
                        peer_text("phone", 3, "addresses = [\"10.8.0.3/32\"]"));
  const auto d = diff(a, b);
  EXPECT_EQ(d.added, std::vector<std::size_t>{1});
  EXPECT_EQ(d.removed, std::vector<std::size_t>{1});
  ASSERT_EQ(d.changed.size(), 1U);
  EXPECT_TRUE(d.changed[0].addresses);
  EXPECT_FALSE(d.changed[0].identity);
  EXPECT_EQ(describe(d, a, b),
            "peer phone: removed\npeer laptop: changed addresses\npeer phone: added\n");
}

TEST_F(DiffTest, Profiles) {
  const std::string mobile = "[profiles.mobile.switching]\nswitch_cooldown = \"3s\"\n";
  const auto a = config(gateway_text());
  const auto b = config(gateway_text() + mobile);
  const auto c = config(gateway_text() + "profile = \"mobile\"\n" + mobile);
  EXPECT_TRUE(diff(a, b).policy);
  EXPECT_FALSE(diff(b, c).policy);
  ASSERT_EQ(diff(b, c).changed.size(), 1U);
  EXPECT_TRUE(diff(b, c).changed[0].profile);
  EXPECT_EQ(describe(diff(b, c), b, c), "peer laptop: changed profile\n");
}

TEST_F(DiffTest, PolicyRoutesAndRestarts) {
  const auto a = config(gateway_text());
  const auto b =
      config(replaced(replaced(gateway_text(), "[[port]]",
                               "workers = 2\nouter_reassembly = true\nidle = \"poll\"\n[[port]]"),
                      "\"wan0\"", "\"wan1\"") +
             "[[route]]\nprefix = \"10.20.0.0/16\"\nport = \"lan\"\nvia = \"10.9.0.2\"\n"
             "[policy.switching]\nswitch_cooldown = \"3s\"\n");
  const auto d = diff(a, b);
  EXPECT_TRUE(d.policy);
  EXPECT_TRUE(d.routes);
  EXPECT_EQ(d.restart, (std::vector<std::string>{"gateway.outer_reassembly", "gateway.workers",
                                                 "gateway.idle", "port wan"}));
}

}  // namespace
}  // namespace jumpgate::config
