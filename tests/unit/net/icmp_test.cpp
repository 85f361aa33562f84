#include "net/icmp.hpp"

#include <array>

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::Exact;
using test::ip;

// An IP packet of `size` payload bytes; the first is `type` where the protocol is ICMP, with a
// checksum.
std::vector<std::uint8_t> packet(const char* from, const char* to, std::uint8_t protocol,
                                 std::size_t size, std::uint8_t type = 0) {
  const IpAddress source = ip(from), destination = ip(to);
  const std::size_t header = ip_header_size(source.family);
  std::vector<std::uint8_t> out(header + size);
  build_ip(out, source, destination, protocol, size);
  for (std::size_t i = 0; i < size; ++i)
    out[header + i] = static_cast<std::uint8_t>(i);
  if (protocol != kProtocolIcmp && protocol != kProtocolIcmpv6) return out;
  const auto body = std::span{out}.subspan(header);
  body[0] = type;
  body[1] = 0;
  base::store_be16(&body[2], 0);
  const auto sum =
      protocol == kProtocolIcmp ? 0 : pseudo_header_sum(source, destination, protocol, size);
  base::store_be16(&body[2], internet_checksum(body, sum));
  return out;
}

std::vector<std::uint8_t> error_about(const std::vector<std::uint8_t>& about, const char* from,
                                      IcmpError error = IcmpError::kTtlExceeded,
                                      std::uint32_t mtu = 0) {
  std::vector<std::uint8_t> out(kMaxIcmpError);
  out.resize(build_icmp_error(out, error, ip(from), Exact{about}.span(), mtu));
  return out;
}

void expect_valid_icmp(const std::vector<std::uint8_t>& reply) {
  const auto view = parse_ip(reply);
  ASSERT_TRUE(view);
  const bool v6 = view->family == IpFamily::kV6;
  const auto sum = v6 ? pseudo_header_sum(view->source(), view->destination(), kProtocolIcmpv6,
                                          view->payload.size())
                      : 0;
  EXPECT_EQ(internet_checksum(view->payload, sum), 0);
}

TEST(Icmp, EchoIsAnsweredInBothFamilies) {
  for (const auto& [from, to, protocol, request, reply] :
       {std::tuple{"10.8.0.2", "10.8.0.1", kProtocolIcmp, 8, 0},
        std::tuple{"fd00::2", "fd00::1", kProtocolIcmpv6, 128, 129}}) {
    const auto ping = packet(from, to, protocol, 40, static_cast<std::uint8_t>(request));
    EXPECT_TRUE(is_echo_request(ping));
    std::vector<std::uint8_t> out(ping.size());
    ASSERT_EQ(build_echo_reply(out, Exact{ping}.span()), ping.size());
    expect_valid_icmp(out);
    const auto view = parse_ip(out);
    EXPECT_EQ(view->source(), ip(to));
    EXPECT_EQ(view->destination(), ip(from));
    EXPECT_EQ(view->payload[0], reply);
    EXPECT_TRUE(std::equal(view->payload.begin() + 4, view->payload.end(),
                           parse_ip(ping)->payload.begin() + 4));
    out.pop_back();
    EXPECT_EQ(build_echo_reply(out, ping), 0U) << "too small";
  }
}

