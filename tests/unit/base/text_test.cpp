#include "base/text.hpp"

#include <gtest/gtest.h>

namespace jumpgate::base {
namespace {

using namespace std::string_literals;

TEST(Text, AddressesRoundTrip) {
  for (const auto* text : {"192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1",
                           "2001:db8:1:2:3:4:5:6", "fe80::1:0:0:1"}) {
    const auto ip = parse_ip(text);
    ASSERT_TRUE(ip) << text;
    EXPECT_EQ(format_ip(*ip), text);
  }
  EXPECT_EQ(format_ip({}), "none");
}

TEST(Text, AddressesRefused) {
  for (const auto& text :
       {""s, "1.2.3"s, "1.2.3.4.5"s, "1.2.3.256"s, "01.2.3.4"s, " 1.2.3.4"s, "1.2.3.4 "s, "::g"s,
        "1::2::3"s, "[::1]"s, "fe80::1%eth0"s, "host"s, "1.2.3.4\0x"s, std::string(500, '1')}) {
    const auto ip = parse_ip(text);
    ASSERT_FALSE(ip) << text;
    EXPECT_NE(ip.error().find("expected"), std::string::npos);
    EXPECT_LT(ip.error().size(), 200U);
  }
}

TEST(Text, PrefixesRoundTrip) {
  for (const auto* text : {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.1/32", "::/0", "2001:db8::/33"}) {
    const auto prefix = parse_prefix(text);
    ASSERT_TRUE(prefix) << text;
    EXPECT_EQ(format_prefix(*prefix), text);
  }
  EXPECT_EQ(parse_prefix("10.0.0.1")->length, 32);
  EXPECT_EQ(parse_prefix("::1")->length, 128);
}

TEST(Text, PrefixesRefused) {
  for (const auto* text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08",
                           "10.0.0.0/8/8", "/8", "10.0.0.0/ 8", "10.0.0.0/99999999999"}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
}

TEST(Text, HostBitsAreRefusedUnlessKept) {
  const auto refused = parse_prefix("10.1.2.3/9");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("expected 10.0.0.0/9"), std::string::npos) << refused.error();
  const auto kept = parse_prefix("10.1.2.3/9", HostBits::kKeep);
  ASSERT_TRUE(kept);
  EXPECT_EQ(format_prefix(*kept), "10.1.2.3/9");
}

TEST(Text, EndpointsRoundTrip) {
  for (const auto* text : {"192.0.2.1:51820", "[2001:db8::1]:1", "[::]:65535"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(format_endpoint(*endpoint), text);
  }
}

TEST(Text, EndpointsRefused) {
  for (const auto* text :
       {"192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "::1:80", "[192.0.2.1]:80",
        "[::1]", "[::1:80", "[]:80", ":80", "192.0.2.1:+1", "192.0.2.1:080", ""}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

TEST(Text, Mac) {
  const auto mac = parse_mac("02:00:5E:10:00:fF");
  ASSERT_TRUE(mac);
  EXPECT_EQ(format_mac(*mac), "02:00:5e:10:00:ff");
  for (const auto* text : {"", "02:00:5e:10:00", "02:00:5e:10:00:0g", "02-00-5e-10-00-01",
                           "02:00:5e:10:00:01:", "2:0:5e:10:0:1", "02:00:5e:10:00x01"}) {
    EXPECT_FALSE(parse_mac(text)) << text;
  }
}

TEST(Text, Key) {
  const std::string text = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
  const auto key = parse_key(text);
  ASSERT_TRUE(key);
  for (std::size_t i = 0; i < 32; ++i)
    EXPECT_EQ(key->get()[i], i + 1);
  EXPECT_EQ(format_key(key->get()), text);
}

TEST(Text, KeysRefusedAndNotRepeated) {
  const std::string good = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
  for (const auto& text :
       {""s, good.substr(1), good + "=", good.substr(0, 43) + "A", " " + good.substr(1),
        good.substr(0, 10) + "-" + good.substr(11), good.substr(0, 42) + "B="}) {
    const auto key = parse_key(text);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().find("BwgJCgsM"), std::string::npos) << "a message shows a key";
  }
}

TEST(Text, HexAndSessionId) {
  const auto id = parse_session_id("000102030405060708090a0B0c0D0e0f");
  ASSERT_TRUE(id);
  EXPECT_EQ(format_session_id(*id), "000102030405060708090a0b0c0d0e0f");
  EXPECT_FALSE(parse_session_id("000102030405060708090a0b0c0d0e0"));
  EXPECT_FALSE(parse_session_id("000102030405060708090a0b0c0d0e0g"));
  std::array<std::uint8_t, 2> two{};
  EXPECT_FALSE(parse_hex("123", two));
  EXPECT_TRUE(parse_hex("1234", two));
  EXPECT_TRUE(parse_hex("", {}));
}

TEST(Text, MaskedAndContains) {
  const auto ip = *parse_ip("2001:db8:ffff::1");
  EXPECT_EQ(format_ip(masked(ip, 0)), "::");
  EXPECT_EQ(format_ip(masked(ip, 33)), "2001:db8:8000::");
  EXPECT_EQ(masked(ip, 128), ip);
  EXPECT_TRUE(contains(*parse_prefix("10.0.0.0/8"), *parse_ip("10.255.0.1")));
  EXPECT_FALSE(contains(*parse_prefix("10.0.0.0/8"), *parse_ip("11.0.0.1")));
  EXPECT_FALSE(contains(*parse_prefix("0.0.0.0/0"), *parse_ip("::1")));
  EXPECT_TRUE(contains(*parse_prefix("0.0.0.0/0"), *parse_ip("1.2.3.4")));
  EXPECT_TRUE(contains(*parse_prefix("10.1.2.3/8", HostBits::kKeep), *parse_ip("10.9.9.9")));
}

}  // namespace
}  // namespace jumpgate::base
