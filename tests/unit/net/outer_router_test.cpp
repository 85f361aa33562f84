#include "net/outer_router.hpp"

#include <gtest/gtest.h>

#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::ip;
using test::prefix;

std::vector<PortAddressing> ports() {
  PortAddressing first{.port = 0, .role = PortRole::kOuter};
  first.addresses = {prefix("fe80::10/64"), prefix("192.0.2.10/24"), prefix("2001:db8:1::10/64")};
  first.gateways = {ip("192.0.2.1"), ip("fe80::1")};
  PortAddressing second{.port = 2, .role = PortRole::kOuter};
  second.addresses = {prefix("198.51.100.10/24")};
  second.gateways = {ip("198.51.100.1")};
  PortAddressing inner{.port = 1, .role = PortRole::kInner};
  inner.addresses = {prefix("10.9.0.1/24")};
  return {first, second, inner};
}

TEST(OuterRouter, OnLinkBeforeGateway) {
  const OuterRouter router{ports(), {}};
  const auto near = router.route(ip("192.0.2.77"));
  ASSERT_TRUE(near);
  EXPECT_EQ(near->port, 0);
  EXPECT_EQ(near->local, ip("192.0.2.10"));
  EXPECT_EQ(near->next_hop, ip("192.0.2.77"));
  const auto far = router.route(ip("203.0.113.5"));
  ASSERT_TRUE(far);
  EXPECT_EQ(far->next_hop, ip("192.0.2.1"));
}

TEST(OuterRouter, ALinkLocalGatewayDoesNotGiveALinkLocalSource) {
  const auto route = OuterRouter{ports(), {}}.route(ip("2001:db8:ffff::1"));
  ASSERT_TRUE(route);
  EXPECT_EQ(route->local, ip("2001:db8:1::10"));
  EXPECT_EQ(route->next_hop, ip("fe80::1"));
}

TEST(OuterRouter, AnswersLeaveByTheAddressTheyWereAskedAt) {
  const OuterRouter router{ports(), {}};
  const auto route = router.route(ip("203.0.113.5"), ip("198.51.100.10"));
  ASSERT_TRUE(route);
  EXPECT_EQ(route->port, 2);
  EXPECT_EQ(route->local, ip("198.51.100.10"));
  EXPECT_EQ(route->next_hop, ip("198.51.100.1"));
  EXPECT_FALSE(router.route(ip("203.0.113.5"), ip("203.0.113.99"))) << "not an address of ours";
}

TEST(OuterRouter, StaticRoutesByLength) {
  const std::vector<StaticRoute> routes{{prefix("203.0.113.0/24"), 2, ip("198.51.100.7")},
                                        {prefix("203.0.113.64/26"), 0, ip("192.0.2.7")}};
  const OuterRouter router{ports(), routes};
  EXPECT_EQ(router.route(ip("203.0.113.1"))->next_hop, ip("198.51.100.7"));
  EXPECT_EQ(router.route(ip("203.0.113.65"))->next_hop, ip("192.0.2.7"));
}

TEST(OuterRouter, InnerPortsAreNotItsBusiness) {
  auto only_inner = ports();
  only_inner.erase(only_inner.begin(), only_inner.begin() + 2);
  const OuterRouter router{only_inner, {}};
  EXPECT_FALSE(router.route(ip("10.9.0.7")));
  EXPECT_FALSE(router.is_local(ip("10.9.0.1")));
  EXPECT_TRUE((OuterRouter{ports(), {}}.is_local(ip("192.0.2.10"))));
}

}  // namespace
}  // namespace jumpgate::net
