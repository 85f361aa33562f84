// What the client does to inner packets as a router (spec/inner-networks.md).
#include "client/inner_path.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "net/ecn.hpp"
#include "net/frames.hpp"
#include "net/parts.hpp"

namespace jumpgate::client::testing {
namespace {

using Packet = std::vector<std::uint8_t>;

IpAddress ip(std::string_view text) {
  return base::parse_ip(text).value();
}

Packet udp(std::string_view from, std::string_view to, std::size_t size,
           bool dont_fragment = true) {
  const IpAddress source = ip(from);
  const std::size_t header = net::ip_header_size(source.family);
  Packet packet(size);
  net::build_ip(packet, source, ip(to), net::kProtocolUdp, size - header);
  for (std::size_t i = header; i < size; ++i)
    packet[i] = static_cast<std::uint8_t>(i);
  if (!dont_fragment) {
    packet[6] = 0;
    packet[10] = packet[11] = 0;
    base::store_be16(&packet[10], net::internet_checksum(std::span(packet).first(header)));
  }
  return packet;
}

class InnerPathTest : public ::testing::Test {
 protected:
  MonoNs now{seconds(5).ns};
  InnerPath path{1220, now};
};

TEST_F(InnerPathTest, WhatFitsGoesAndWhatIsNoPacketDoesNot) {
  Packet fits = udp("10.8.0.2", "10.9.0.2", 1220);
  const Packet before = fits;
  EXPECT_EQ(path.outgoing(fits), std::nullopt);
  EXPECT_EQ(fits, before);
  Packet large = udp("10.8.0.2", "10.9.0.2", 1221);
  EXPECT_EQ(path.outgoing(large), DropReason::kInnerTooBig);
  Packet broken(10, 0x45);
  EXPECT_EQ(path.outgoing(broken), DropReason::kInnerTooShort);
}

TEST_F(InnerPathTest, ThePiecesOfAPacketFitAndHoldAllOfIt) {
  Packet whole = udp("10.8.0.2", "10.9.0.2", 1400, false);
  const auto pieces = path.cut(whole);
  ASSERT_EQ(pieces.size(), 2U);
  Packet payload;
  for (const auto piece : pieces) {
    const auto view = net::parse_ip(piece);
    ASSERT_TRUE(view && view->fragment && piece.size() <= 1220);
    payload.insert(payload.end(), view->payload.begin(), view->payload.end());
  }
  EXPECT_TRUE(std::equal(payload.begin(), payload.end(), whole.begin() + 20, whole.end()));
}

TEST_F(InnerPathTest, DontFragmentAndWhatIsFarTooLargeAreNotCut) {
  for (Packet packet : {udp("10.8.0.2", "10.9.0.2", 1400), udp("10.8.0.2", "10.9.0.2", 4000, false),
                        udp("fd00::2", "fd00:9::2", 1281)})
    EXPECT_TRUE(path.cut(packet).empty());
}

/// Both parts of what cut() made, as the other end joins them.
Packet joined(std::span<const std::span<std::uint8_t>> parts) {
  // A tag is put behind each: behind the head it lies where the rest of the packet was.
  std::fill_n(parts[0].data() + parts[0].size(), wire::kTagSize, std::uint8_t{0xee});
  Packet whole(parts[0].begin(), parts[0].end());
  whole.resize(limits::kMaxInnerMtu);
  whole.resize(net::join_parts(whole, parts[0].size(), parts[1]));
  return whole;
}

TEST_F(InnerPathTest, WhatIpv6DemandsToPassGoesInTwoParts) {
  Packet packet = udp("fd00::2", "fd00:9::2", 1280);
  const Packet before = packet;
  EXPECT_EQ(path.outgoing(packet), DropReason::kInnerTooBig);
  const auto parts = path.cut(packet);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].size(), 1220U);
  EXPECT_EQ(joined(parts), before);
}

TEST_F(InnerPathTest, WhatTheHostWasToldPassesInTwoParts) {
  path.set_mtu(1220, 1400);
  for (const bool dont_fragment : {true, false}) {
    Packet packet = udp("10.8.0.2", "10.9.0.2", 1400, dont_fragment);
    const Packet before = packet;
    EXPECT_EQ(path.outgoing(packet), DropReason::kInnerTooBig);
    const auto parts = path.cut(packet);
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(joined(parts), before);
  }
  Packet packet = udp("10.8.0.2", "10.9.0.2", 1401);
  EXPECT_TRUE(path.cut(packet).empty());
  const auto answer = net::parse_ip(path.too_big(packet, now));
  ASSERT_TRUE(answer);
  EXPECT_EQ(base::load_be16(&answer->payload[6]), 1400);
}

TEST_F(InnerPathTest, TheHostIsToldTheMtuByTheDestination) {
  const auto v4 = net::parse_ip(path.too_big(udp("10.8.0.2", "10.9.0.2", 1400), now));
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->source(), ip("10.9.0.2"));
  EXPECT_EQ(v4->destination(), ip("10.8.0.2"));
  EXPECT_EQ(v4->payload[0], 3);
  EXPECT_EQ(v4->payload[1], 4);
  EXPECT_EQ(base::load_be16(&v4->payload[6]), 1220) << "RFC 1191 section 4";
  const auto v6 = net::parse_ip(path.too_big(udp("fd00::2", "fd00:9::2", 1400), now));
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->payload[0], 2);
  EXPECT_EQ(base::load_be32(&v6->payload[4]), 1280U) << "never less, RFC 8201 section 4";
}

TEST_F(InnerPathTest, AnswersAreLimitedByRate) {
  const Packet large = udp("10.8.0.2", "10.9.0.2", 1400);
  unsigned answers = 0;
  for (int i = 0; i < 1000; ++i)
    answers += path.too_big(large, now).empty() ? 0U : 1U;
  EXPECT_EQ(answers, 20U);
  EXPECT_FALSE(path.too_big(large, now + milliseconds(10)).empty());
  EXPECT_TRUE(path.too_big(large, now + milliseconds(10)).empty());
}

TEST_F(InnerPathTest, MarksAreCombinedOnTheWayIn) {
  Packet packet = udp("10.9.0.2", "10.8.0.2", 100);
  EXPECT_EQ(path.incoming(packet, 3), DropReason::kInnerBadEcn);
  packet[1] = 2;
  packet[10] = packet[11] = 0;
  base::store_be16(&packet[10], net::internet_checksum(std::span(packet).first(20)));
  EXPECT_EQ(path.incoming(packet, 3), std::nullopt);
  const auto view = net::parse_ip(packet);
  ASSERT_TRUE(view);
  EXPECT_EQ(net::traffic_class_of(view->packet.data()), 3);
}

}  // namespace
}  // namespace jumpgate::client::testing
