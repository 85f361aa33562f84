#include "net/frames.hpp"

#include <array>

#include <gtest/gtest.h>

#include "net_test_helpers.hpp"

namespace jumpgate::net {
namespace {

using test::Exact;
using test::ip;
using test::mac;

const std::vector<std::uint8_t> kPayload{1, 2, 3, 4, 5};

std::vector<std::uint8_t> udp_frame(const char* from, const char* to) {
  std::vector<std::uint8_t> frame(200);
  frame.resize(build_udp_frame(frame, mac(2), mac(1), {ip(from), 1000}, {ip(to), 2000}, kPayload));
  return frame;
}

void expect_udp_round_trip(const char* from, const char* to, std::size_t size) {
  const auto frame = udp_frame(from, to);
  ASSERT_EQ(frame.size(), size);
  const Exact exact{frame};
  const auto ethernet = parse_ethernet(exact.span());
  ASSERT_TRUE(ethernet);
  EXPECT_EQ(ethernet->destination(), mac(2));
  EXPECT_EQ(ethernet->source(), mac(1));
  const auto packet = parse_ip(ethernet->payload);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->source(), ip(from));
  EXPECT_EQ(packet->destination(), ip(to));
  const auto udp = parse_udp(*packet);
  ASSERT_TRUE(udp) << to_string(udp.error());
  EXPECT_EQ(udp->source_port, 1000);
  EXPECT_EQ(udp->destination_port, 2000);
  EXPECT_EQ(test::bytes(udp->payload), kPayload);
}

TEST(Frames, UdpRoundTrip) {
  expect_udp_round_trip("192.0.2.1", "198.51.100.2", 14 + 20 + 8 + 5);
  expect_udp_round_trip("2001:db8::1", "2001:db8::2", 14 + 40 + 8 + 5);
}

TEST(Frames, EveryTruncationIsRefusedWithinItsBytes) {
  for (const auto& frame :
       {udp_frame("192.0.2.1", "198.51.100.2"), udp_frame("2001:db8::1", "2001:db8::2")}) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      const Exact exact{std::span{frame}.first(size)};
      const auto ethernet = parse_ethernet(exact.span());
      EXPECT_EQ(ethernet.has_value(), size >= kEthernetSize);
      if (!ethernet) continue;
      const auto packet = parse_ip(ethernet->payload);
      ASSERT_FALSE(packet) << size;
      EXPECT_EQ(packet.error(), DropReason::kIpTooShort);
    }
  }
}

TEST(Frames, EveryFlippedBitOfTheUdpPartIsSeen) {
  for (const auto& frame :
       {udp_frame("192.0.2.1", "198.51.100.2"), udp_frame("2001:db8::1", "2001:db8::2")}) {
    const std::size_t udp = frame.size() - kUdpSize - kPayload.size();
    for (std::size_t bit = udp * 8; bit < frame.size() * 8; ++bit) {
      auto bad = frame;
      bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
      const Exact exact{bad};
      const auto packet = parse_ip(exact.span().subspan(kEthernetSize));
      ASSERT_TRUE(packet);
      EXPECT_FALSE(parse_udp(*packet)) << "bit " << bit;
    }
  }
}

TEST(Frames, ZeroChecksumOverIpv4Only) {
  auto v4 = udp_frame("192.0.2.1", "198.51.100.2");
  v4[14 + 20 + 6] = v4[14 + 20 + 7] = 0;
  EXPECT_TRUE(parse_udp(*parse_ip(std::span{v4}.subspan(14))));
  auto v6 = udp_frame("2001:db8::1", "2001:db8::2");
  v6[14 + 40 + 6] = v6[14 + 40 + 7] = 0;
  const auto udp = parse_udp(*parse_ip(std::span{v6}.subspan(14)));
  ASSERT_FALSE(udp);
  EXPECT_EQ(udp.error(), DropReason::kUdpBadChecksum);
}

TEST(Frames, ASumOfZeroIsSentAsItsOtherForm) {
  // Two bytes of payload chosen so that the sum comes to zero: the complement of the rest of it.
  std::vector<std::uint8_t> frame(100);
  std::array<std::uint8_t, 2> payload{};
  const Endpoint from{ip("192.0.2.1"), 1000}, to{ip("192.0.2.2"), 2000};
  build_udp_frame(frame, mac(2), mac(1), from, to, payload);
  payload = {frame[40], frame[41]};
  const std::size_t size = build_udp_frame(frame, mac(2), mac(1), from, to, payload);
  EXPECT_EQ(frame[40], 0xff);
  EXPECT_EQ(frame[41], 0xff);
  EXPECT_TRUE(parse_udp(*parse_ip(std::span{frame}.first(size).subspan(14))));
}

