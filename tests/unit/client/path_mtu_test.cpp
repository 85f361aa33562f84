// The client's path MTU: probes over its uplink, and what hosts are told (spec/path-mtu.md).
#include <gtest/gtest.h>

#include "harness.hpp"
#include "net/parts.hpp"

namespace jumpgate::client::testing {
namespace {

/// A datagram on a path that carries outer IPv4 packets of `mtu` bytes.
constexpr std::size_t datagram_of(std::size_t mtu) {
  return mtu - 28;
}

std::uint16_t path_mtu(const Harness& h) {
  return h.engine->session()->path_mtu().confirmed();
}
std::uint16_t inner_mtu(const Harness& h) {
  return h.engine->session()->inner_mtu();
}

TEST(ClientPathMtu, AWholePathIsFoundAndHostsHearOneWord) {
  Harness h(0, true);
  h.attach();
  EXPECT_EQ(path_mtu(h), 1280);
  h.run(seconds(1));
  EXPECT_EQ(path_mtu(h), 1500);
  EXPECT_EQ(inner_mtu(h), 1400) << "the gateway's word is the smaller";
  EXPECT_EQ(h.inner_mtus, (std::vector<std::uint16_t>{1400}));
}

TEST(ClientPathMtu, ASessionThatFollowsOnAWiderPathSaysSo) {
  Harness h(0, true);
  h.largest[kWifi] = datagram_of(1280);
  h.attach();
  h.run(seconds(5));
  ASSERT_EQ(h.inner_mtus.back(), 1220);
  h.largest[kWifi] = datagram_of(1500);
  h.gateway->send_close(Reason::kOperatorTerminated);
  ASSERT_TRUE(h.run_until([&] { return h.engine->sessions() == 2; }, seconds(20)));
  h.run(seconds(1));
  EXPECT_EQ(h.inner_mtus.back(), 1400);
}

TEST(ClientPathMtu, ANarrowPathIsFoundAndTold) {
  Harness h(0, true);
  h.largest[kWifi] = datagram_of(1400);
  h.attach();
  h.run(seconds(30));
  EXPECT_GE(path_mtu(h), 1392);
  EXPECT_LE(path_mtu(h), 1400);
  ASSERT_FALSE(h.inner_mtus.empty());
  ASSERT_GE(h.inner_mtus.size(), 3U);
  EXPECT_EQ(h.inner_mtus[1], 1220) << "after the first probe was lost";
  EXPECT_EQ(h.inner_mtus.back(), path_mtu(h) - 60);
  EXPECT_EQ(h.state(), State::kAttached) << "lost probes say nothing of the path's life";
}

TEST(ClientPathMtu, ABlackHoleInMidSessionIsNoticed) {
  Harness h(0, true);
  h.attach();
  h.stream(seconds(3), milliseconds(50));
  ASSERT_EQ(path_mtu(h), 1500);
  h.largest[kWifi] = datagram_of(1280);
  h.stream(milliseconds(2200), milliseconds(50));
  EXPECT_EQ(path_mtu(h), 1280);
  EXPECT_EQ(inner_mtu(h), 1220);
  EXPECT_EQ(h.state(), State::kAttached);
  EXPECT_TRUE(h.all_up_once()) << "small packets never stopped";
}

TEST(ClientPathMtu, AJumpStartsAtTheBase) {
  Harness h(0, true);
  h.attach();
  h.run(seconds(2));
  ASSERT_EQ(path_mtu(h), 1500);
  h.largest[kCell] = datagram_of(1280);
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.uplink() == kCell && h.state() == State::kAttached; },
                          seconds(3)));
  EXPECT_EQ(path_mtu(h), 1280);
  h.run(milliseconds(1500));
  EXPECT_EQ(inner_mtu(h), 1220);
}

TEST(ClientPathMtu, AForgedHintLowersNothing) {
  Harness h(0, true);
  h.attach();
  h.run(seconds(10));
  for (int i = 0; i < 50; ++i) {
    h.engine->on_path_mtu_hint(kWifi, 1280, h.now);
    h.engine->on_path_mtu_hint(kCell, 1280, h.now);
    h.run(milliseconds(100));
  }
  EXPECT_EQ(path_mtu(h), 1500);
  EXPECT_EQ(inner_mtu(h), 1400);
}

TEST(ClientPathMtu, SwitchedOffNothingIsProbed) {
  Harness h;
  h.largest[kWifi] = 600;
  h.attach();
  h.run(seconds(10));
  EXPECT_EQ(inner_mtu(h), 1400);
  EXPECT_TRUE(h.inner_mtus.empty());
}

/// From the host, with room around it.
void send_large(Harness& h, const Message& packet) {
  Message room(64 + packet.size() + 64);
  std::ranges::copy(packet, room.begin() + 64);
  const std::span<std::uint8_t> span(room.data() + 64, packet.size());
  h.engine->on_inner({&span, 1}, h.now);
}

/// The two messages that the gateway has received, as the packet that they make.
Message joined(const Harness& h) {
  if (h.gateway->received.size() != 2) return {};
  Message whole = h.gateway->received[0];
  const std::size_t head = whole.size();
  whole.resize(limits::kMaxInnerMtu);
  whole.resize(net::join_parts(whole, head, h.gateway->received[1]));
  return whole;
}

TEST(ClientPathMtu, WhileTheFirstProbeIsOnItsWayLargePacketsPassANarrowPath) {
  Harness h(0, true);
  h.largest[kWifi] = datagram_of(1280);
  h.attach();
  ASSERT_EQ(inner_mtu(h), 1400) << "hosts know the tunnel as it was";
  Message packet = inner_packet(7);
  packet.resize(1400);
  base::store_be16(&packet[2], 1400);
  base::store_be16(&packet[10], 0);
  base::store_be16(&packet[10], net::internet_checksum(std::span(packet).first(20)));
  send_large(h, packet);
  h.run(milliseconds(100));
  EXPECT_EQ(joined(h), packet);
}

/// An IPv6 packet of 1280 bytes, the largest that no tunnel may refuse.
Message largest_v6(std::uint8_t fill) {
  Message packet(1280, fill);
  packet[0] = 0x60;
  base::store_be16(&packet[4], 1240);
  return packet;
}

TEST(ClientPathMtu, WhatIpv6DemandsToPassPassesANarrowPathBothWays) {
  Harness h(0, true);
  h.largest[kWifi] = datagram_of(1280);
  h.attach();
  h.run(seconds(5));
  ASSERT_EQ(inner_mtu(h), 1220);
  const Message up = largest_v6(0x11);
  send_large(h, up);
  h.run(seconds(1));
  EXPECT_EQ(joined(h), up);

  Message head = largest_v6(0x22);
  Message tail(net::kMaxTail);
  tail.resize(net::split_in_parts(head, 1220, tail));
  head.resize(1220);
  h.gateway->send_data(head);
  h.run(seconds(1));
  EXPECT_TRUE(h.delivered.empty()) << "the tail is lost";
  h.gateway->send_data(head);
  h.gateway->send_data(tail);
  h.run(seconds(1));
  EXPECT_EQ(h.delivered, (std::vector<std::uint32_t>{0x22222222}));
}

}  // namespace
}  // namespace jumpgate::client::testing
