#include <gtest/gtest.h>

#include "config_test_helpers.hpp"

namespace jumpgate::config {
namespace {

using test::gateway_text;
using test::peer_text;
using test::replaced;

class GatewayChecks : public ::testing::Test {
 protected:
  void expect_problem(const std::string& text, std::string_view expected) {
    const std::string problems = test::problems_of(scratch, text);
    EXPECT_NE(problems.find(expected), std::string::npos)
        << "wanted: " << expected << "\nfound: " << problems;
  }
  void expect_valid(const std::string& text) { EXPECT_EQ(test::problems_of(scratch, text), ""); }
  test::Scratch scratch;
};

TEST_F(GatewayChecks, DuplicatePeers) {
  expect_problem(gateway_text() + peer_text("laptop", 2, "addresses = [\"10.8.0.3/32\"]"),
                 "gateway.toml:22:1: a second peer named 'laptop'");
  expect_problem(gateway_text() + peer_text("phone", 1, "addresses = [\"10.8.0.3/32\"]"),
                 "has the public key of another");
}

TEST_F(GatewayChecks, AProfileMustBeDefined) {
  const std::string mobile = "[profiles.mobile.switching]\nswitch_cooldown = \"3s\"\n";
  expect_valid(gateway_text() + "profile = \"mobile\"\n" + mobile);
  expect_problem(gateway_text() + "profile = \"mobil\"\n" + mobile,
                 "gateway.toml:22:1: 'profile' names 'mobil', which is not defined; expected one "
                 "of: mobile");
  expect_problem(gateway_text() + "profile = \"mobile\"\n",
                 "expected a [profiles.NAME] of this file");
}

TEST_F(GatewayChecks, OverlapsBetweenPeers) {
  expect_problem(gateway_text() + peer_text("phone", 2, "addresses = [\"10.8.0.2/32\"]"),
                 "gateway.toml:22:1: 10.8.0.2/32 of peer 'phone' (line 22) overlaps 10.8.0.2/32 of "
                 "peer 'laptop' (line 18)");
  // The longest wins.
  expect_valid(
      gateway_text() +
      peer_text("phone", 2, "addresses = [\"10.7.0.2/32\"]\nallowed_ips = [\"10.8.0.0/16\"]"));
  expect_valid(
      gateway_text() +
      peer_text(
          "phone", 2,
          "addresses = [\"10.7.0.2/32\"]\nallowed_ips = [\"10.8.1.0/24\", \"10.8.1.128/25\"]"));
}

TEST_F(GatewayChecks, EqualPrefixesBehindAnInnerOneOfTheSamePeerAreSeen) {
  const std::string wide = peer_text(
      "site", 2,
      "addresses = [\"10.7.0.2/32\"]\nallowed_ips = [\"172.16.0.0/12\", \"172.16.1.0/24\", "
      "\"172.16.9.9/32\"]");
  expect_problem(gateway_text() + wide + peer_text("phone", 3, "addresses = [\"172.16.9.9/32\"]"),
                 "172.16.9.9/32 of peer 'phone'");
}

TEST_F(GatewayChecks, OverlapsWithPorts) {
  expect_problem(gateway_text() + peer_text("phone", 2, "addresses = [\"10.9.0.77/32\"]"),
                 "overlaps 10.9.0.0/24 of port 'lan'");
}

TEST_F(GatewayChecks, HostBitsOfNetworks) {
  expect_problem(gateway_text() + "allowed_ips = [\"192.168.1.1/24\"]\n",
                 "an entry of 'allowed_ips' can not be used");
}

TEST_F(GatewayChecks, Ports) {
  expect_problem(replaced(gateway_text(), "\"lan\"", "\"wan\""), "two ports are named 'wan'");
  expect_problem(replaced(gateway_text(), "\"lan0\"", "\"wan0\""), "share the interface 'wan0'");
  expect_problem(replaced(gateway_text(), "10.9.0.1/24", "192.0.2.10/32"),
                 "have the same address 192.0.2.10");
  expect_problem(replaced(gateway_text(), "role = \"inner\"", "role = \"outer\""), "no inner port");
  expect_problem(replaced(gateway_text(), "192.0.2.10/24\"]",
                          "192.0.2.10/24\"]\ngateways = [\"198.51.100.1\"]"),
                 "198.51.100.1 is no neighbour on port 'wan'");
  expect_problem(replaced(gateway_text(), "\"lan0\"", "\"\""), "'' is no interface's name");
  expect_problem(replaced(gateway_text(), "\"lan0\"", "\"lan0,start_queue=1\""),
                 "is no interface's name");
  expect_problem(replaced(gateway_text(), "[\"10.9.0.1/24\"]", "[]"), "'addresses' is empty");
}

TEST_F(GatewayChecks, JumboFramesNeedADriverThatCarriesThem) {
  const std::string jumbo =
      replaced(gateway_text(), "role = \"inner\"", "role = \"inner\"\nmtu = 9000");
  expect_problem(jumbo, "gateway.toml:16:1: driver af_xdp carries an mtu of 1500 at most");
  expect_valid(replaced(jumbo, "driver = \"af_xdp\"\ninterface = \"lan0\"",
                        "driver = \"af_packet\"\ninterface = \"lan0\""));
}

TEST_F(GatewayChecks, APeerHasAKeyAndAnAddress) {
  expect_problem(replaced(gateway_text(), "[\"10.8.0.2/32\"]", "[]"), "'addresses' is empty");
  expect_problem(replaced(gateway_text(), test::key_text(1), base::format_key(PublicKey{})),
                 "key of zeros is nobody's");
}

TEST_F(GatewayChecks, Routes) {
  const auto route = [](const char* prefix, const char* port, const char* via) {
    return fmt::format("[[route]]\nprefix = \"{}\"\nport = \"{}\"\nvia = \"{}\"\n", prefix, port,
                       via);
  };
  expect_valid(gateway_text() + route("10.20.0.0/16", "lan", "10.9.0.2"));
  expect_problem(gateway_text() + route("10.20.0.0/16", "dmz", "10.9.0.2"),
                 "'dmz' found, expected the name of a [[port]]");
  expect_problem(gateway_text() + route("10.20.0.0/16", "lan", "10.10.0.2"),
                 "10.10.0.2 is no neighbour");
  expect_problem(gateway_text() + route("fd00::/16", "lan", "10.9.0.2"), "different families");
  expect_problem(gateway_text() + route("10.20.0.0/16", "lan", "10.9.0.2") +
                     route("10.20.0.0/16", "lan", "10.9.0.3"),
                 "a second route");
}

TEST_F(GatewayChecks, ARouteNeedsItsNextHopAndSaysWhereItHasNone) {
  expect_problem(gateway_text() + "[[route]]\nprefix = \"10.20.0.0/16\"\nport = \"lan\"\n",
                 "'via' is missing in [[route]]");
}

TEST_F(GatewayChecks, NoMtuIsBelowThatOfIpv6) {
  expect_problem(replaced(gateway_text(), "role = \"inner\"", "role = \"inner\"\nmtu = 1279"),
                 "1280");
  expect_problem(replaced(gateway_text(), "[[port]]", "inner_mtu = 1279\n[[port]]"), "1280");
}

TEST_F(GatewayChecks, TheTunnelMustFitItsPort) {
  expect_problem(replaced(gateway_text(), "[[port]]", "inner_mtu = 1430\n[[port]]"),
                 "expected inner_mtu of at most 1420");
}

TEST_F(GatewayChecks, LcoresMatchWorkers) {
  expect_problem(replaced(gateway_text(), "[[port]]", "workers = 2\nlcores = [0, 1]\n[[port]]"),
                 "expected one for each of 2 workers");
}

TEST_F(GatewayChecks, EventsAndRecordingShareNoFile) {
  const std::string events = "[events]\nfile = \"/tmp/e\"\n";
  expect_valid(gateway_text() + events + "[record]\nfile = \"/tmp/r\"\n");
  expect_problem(gateway_text() + events + "[record]\nfile = \"/tmp/e\"\n",
                 "events.file and record.file are both /tmp/e");
}

}  // namespace
}  // namespace jumpgate::config