TEST(Frames, Ipv4HeaderFaults) {
  const auto packet_with = [](std::size_t at, std::uint8_t value) {
    auto frame = udp_frame("192.0.2.1", "198.51.100.2");
    frame.erase(frame.begin(), frame.begin() + kEthernetSize);
    frame[at] = value;
    return frame;
  };
  const auto error = [](const std::vector<std::uint8_t>& packet) {
    return parse_ip(Exact{packet}.span()).error();
  };
  EXPECT_EQ(error(packet_with(0, 0x44)), DropReason::kIpBadHeader);
  EXPECT_EQ(error(packet_with(0, 0x4f)), DropReason::kIpBadHeader)
      << "options beyond the total length";
  EXPECT_EQ(error(packet_with(0, 0x55)), DropReason::kIpBadVersion);
  EXPECT_EQ(error(packet_with(3, 19)), DropReason::kIpBadHeader);
  EXPECT_EQ(error(packet_with(8, 1)), DropReason::kIpBadChecksum);
  EXPECT_EQ(parse_ip({}).error(), DropReason::kIpTooShort);
}

TEST(Frames, PaddingIsCutOff) {
  auto frame = udp_frame("192.0.2.1", "198.51.100.2");
  const std::size_t size = frame.size() - kEthernetSize;
  frame.resize(60);
  EXPECT_EQ(parse_ip(std::span{frame}.subspan(kEthernetSize))->packet.size(), size);
}

TEST(Frames, ChecksumOfRfc1071) {
  const std::array<std::uint8_t, 8> example{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(internet_checksum(example), static_cast<std::uint16_t>(~0xddf2));
  EXPECT_EQ(internet_checksum(std::span{example}.first(1)), 0xffff);
}

TEST(Frames, ArpRoundTripAndTruncation) {
  std::array<std::uint8_t, 64> out;
  const ArpView arp{ArpOperation::kRequest, mac(1), ip("192.0.2.1"), {}, ip("192.0.2.9")};
  const std::size_t size = build_arp_frame(out, kBroadcastMac, arp);
  ASSERT_EQ(size, 42U);
  const Exact exact{std::span{out}.first(size)};
  const auto view = parse_arp(exact.span().subspan(kEthernetSize));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->operation, ArpOperation::kRequest);
  EXPECT_EQ(view->sender, arp.sender);
  EXPECT_EQ(view->sender_mac, arp.sender_mac);
  EXPECT_EQ(view->target, arp.target);
  for (std::size_t n = 0; n < kArpSize; ++n)
    EXPECT_FALSE(parse_arp(Exact{exact.span().subspan(kEthernetSize, n)}.span()));
  out[kEthernetSize + 7] = 3;
  EXPECT_FALSE(parse_arp(std::span{out}.subspan(kEthernetSize))) << "an operation that is neither";
}

TEST(Frames, ArpOfOtherNetworksIsNone) {
  // RFC 826: hardware and protocol, the lengths of their addresses, the operation.
  std::array<std::uint8_t, kEthernetSize + kArpSize> frame;
  build_arp_frame(frame, kBroadcastMac,
                  {ArpOperation::kRequest, mac(1), ip("192.0.2.1"), {}, ip("192.0.2.9")});
  const auto body = std::span{frame}.subspan(kEthernetSize);
  for (const auto& [at, value] : {std::pair{1, 6}, {3, 6}, {4, 8}, {5, 16}, {7, 0}, {7, 3}}) {
    std::vector<std::uint8_t> other(body.begin(), body.end());
    other[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
    EXPECT_FALSE(parse_arp(other)) << at;
  }
  EXPECT_TRUE(parse_arp(body));
}

TEST(Frames, BuildersRefuseTooSmallASpan) {
  std::array<std::uint8_t, 46> out;
  EXPECT_EQ(
      build_udp_frame(out, mac(1), mac(2), {ip("192.0.2.1"), 1}, {ip("192.0.2.2"), 2}, kPayload),
      0U);
  EXPECT_EQ(build_arp_frame(std::span{out}.first(41), mac(1), {}), 0U);
  EXPECT_EQ(build_ip(out, ip("192.0.2.1"), ip("2001:db8::1"), 17, 8), 0U) << "families differ";
}

}  // namespace
}  // namespace jumpgate::net
