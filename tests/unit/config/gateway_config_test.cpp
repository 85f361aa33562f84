
#include <gtest/gtest.h>

#include "config_test_helpers.hpp"

namespace jumpgate::config {
namespace {

using test::gateway_text;
using test::problems_of;
using test::replaced;

TEST(GatewayConfig, DefaultsAndValues) {
  const test::Scratch scratch;
  const auto config = parse_gateway(gateway_text(), scratch.path("gateway.toml"));
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->listen_port, 51820);
  EXPECT_EQ(config->idle, IdleMode::kAdaptive);
  EXPECT_EQ(config->policies, session::PolicySet{});
  ASSERT_EQ(config->ports.size(), 2U);
  EXPECT_EQ(config->ports[1].role, net::PortRole::kInner);
  EXPECT_EQ(base::format_prefix(config->ports[0].addresses[0]), "192.0.2.10/24")
      << "host bits kept";
  ASSERT_EQ(config->peers.size(), 1U);
  EXPECT_EQ(config->peers[0].allowed_ips, std::vector{*base::parse_prefix("10.8.0.2/32")});
}

TEST(GatewayConfig, EverythingSet) {
  const test::Scratch scratch;
  const std::string text = replaced(gateway_text(), "[[port]]", R"(node_id = 7
listen_port = 443
idle = "poll"
inner_mtu = 1300
outer_reassembly = true
suites = ["chacha20-poly1305"]
workers = 2
lcores = [1, 2, 0]
log_level = "debug"
control_group = "ops"
[events]
max_bytes = "1MiB"
journal = true
socket = "/run/collector.sock"
[limits]
max_sessions = 100
[eal]
huge = false
extra = ["--log-level=pmd:debug"]
[policy.switching]
switch_cooldown = "2s"
switch_improvement_factor = 1.25
[policy.transport]
allowed = ["udp6"]
[policy.volatility]
loss_volatile_threshold = 0.3
[[port]])") + "preshared_key_file = \"peer.psk\"\nallowed_ips = [\"192.168.50.0/24\"]\nsuites = "
              "[\"aes-256-gcm\"]\n";
  const auto config = parse_gateway(text, scratch.path("gateway.toml"));
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->node_id, 7);
  EXPECT_TRUE(config->outer_reassembly);
  EXPECT_EQ(config->idle, IdleMode::kPoll);
  EXPECT_EQ(config->suites, std::vector{Suite::kChaCha20Poly1305});
  EXPECT_EQ(config->lcores, (std::vector<std::uint32_t>{1, 2, 0}));
  EXPECT_EQ(config->log_level, LogLevel::kDebug);
  EXPECT_EQ(config->control.group, "ops");
  EXPECT_EQ(config->events.max_bytes, 1U << 20);
  EXPECT_TRUE(config->events.journal);
  EXPECT_EQ(config->events.socket, "/run/collector.sock");
  EXPECT_FALSE(config->eal.huge);
  EXPECT_EQ(config->policies.base.switching.switch_cooldown, seconds(2));
  EXPECT_EQ(config->policies.base.switching.switch_improvement_permille, 1250);
  EXPECT_EQ(config->policies.base.volatility.loss_volatile_permille, 300);
  EXPECT_FALSE(config->policies.base.transport.allow_udp4);
  EXPECT_EQ(config->peers[0].allowed_ips.size(), 2U) << "the address stays allowed";
  EXPECT_EQ(base::format_key(config->peers[0].preshared_key.get()), test::key_text(1002));
}

TEST(GatewayConfig, AnnouncementsAreVerifiedUnlessBelieved) {
  const test::Scratch scratch;
  const std::string text =
      replaced(gateway_text(), "role = \"inner\"", "role = \"inner\"\nannouncements = \"believe\"");
  const auto config = parse_gateway(text, scratch.path("gateway.toml"));
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_FALSE(config->ports[0].believes_announcements) << "the default";
  EXPECT_TRUE(config->ports[1].believes_announcements);
}

TEST(GatewayConfig, PolicyFaultsAreThePolicysOwn) {
  const test::Scratch scratch;
  const std::string text = gateway_text() + "[policy.switching]\nmax_switches_per_min = 0\n";
  const std::string problems = problems_of(scratch, text);
  EXPECT_NE(problems.find(":23:1: policy.switching.max_switches_per_min"), std::string::npos)
      << problems;
}

TEST(GatewayConfig, AllFaultsAtOnce) {
  const test::Scratch scratch;
  std::string text = replaced(gateway_text(), "role = \"outer\"", "role = \"outside\"");
  text = replaced(text, "\"10.9.0.1/24\"", "\"10.9.0.1/33\"");
  text = replaced(text, "driver = \"af_xdp\"", "driver = \"dpdk\"");
  text += "adresses = []\n";
  const std::string problems = problems_of(scratch, text);
  for (const char* expected : {"outside", "/33", "dpdk", "did you mean 'addresses'"})
    EXPECT_NE(problems.find(expected), std::string::npos) << expected << "\n" << problems;
}

TEST(GatewayConfig, MissingPiecesAreNamed) {
  const test::Scratch scratch;
  const std::string problems = problems_of(scratch, "[gateway]\n[[peer]]\n");
  for (const char* expected :
       {"'private_key_file' is missing", "'port' is missing", "'name' is missing in [[peer]]",
        "'public_key' is missing in [[peer]]", "no outer port", "no inner port"})
    EXPECT_NE(problems.find(expected), std::string::npos) << expected << "\n" << problems;
}

TEST(GatewayConfig, AWorldReadableKeyIsRefused) {
  const test::Scratch scratch;
  scratch.write("gateway.key", test::key_text(1), 0644);
  EXPECT_NE(problems_of(scratch, gateway_text()).find(":2:1: 'private_key_file' can not be used"),
            std::string::npos);
}

TEST(GatewayConfig, AHundredThousandPeers) {
  const test::Scratch scratch;
  std::string text = gateway_text();
  constexpr std::uint32_t kPeers = 100'000;
  for (std::uint32_t i = 1; i <= kPeers; ++i)
    text += test::peer_text(
        fmt::format("p{}", i), i + 1,
        fmt::format("addresses = [\"10.{}.{}.{}/32\"]", 64 + (i >> 16), (i >> 8) & 255, i & 255));
  // A check that is quadratic in the peers runs into the test's own time limit.
  const auto config = parse_gateway(text, scratch.path("gateway.toml"));
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->peers.size(), kPeers + 1);
}

}  // namespace
}  // namespace jumpgate::config
