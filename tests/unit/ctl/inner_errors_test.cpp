// What the sender of an inner packet is told where its next hop does not answer (spec/inner-networks.md "ICMP errors").
#include "ctl/inner_errors.hpp"

#include <array>
#include <string_view>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "net/frames.hpp"
#include "net/icmp.hpp"

namespace jumpgate::ctl::testing {
namespace {

constexpr std::uint8_t kOuter = 0;
constexpr std::uint8_t kInner = 1;

IpAddress ip(std::string_view text) {
  return base::parse_ip(text).value();
}

std::vector<net::PortAddressing> ports() {
  const auto address = [](std::string_view text) {
    return base::parse_prefix(text, base::HostBits::kKeep).value();
  };
  net::PortAddressing outer{.port = kOuter, .role = net::PortRole::kOuter};
  outer.addresses = {address("192.0.2.1/24"), address("2001:db8::1/64")};
  net::PortAddressing inner{.port = kInner, .role = net::PortRole::kInner};
  inner.addresses = {address("10.9.0.1/24"), address("fd00:9::1/64")};
  return {outer, inner};
}

struct Told {
  std::size_t size{0};
  std::array<std::uint8_t, net::kMaxIcmpError> bytes{};
};

class Unreachable : public ::testing::Test {
 protected:
  Told told(const char* from, const char* to, std::uint8_t port = kInner) {
    std::array<std::uint8_t, 128> frame{};
    const std::size_t size =
        net::build_udp_frame(frame, MacAddress{}, MacAddress{}, {ip(from), 40000}, {ip(to), 53},
                             std::array<std::uint8_t, 20>{});
    Told answer;
    answer.size = errors_.unreachable(answer.bytes, std::span(frame).first(size), port, now_);
    return answer;
  }

  InnerErrors errors_{ports()};
  MonoNs now_{1'000'000'000};
};

TEST_F(Unreachable, TheSenderIsToldByOurInnerAddress) {
  struct Case {
    const char *from, *to, *own;
    std::uint8_t type, code;
  };
  for (const Case& c : {Case{"10.8.0.2", "10.9.0.77", "10.9.0.1", 3, 1},
                        Case{"fd00:8::2", "fd00:9::77", "fd00:9::1", 1, 3}}) {
    const Told answer = told(c.from, c.to);
    const auto error = net::parse_ip(std::span(answer.bytes).first(answer.size));
    ASSERT_TRUE(error) << c.from;
    EXPECT_EQ(error->source(), ip(c.own));
    EXPECT_EQ(error->destination(), ip(c.from));
    EXPECT_EQ(error->payload[0], c.type);
    EXPECT_EQ(error->payload[1], c.code);
    const auto quoted = net::parse_ip(error->payload.subspan(8));
    ASSERT_TRUE(quoted);
    EXPECT_EQ(quoted->destination(), ip(c.to));
  }
}

TEST_F(Unreachable, NobodyIsToldOfOuterPacketsNorOfOurOwn) {
  EXPECT_EQ(told("198.51.100.7", "192.0.2.77", kOuter).size, 0U);
  EXPECT_EQ(told("10.9.0.1", "10.9.0.77").size, 0U) << "an echo reply, perhaps";
  EXPECT_EQ(told("fd00:9::1", "fd00:9::77").size, 0U);
  EXPECT_EQ(told("10.8.0.2", "10.9.0.77", 7).size, 0U) << "a port that is not there";
  Told nothing;
  EXPECT_EQ(errors_.unreachable(nothing.bytes, std::array<std::uint8_t, 10>{}, kInner, now_), 0U);
}

TEST_F(Unreachable, AtMostABurstThenAsManyASecond) {
  const auto told_of = [&](std::uint64_t packets) {
    std::uint64_t answered = 0;
    for (std::uint64_t i = 0; i < packets; ++i)
      answered += told("10.8.0.2", "10.9.0.77").size != 0 ? 1U : 0U;
    return answered;
  };
  EXPECT_EQ(told("10.9.0.1", "10.9.0.77").size, 0U) << "takes nothing from it";
  EXPECT_EQ(told_of(200), InnerErrors::kUnreachable.burst);
  now_ = now_ + milliseconds(100);
  EXPECT_EQ(told_of(200), InnerErrors::kUnreachable.tokens / 10);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
