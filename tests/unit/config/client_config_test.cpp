#include "config/client_config.hpp"

#include <gtest/gtest.h>

#include "config_test_helpers.hpp"

namespace jumpgate::config {
namespace {

std::string client_text() {
  return R"([client]
private_key_file = "client.key"
allowed_ips = ["10.9.0.0/24", "::/0"]

[gateway]
endpoints = ["192.0.2.1:51820", "[2001:db8::1]:443"]
public_key = ")" +
         test::key_text(5) + R"("

[[uplink]]
name = "wifi"
interface = "wlan0"

[[uplink]]
name = "cell"
interface = "wwan0"
preference = 1
)";
}

std::string problems(const test::Scratch& scratch, const std::string& text) {
  const auto config = parse_client(text, scratch.path("home.toml"));
  return config ? std::string{} : config.error().text();
}

TEST(ClientConfig, ReadsAll) {
  const test::Scratch scratch;
  const auto config = parse_client(client_text(), scratch.path("home.toml"));
  ASSERT_TRUE(config) << config.error().text();
  EXPECT_EQ(config->name, "home");
  EXPECT_EQ(config->control_socket, "/run/jumpgate/jump-home.sock");
  ASSERT_EQ(config->endpoints.size(), 2U);
  EXPECT_EQ(config->endpoints[1].port, 443);
  ASSERT_EQ(config->uplinks.size(), 2U);
  EXPECT_EQ(config->uplinks[1].preference, 1U);
  EXPECT_EQ(base::format_key(config->private_key.get()), test::key_text(1001));
}

TEST(ClientConfig, NoMtuIsBelowThatOfIpv6) {
  const test::Scratch scratch;
  const auto with_mtu = [&](const char* line) {
    return problems(scratch, test::replaced(client_text(), "[client]", line));
  };
  EXPECT_NE(with_mtu("[client]\nmtu = 1279").find("1280"), std::string::npos);
  EXPECT_EQ(with_mtu("[client]\nmtu = 1280"), "");
}

TEST(ClientConfig, Faults) {
  const test::Scratch scratch;
  using test::replaced;
  const auto expect = [&](const std::string& text, const char* wanted) {
    const std::string found = problems(scratch, text);
    EXPECT_NE(found.find(wanted), std::string::npos)
        << "wanted: " << wanted << "\nfound: " << found;
  };
  expect(replaced(client_text(), "192.0.2.1:51820", "192.0.2.1"), "an entry of 'endpoints'");
  expect(replaced(client_text(), "192.0.2.1:51820", "224.0.0.1:51820"),
         "no address that a gateway can have");
  expect(replaced(client_text(), "\"wwan0\"", "\"wlan0\""), "two uplinks use 'wlan0'");
  expect(replaced(client_text(), "preference = 1", "preference = 256"), "expected 0 to 255");
  for (const char* name :
       {"", ".", "..", "a/b", "eth0:1", "a b", "a\\t", "a,b", "sixteen-letters-"})
    expect(replaced(client_text(), "wwan0", name), "is no interface's name");
  expect(replaced(client_text(), "[client]", "[client]\ntun = \"\""), "is no interface's name");
  expect(replaced(client_text(), test::key_text(5), base::format_key(PublicKey{})),
         "key of zeros is nobody's");
  expect(replaced(client_text(), "\"cell\"", "\"wifi\""), "two uplinks are named 'wifi'");
  expect(replaced(client_text(), "preference", "prefrence"), "did you mean 'preference'?");
  expect(replaced(client_text(), "allowed_ips = [\"10.9.0.0/24\", \"::/0\"]\n", ""),
         "'allowed_ips' is missing in [client]");
  expect(replaced(client_text(), "client.key", "absent.key"), "No such file");
}

}  // namespace
}  // namespace jumpgate::config
