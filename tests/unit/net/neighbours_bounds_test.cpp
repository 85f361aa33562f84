// A table of neighbours that is full (spec/neighbours.md "The cache").
#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "net/neighbours.hpp"
#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::ip;
using test::mac;
using test::prefix;

class NeighboursBounds : public ::testing::Test {
 protected:
  NeighboursBounds() { quiescence.online(0); }
  static std::vector<PortAddressing> wide() {
    PortAddressing port{.port = 4, .role = PortRole::kInner, .mac = mac(1)};
    port.addresses = {prefix("10.0.0.1/8")};
    return {port};
  }

  std::unique_ptr<NeighbourTable> table{std::move(NeighbourTable::create().value())};
  Quiescence quiescence{1};
  Neighbours many{*table, quiescence, wide(), [](std::uint8_t, auto) {}};
  const MonoNs now{};
  const std::vector<std::uint8_t> frame = std::vector<std::uint8_t>(60, 0xaa);
};

TEST_F(NeighboursBounds, StrangersFillHalfOfTheTableAndScansNeverMoreThanAll) {
  const auto host = [](std::uint32_t n) {
    IpAddress a = ip("10.1.0.0");
    a.bytes[2] = static_cast<std::uint8_t>(n >> 8);
    a.bytes[3] = static_cast<std::uint8_t>(n);
    return a;
  };
  for (std::uint32_t n = 0; n < 5000; ++n) {
    std::array<std::uint8_t, 42> request;
    build_arp_frame(request, kBroadcastMac,
                    {ArpOperation::kRequest, mac(9), host(n), {}, ip("10.0.0.1")});
    (void)many.receive(4, request, now);
  }
  EXPECT_EQ(many.list().size(), limits::kMaxNeighbours / 2);
  std::size_t refused = 0;
  for (std::uint32_t n = 6000; n < 12000; ++n)
    refused += many.resolve(4, host(n), frame, now) ? 0U : 1U;
  EXPECT_GT(refused, 0U);
  EXPECT_LE(many.list().size(), limits::kMaxNeighbours);
  const std::size_t taken_in = limits::kMaxNeighbours / 2;
  EXPECT_EQ(many.counters().table_full, refused - (taken_in - kMaxPendingFrames));
}

TEST_F(NeighboursBounds, AFullTableForgetsTheLongestIdleAndNothingThatIsNeeded) {
  const auto asks = [&](const char* host, Duration at) {
    std::array<std::uint8_t, 42> request;
    build_arp_frame(request, kBroadcastMac,
                    {ArpOperation::kRequest, mac(9), ip(host), {}, ip("10.0.0.1")});
    EXPECT_FALSE(many.receive(4, request, MonoNs{} + at));
  };
  asks("10.1.0.1", seconds(0));
  ASSERT_TRUE(many.acquire(4, ip("10.1.0.1"), now));  // a route names it
  asks("10.1.0.2", seconds(2));
  asks("10.1.0.3", seconds(1));
  asks("10.1.0.4", seconds(3));
  IpAddress host = ip("10.2.0.0");
  for (std::uint32_t n = 0; n <= limits::kMaxNeighbours - 4; ++n) {
    base::store_be16(&host.bytes[2], static_cast<std::uint16_t>(n));
    (void)many.resolve(4, host, frame, now);
  }
  EXPECT_EQ(many.counters().table_full, 1U);
  const auto known = [&](const char* address) {
    return std::ranges::any_of(many.list(),
                               [&](const auto& v) { return v.address == ip(address); });
  };
  EXPECT_TRUE(known("10.1.0.1")) << "idle, but needed";
  EXPECT_FALSE(known("10.1.0.3")) << "the longest idle";
  EXPECT_TRUE(known("10.1.0.2") && known("10.1.0.4"));
}

}  // namespace
}  // namespace jumpgate::net