TEST(Icmp, EchoFaults) {
  std::vector<std::uint8_t> out(200);
  auto ping = packet("10.8.0.2", "10.8.0.1", kProtocolIcmp, 40, 8);
  for (std::size_t n = 0; n < ping.size(); ++n)
    EXPECT_EQ(build_echo_reply(out, Exact{std::span{ping}.first(n)}.span()), 0U);
  ping.back() ^= 1;
  EXPECT_EQ(build_echo_reply(out, ping), 0U) << "checksum";
  EXPECT_EQ(build_echo_reply(out, packet("10.8.0.2", "10.8.0.1", kProtocolIcmp, 40, 0)), 0U)
      << "a reply";
  EXPECT_EQ(build_echo_reply(out, packet("10.8.0.2", "224.0.0.1", kProtocolIcmp, 40, 8)), 0U)
      << "to a group";
  EXPECT_EQ(build_echo_reply(out, packet("127.0.0.1", "10.8.0.1", kProtocolIcmp, 40, 8)), 0U)
      << "from a martian";
  auto fragment = packet("10.8.0.2", "10.8.0.1", kProtocolIcmp, 40, 8);
  base::store_be16(&fragment[6], 0x2000);
  base::store_be16(&fragment[10], 0);
  base::store_be16(&fragment[10], internet_checksum(std::span{fragment}.first(20)));
  EXPECT_EQ(build_echo_reply(out, fragment), 0U) << "the rest is elsewhere";
  auto coded = packet("10.8.0.2", "10.8.0.1", kProtocolIcmp, 40, 8);
  coded[21] = 1;
  base::store_be16(&coded[22], 0);
  base::store_be16(&coded[22], internet_checksum(std::span{coded}.subspan(20)));
  EXPECT_EQ(build_echo_reply(out, coded), 0U) << "RFC 792 knows one code";
}

TEST(Icmp, TtlExceededQuotesThePacket) {
  const auto about = packet("10.8.0.2", "10.9.0.1", kProtocolUdp, 100);
  const auto error = error_about(about, "10.8.0.1");
  expect_valid_icmp(error);
  const auto view = parse_ip(error);
  EXPECT_EQ(view->destination(), ip("10.8.0.2"));
  EXPECT_EQ(view->payload[0], 11);
  EXPECT_EQ(view->payload[1], 0);
  EXPECT_EQ(test::bytes(view->payload.subspan(8)), about);
}

TEST(Icmp, QuotesAreBounded) {
  EXPECT_EQ(error_about(packet("10.8.0.2", "10.9.0.1", kProtocolUdp, 1400), "10.8.0.1").size(),
            576U);
  EXPECT_EQ(error_about(packet("fd00::2", "fd01::1", kProtocolUdp, 1400), "fd00::1").size(), 1280U);
}

TEST(Icmp, TooBigCarriesTheMtu) {
  const auto v4 = error_about(packet("10.8.0.2", "10.9.0.1", kProtocolTcp, 1400), "10.8.0.1",
                              IcmpError::kTooBig, 1280);
  EXPECT_EQ(v4[20], 3);
  EXPECT_EQ(v4[21], 4);
  EXPECT_EQ(base::load_be32(&v4[24]), 1280U);
  const auto v6 = error_about(packet("fd00::2", "fd01::1", kProtocolTcp, 1400), "fd00::1",
                              IcmpError::kTooBig, 70000);
  EXPECT_EQ(v6[40], 2);
  EXPECT_EQ(v6[41], 0);
  EXPECT_EQ(base::load_be32(&v6[44]), 70000U);
}

TEST(Icmp, NobodyListensOnAPort) {
  const auto v4 = error_about(packet("10.8.0.2", "10.9.0.1", kProtocolUdp, 40), "10.9.0.1",
                              IcmpError::kPortUnreachable);
  ASSERT_GT(v4.size(), 28U);
  EXPECT_EQ(v4[20], 3);
  EXPECT_EQ(v4[21], 3);
  const auto v6 = error_about(packet("fd00::2", "fd01::1", kProtocolUdp, 40), "fd01::1",
                              IcmpError::kPortUnreachable);
  ASSERT_GT(v6.size(), 48U);
  EXPECT_EQ(v6[40], 1);
  EXPECT_EQ(v6[41], 4);
}

