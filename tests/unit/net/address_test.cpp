#include "net/address.hpp"

#include <gtest/gtest.h>

#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::ip;
using test::prefix;

TEST(Address, NetworkClearsHostBits) {
  EXPECT_EQ(network_of(prefix("10.8.3.7/20")), prefix("10.8.0.0/20"));
  EXPECT_EQ(network_of(prefix("2001:db8::1/64")), prefix("2001:db8::/64"));
  EXPECT_EQ(network_of(prefix("10.8.3.7/0")), prefix("0.0.0.0/0"));
}

TEST(Address, OverlapsWhicheverIsLonger) {
  EXPECT_TRUE(overlaps(prefix("10.0.0.0/8"), prefix("10.1.2.3/32")));
  EXPECT_TRUE(overlaps(prefix("10.1.2.3/32"), prefix("10.0.0.0/8")));
  EXPECT_FALSE(overlaps(prefix("10.0.0.0/9"), prefix("10.128.0.0/9")));
  EXPECT_FALSE(overlaps(prefix("0.0.0.0/0"), prefix("::/0"))) << "families never meet";
}

TEST(Address, AnswerableSources) {
  for (const char* good : {"192.0.2.1", "10.0.0.1", "2001:db8::1", "fe80::1"})
    EXPECT_TRUE(is_answerable(ip(good))) << good;
  for (const char* bad :
       {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"})
    EXPECT_FALSE(is_answerable(ip(bad))) << bad;
  EXPECT_FALSE(is_answerable({}));
}

TEST(Address, NeverForwarded) {
  const auto never = [](const char* text) {
    const IpAddress address = ip(text);
    return is_never_forwarded(address.family, address.bytes.data());
  };
  for (const char* bad : {"0.0.0.0", "127.0.0.1", "169.254.0.1", "224.0.0.1", "255.255.255.255",
                          "::", "::1", "fe80::1", "febf::1", "ff0e::1"})
    EXPECT_TRUE(never(bad)) << bad;
  for (const char* good : {"1.0.0.1", "169.253.0.1", "169.255.0.1", "223.255.255.255", "::2",
                           "fec0::1", "64:ff9b::1", "2001:db8::1"})
    EXPECT_FALSE(never(good)) << good;
}

TEST(Address, LinkLocal) {
  EXPECT_TRUE(is_link_local(ip("169.254.9.9")));
  EXPECT_TRUE(is_link_local(ip("febf::1")));
  EXPECT_FALSE(is_link_local(ip("fec0::1")));
}

}  // namespace
}  // namespace jumpgate::net
