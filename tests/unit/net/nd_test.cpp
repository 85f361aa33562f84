#include <array>

#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "net/frames.hpp"
#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::Exact;
using test::ip;
using test::mac;

NdView solicitation() {
  NdView nd{.kind = NdKind::kSolicitation,
            .source = ip("2001:db8::1"),
            .target = ip("2001:db8::2"),
            .has_link_address = true};
  nd.destination = solicited_node(nd.target);
  nd.link_address = mac(1);
  return nd;
}

std::vector<std::uint8_t> packet_of(const NdView& nd) {
  std::vector<std::uint8_t> frame(128);
  frame.resize(build_nd_frame(frame, multicast_mac(nd.destination), mac(1), nd));
  return {frame.begin() + kEthernetSize, frame.end()};
}

void fix_checksum(std::vector<std::uint8_t>& packet) {
  base::store_be16(&packet[42], 0);
  const auto view = parse_ip(packet);
  const auto body = std::span{packet}.subspan(kIpv6Size);
  base::store_be16(&packet[42],
                   internet_checksum(body, pseudo_header_sum(view->source(), view->destination(),
                                                             kProtocolIcmpv6, body.size())));
}

TEST(Nd, Groups) {
  EXPECT_EQ(solicited_node(ip("2001:db8::1234:5678")), ip("ff02::1:ff34:5678"));
  EXPECT_EQ(multicast_mac(ip("ff02::1:ff34:5678")),
            (MacAddress{{0x33, 0x33, 0xff, 0x34, 0x56, 0x78}}));
  EXPECT_EQ(multicast_mac(ip("224.129.2.3")), (MacAddress{{0x01, 0x00, 0x5e, 0x01, 0x02, 0x03}}));
}

TEST(Nd, RoundTrip) {
  const auto packet = packet_of(solicitation());
  EXPECT_TRUE(is_nd(packet));
  const auto nd = parse_nd(Exact{packet}.span());
  ASSERT_TRUE(nd);
  EXPECT_EQ(nd->target, ip("2001:db8::2"));
  EXPECT_TRUE(nd->has_link_address);
  EXPECT_EQ(nd->link_address, mac(1));
}

TEST(Nd, EveryTruncationIsRefused) {
  const auto packet = packet_of(solicitation());
  for (std::size_t n = 0; n < packet.size(); ++n)
    EXPECT_FALSE(parse_nd(Exact{std::span{packet}.first(n)}.span())) << n;
}

TEST(Nd, RulesOfRfc4861) {
  auto packet = packet_of(solicitation());
  auto bad = packet;
  bad[7] = 254;
  EXPECT_FALSE(parse_nd(bad)) << "hop limit: came through a router";
  EXPECT_FALSE(is_nd(bad)) << "and is one of the packets that routers carry";
  bad = packet;
  bad[41] = 1;
  fix_checksum(bad);
  EXPECT_FALSE(parse_nd(bad)) << "code";
  bad = packet;
  bad[50] ^= 1;
  EXPECT_FALSE(parse_nd(bad)) << "checksum";
  bad = packet;
  bad[kIpv6Size + 25] = 0;
  fix_checksum(bad);
  EXPECT_FALSE(parse_nd(bad)) << "option of length zero";
  bad = packet;
  bad[kIpv6Size + 25] = 2;
  fix_checksum(bad);
  EXPECT_FALSE(parse_nd(bad)) << "option beyond the end";
  bad = packet;
  bad[kIpv6Size + 24] = 2;
  fix_checksum(bad);
  ASSERT_TRUE(parse_nd(bad));
  EXPECT_FALSE(parse_nd(bad)->has_link_address) << "an advertisement's option in a solicitation";
  auto detection = solicitation();
  detection.source = ip("::");
  EXPECT_FALSE(parse_nd(packet_of(detection))) << "address detection with a link address";
  detection.has_link_address = false;
  EXPECT_TRUE(parse_nd(packet_of(detection)));
  detection.destination = detection.target;
  EXPECT_FALSE(parse_nd(packet_of(detection))) << "address detection asks the address's group";
  NdView group = solicitation();
  group.target = ip("ff02::1");
  EXPECT_FALSE(parse_nd(packet_of(group)));
  NdView all{.kind = NdKind::kAdvertisement,
             .source = ip("2001:db8::2"),
             .destination = ip("ff02::1"),
             .target = ip("2001:db8::2")};
  all.solicited = true;
  EXPECT_FALSE(parse_nd(packet_of(all))) << "solicited to a group";
}

}  // namespace
}  // namespace jumpgate::net