TEST(Icmp, NothingIsSaidAbout) {
  EXPECT_TRUE(error_about(packet("10.8.0.2", "10.9.0.1", kProtocolIcmp, 40, 3), "10.8.0.1").empty())
      << "an error";
  EXPECT_FALSE(
      error_about(packet("10.8.0.2", "10.9.0.1", kProtocolIcmp, 40, 8), "10.8.0.1").empty())
      << "a ping";
  EXPECT_TRUE(error_about(packet("fd00::2", "fd01::1", kProtocolIcmpv6, 40, 1), "fd00::1").empty());
  EXPECT_FALSE(
      error_about(packet("fd00::2", "fd01::1", kProtocolIcmpv6, 40, 128), "fd00::1").empty());
  EXPECT_TRUE(
      error_about(packet("fd00::2", "fd01::1", kProtocolIcmpv6, 40, 137), "fd00::1").empty())
      << "a redirect (RFC 4443 section 2.4 (e.2))";
  for (const int query : {0, 8, 13, 14})
    EXPECT_FALSE(error_about(packet("10.8.0.2", "10.9.0.1", kProtocolIcmp, 40,
                                    static_cast<std::uint8_t>(query)),
                             "10.8.0.1")
                     .empty())
        << query;
  for (const int other : {3, 4, 5, 11, 12})
    EXPECT_TRUE(error_about(packet("10.8.0.2", "10.9.0.1", kProtocolIcmp, 40,
                                   static_cast<std::uint8_t>(other)),
                            "10.8.0.1")
                    .empty())
        << other;
  EXPECT_TRUE(error_about(packet("10.8.0.2", "224.0.0.9", kProtocolUdp, 40), "10.8.0.1",
                          IcmpError::kTooBig, 1280)
                  .empty());
  EXPECT_FALSE(error_about(packet("fd00::2", "ff0e::9", kProtocolUdp, 40), "fd00::1",
                           IcmpError::kTooBig, 1280)
                   .empty())
      << "RFC 4443 section 2.4 (e.3), its exception";
  EXPECT_TRUE(error_about(packet("10.8.0.2", "224.0.0.9", kProtocolUdp, 40), "10.8.0.1").empty())
      << "a group";
  EXPECT_TRUE(
      error_about(packet("10.8.0.2", "255.255.255.255", kProtocolUdp, 40), "10.8.0.1").empty());
  EXPECT_TRUE(error_about(packet("0.0.0.0", "10.9.0.1", kProtocolUdp, 40), "10.8.0.1").empty())
      << "no one to tell";
  EXPECT_TRUE(error_about(packet("10.8.0.2", "10.9.0.1", kProtocolUdp, 40), "fd00::1").empty())
      << "families differ";
  auto fragment = packet("10.8.0.2", "10.9.0.1", kProtocolUdp, 40);
  base::store_be16(&fragment[6], 5);
  base::store_be16(&fragment[10], 0);
  base::store_be16(&fragment[10], internet_checksum(std::span{fragment}.first(20)));
  EXPECT_TRUE(error_about(fragment, "10.8.0.1").empty()) << "a later fragment";
}

TEST(Icmp, OfIpv6LaterFragmentsAreToldOf) {
  // RFC 4443 section 2.4 (e) does not except them; section 3.2 asks for "packet too big".
  auto fragment = packet("fd00::2", "fd01::1", 44, 1400);
  fragment[40] = kProtocolUdp;
  base::store_be16(&fragment[42], 8);
  EXPECT_FALSE(error_about(fragment, "fd00::1", IcmpError::kTooBig, 1280).empty());
  fragment[40] = kProtocolIcmpv6;
  fragment[48] = 200;
  EXPECT_TRUE(error_about(fragment, "fd00::1", IcmpError::kTooBig, 1280).empty())
      << "may be of an error";
}

TEST(Icmp, ExtensionHeadersDoNotHideAnError) {
  // Hop-by-hop options, then an ICMPv6 error.
  auto hidden = packet("fd00::2", "fd01::1", 0, 16);
  hidden[40] = kProtocolIcmpv6;
  hidden[41] = 0;
  hidden[48] = 1;
  EXPECT_TRUE(error_about(hidden, "fd00::1").empty());
  hidden[48] = 128;
  EXPECT_FALSE(error_about(hidden, "fd00::1").empty());
  hidden[41] = 200;
  EXPECT_TRUE(error_about(hidden, "fd00::1").empty()) << "a length beyond the end";
}

}  // namespace
}  // namespace jumpgate::net
