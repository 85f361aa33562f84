#include <array>

#include <gtest/gtest.h>

#include "neighbours_fixture.hpp"

namespace jumpgate::net {
namespace {

using test::ip;
using test::LostFrame;
using test::mac;
using test::NeighboursTest;
using test::prefix;
using test::Sent;

TEST_F(NeighboursTest, ResolvesAndSendsWhatWaited) {
  EXPECT_TRUE(neighbours->resolve(3, ip("10.9.0.5"), frame, now));
  ASSERT_EQ(sent.size(), 1U);
  const auto request = parse_arp(std::span{sent[0].frame}.subspan(kEthernetSize));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->sender, ip("10.9.0.1"));
  EXPECT_EQ(request->target, ip("10.9.0.5"));
  EXPECT_FALSE(mac_of("10.9.0.5"));
  EXPECT_FALSE(arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1)));
  ASSERT_EQ(sent.size(), 2U);
  const auto out = parse_ethernet(sent[1].frame);
  EXPECT_EQ(out->destination(), mac(5));
  EXPECT_EQ(out->source(), mac(1));
  EXPECT_EQ(sent[1].port, 3);
  EXPECT_EQ(mac_of("10.9.0.5"), mac(5));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kReachable);
}

TEST_F(NeighboursTest, RetriesThenFailsAndHandsBack) {
  EXPECT_TRUE(neighbours->resolve(3, ip("10.9.0.5"), frame, now));
  tick_to(milliseconds(999));
  EXPECT_EQ(sent.size(), 1U) << "not yet";
  tick_to(milliseconds(1000));
  tick_to(milliseconds(2000));
  EXPECT_EQ(sent.size(), 3U);
  EXPECT_TRUE(lost.empty());
  tick_to(milliseconds(3000));
  const LostFrame handed_back{3, frame, Loss::kUnanswered};
  EXPECT_EQ(lost, std::vector{handed_back});
  EXPECT_FALSE(neighbours->resolve(3, ip("10.9.0.5"), frame, now));
  EXPECT_EQ(lost, (std::vector{handed_back, handed_back})) << "at once while it counts as failed";
  EXPECT_EQ(neighbours->counters().requests_sent, 3U);
  EXPECT_EQ(neighbours->counters().failed, 1U);
  tick_to(milliseconds(6000));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kFree);
}

TEST_F(NeighboursTest, TheQueueKeepsTheNewest) {
  for (std::uint8_t i = 0; i < 10; ++i) {
    auto numbered = frame;
    numbered[20] = i;
    EXPECT_TRUE(neighbours->resolve(3, ip("10.9.0.5"), numbered, now));
  }
  ASSERT_EQ(lost.size(), 10 - limits::kMaxPendingPerNeighbour);
  EXPECT_EQ(lost.front().frame[20], 0);
  EXPECT_EQ(lost.back().frame[20], 9 - limits::kMaxPendingPerNeighbour);
  EXPECT_EQ(lost.back().why, Loss::kNoRoom);
  sent.clear();
  (void)arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1));
  ASSERT_EQ(sent.size(), limits::kMaxPendingPerNeighbour);
  EXPECT_EQ(sent.front().frame[20], 10 - limits::kMaxPendingPerNeighbour);
  EXPECT_EQ(sent.back().frame[20], 9);
  EXPECT_EQ(neighbours->counters().frames_replaced, lost.size());
}

TEST_F(NeighboursTest, AStaleEntryIsProbedWhenUsedAndForgottenWhenNot) {
  (void)neighbours->resolve(3, ip("10.9.0.5"), frame, now);
  (void)arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1));
  tick_to(seconds(30));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kStale);
  EXPECT_EQ(mac_of("10.9.0.5"), mac(5)) << "stale is still used, and this notes it";
  tick_to(seconds(31));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kDelay);
  sent.clear();
  tick_to(seconds(36));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kProbe);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(parse_ethernet(sent[0].frame)->destination(), mac(5)) << "probes are unicast";
  (void)arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kReachable);
  tick_to(seconds(66));
  tick_to(seconds(66 + 600));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kFree);
  EXPECT_FALSE(table->find(3, ip("10.9.0.5")));
}

TEST_F(NeighboursTest, AnUnansweredProbeClearsTheMac) {
  (void)neighbours->resolve(3, ip("10.9.0.5"), frame, now);
  (void)arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1));
  tick_to(seconds(30));
  (void)mac_of("10.9.0.5");
  sent.clear();
  for (int s = 31; s <= 39; ++s)
    tick_to(seconds(s));
  EXPECT_EQ(sent.size(), 3U);
  for (const Sent& probe : sent)
    EXPECT_EQ(parse_ethernet(probe.frame)->destination(), mac(5));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kFailed);
  EXPECT_FALSE(mac_of("10.9.0.5"));
}

TEST_F(NeighboursTest, APinnedEntryKeepsItsIndexAndIsAskedAgain) {
  const auto index = neighbours->acquire(3, ip("10.9.0.5"), now);
  ASSERT_TRUE(index);
  for (int s = 1; s <= 6; ++s)
    tick_to(seconds(s));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kIncomplete)
      << "failed at 3 s, asked again at 6 s";
  EXPECT_EQ(table->find(3, ip("10.9.0.5")), index);
  EXPECT_EQ(neighbours->acquire(3, ip("10.9.0.5"), now), index);
  neighbours->release(*index);
  neighbours->release(*index);
  for (int s = 7; s <= 12; ++s)
    tick_to(seconds(s));
  EXPECT_FALSE(table->find(3, ip("10.9.0.5")));
}

TEST_F(NeighboursTest, APinnedEntryIsNotForgottenForBeingIdle) {
  const auto index = neighbours->acquire(3, ip("10.9.0.5"), now);
  (void)arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1));
  tick_to(seconds(30));
  tick_to(seconds(30 + 600));
  EXPECT_EQ(table->find(3, ip("10.9.0.5")), index);
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kStale);
}

TEST_F(NeighboursTest, AnIndexIsReusedOnlyAfterTheWorkersWereQuiescent) {
  (void)neighbours->resolve(3, ip("10.9.0.5"), frame, now);
  const auto first = table->find(3, ip("10.9.0.5"));
  for (int s = 1; s <= 6; ++s)
    neighbours->tick(MonoNs{} + seconds(s));
  ASSERT_EQ(state_of("10.9.0.5"), NeighbourState::kFree);
  now = MonoNs{} + seconds(7);
  EXPECT_NE(neighbours->acquire(3, ip("10.9.0.6"), now), first)
      << "a worker may still hold the index";
  quiescence.quiescent(0);
  EXPECT_EQ(neighbours->acquire(3, ip("10.9.0.7"), now), first);
}

TEST_F(NeighboursTest, RequestsForUsAreAnsweredAndLearned) {
  EXPECT_FALSE(arp(ArpOperation::kRequest, 6, "10.9.0.6", "10.9.0.1"));
  ASSERT_EQ(sent.size(), 1U);
  const auto reply = parse_arp(std::span{sent[0].frame}.subspan(kEthernetSize));
  EXPECT_EQ(reply->operation, ArpOperation::kReply);
  EXPECT_EQ(reply->sender_mac, mac(1));
  EXPECT_EQ(reply->target, ip("10.9.0.6"));
  EXPECT_EQ(state_of("10.9.0.6"), NeighbourState::kStale);
  EXPECT_EQ(arp(ArpOperation::kRequest, 7, "10.9.0.7", "10.9.0.99"), DropReason::kArpIgnored);
  EXPECT_EQ(state_of("10.9.0.7"), NeighbourState::kFree) << "not ours: not learned";
}

TEST_F(NeighboursTest, WhatCanNotBeBelieved) {
  EXPECT_EQ(arp(ArpOperation::kReply, 5, "10.9.0.5", "10.9.0.1", mac(1)), DropReason::kArpIgnored)
      << "never asked";
  EXPECT_EQ(arp(ArpOperation::kRequest, 5, "10.9.0.1", "10.9.0.1"), DropReason::kArpIgnored)
      << "our own address";
  EXPECT_FALSE(arp(ArpOperation::kRequest, 5, "192.168.1.1", "10.9.0.1")) << "answered";
  EXPECT_TRUE(neighbours->list().empty()) << "but an address off this link is not learned";
  EXPECT_EQ(arp(ArpOperation::kRequest, 1, "10.9.0.5", "10.9.0.1"), DropReason::kArpIgnored)
      << "our own MAC";
}

TEST_F(NeighboursTest, WhatAnAdvertisementMayChange) {
  // RFC 4861 section 7.2.5, paragraph by paragraph.
  (void)neighbours->resolve(3, ip("fd09::5"), frame, now);
  EXPECT_TRUE(advertise("fd09::5", 5, true, true, false)) << "INCOMPLETE, and no address in it";
  EXPECT_EQ(state_of("fd09::5"), NeighbourState::kIncomplete);
  EXPECT_FALSE(advertise("fd09::5", 5, false, false));
  EXPECT_EQ(state_of("fd09::5"), NeighbourState::kStale) << "not solicited, but taken";
  EXPECT_FALSE(advertise("fd09::5", 5, true, false, false));
  EXPECT_EQ(state_of("fd09::5"), NeighbourState::kReachable) << "a confirmation needs no address";
  EXPECT_FALSE(advertise("fd09::5", 5, false, true));
  EXPECT_EQ(state_of("fd09::5"), NeighbourState::kReachable) << "nothing new, nothing changes";
  tick_to(seconds(30));
  (void)mac_of("fd09::5");
  tick_to(seconds(31));
  ASSERT_EQ(state_of("fd09::5"), NeighbourState::kDelay);
  EXPECT_TRUE(advertise("fd09::5", 6, true, false)) << "another address without override";
  EXPECT_EQ(state_of("fd09::5"), NeighbourState::kDelay) << "casts doubt on REACHABLE alone";
  EXPECT_EQ(mac_of("fd09::5"), mac(5));
}

TEST_F(NeighboursTest, NoMessageMakesAGroupANeighbour) {
  constexpr std::uint8_t kHost = 5;
  (void)neighbours->resolve(3, ip("10.9.0.5"), frame, now);
  std::array<std::uint8_t, 42> reply;
  build_arp_frame(reply, mac(1),
                  {ArpOperation::kReply, multicast_mac(ip("224.0.0.9")), ip("10.9.0.5"), mac(1),
                   ip("10.9.0.1")});
  EXPECT_EQ(neighbours->receive(3, reply, now), DropReason::kArpIgnored);
  EXPECT_FALSE(mac_of("10.9.0.5"));
  EXPECT_FALSE(arp(ArpOperation::kReply, kHost, "10.9.0.5", "10.9.0.77", mac(9)));
  EXPECT_EQ(state_of("10.9.0.5"), NeighbourState::kStale) << "said to another host";
}

TEST_F(NeighboursTest, SolicitationsThatAreNotForUs) {
  NdView nd{.kind = NdKind::kSolicitation,
            .source = ip("2001:db8:99::9"),
            .destination = ip("fd09::1"),
            .target = ip("fd09::1"),
            .has_link_address = true,
            .link_address = mac(9)};
  const auto heard = [&] {
    std::array<std::uint8_t, 128> out;
    const std::size_t size = build_nd_frame(out, mac(1), mac(9), nd);
    return neighbours->receive(3, std::span{out}.first(size), now);
  };
  EXPECT_EQ(heard(), DropReason::kNdIgnored) << "from another link";
  nd.source = ip("fd09::1");
  EXPECT_EQ(heard(), DropReason::kNdIgnored) << "from our own address";
  nd.source = ip("fd09::9");
  nd.destination = ip("ff02::1");
  EXPECT_EQ(heard(), DropReason::kNdIgnored) << "to all nodes";
  EXPECT_TRUE(sent.empty());
  EXPECT_TRUE(neighbours->list().empty());
}

TEST_F(NeighboursTest, WhatWaitsIsBoundedInAll) {
  const std::size_t hosts = kMaxPendingFrames / limits::kMaxPendingPerNeighbour + 2;
  for (std::size_t n = 0; n < hosts; ++n) {
    IpAddress host = ip("10.9.0.0");
    host.bytes[3] = static_cast<std::uint8_t>(10 + n);
    for (std::size_t i = 0; i < limits::kMaxPendingPerNeighbour; ++i)
      EXPECT_EQ(neighbours->resolve(3, host, frame, now), n < hosts - 2);
  }
  EXPECT_EQ(lost,
            std::vector(2 * limits::kMaxPendingPerNeighbour, LostFrame{3, frame, Loss::kNoRoom}));
}

TEST_F(NeighboursTest, SolicitationsForUsAreAnswered) {
  std::array<std::uint8_t, 128> out;
  NdView nd{.kind = NdKind::kSolicitation,
            .source = ip("fe80::9"),
            .target = ip("fd09::1"),
            .has_link_address = true};
  nd.destination = solicited_node(nd.target);
  nd.link_address = mac(9);
  std::size_t size = build_nd_frame(out, multicast_mac(nd.destination), mac(9), nd);
  EXPECT_FALSE(neighbours->receive(3, std::span{out}.first(size), now));
  ASSERT_EQ(sent.size(), 1U);
  auto reply = parse_nd(std::span{sent[0].frame}.subspan(kEthernetSize));
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->solicited);
  EXPECT_TRUE(reply->router) << "to the hosts of an inner port";
  EXPECT_EQ(reply->destination, ip("fe80::9"));
  EXPECT_EQ(reply->link_address, mac(1));
  // Duplicate address detection by another host is answered to all nodes.
  nd.source = ip("::");
  nd.has_link_address = false;
  size = build_nd_frame(out, multicast_mac(nd.destination), mac(9), nd);
  EXPECT_FALSE(neighbours->receive(3, std::span{out}.first(size), now));
  reply = parse_nd(std::span{sent[1].frame}.subspan(kEthernetSize));
  EXPECT_FALSE(reply->solicited);
  EXPECT_EQ(reply->destination, ip("ff02::1"));
  nd.target = ip("fd09::2");
  nd.destination = solicited_node(nd.target);
  size = build_nd_frame(out, multicast_mac(nd.destination), mac(9), nd);
  EXPECT_EQ(neighbours->receive(3, std::span{out}.first(size), now), DropReason::kNdIgnored);
}

TEST_F(NeighboursTest, AnnouncesItsOwnAddresses) {
  neighbours->announce(3);
  ASSERT_EQ(sent.size(), 2U);
  const auto arp_view = parse_arp(std::span{sent[0].frame}.subspan(kEthernetSize));
  EXPECT_EQ(arp_view->sender, arp_view->target);
  const auto nd = parse_nd(std::span{sent[1].frame}.subspan(kEthernetSize));
  ASSERT_TRUE(nd);
  EXPECT_EQ(nd->target, ip("fd09::1"));
  EXPECT_TRUE(nd->router);
}

TEST_F(NeighboursTest, OnAnOuterPortTheGatewayIsAHost) {
  PortAddressing outer{.port = 5, .role = PortRole::kOuter, .mac = mac(1)};
  outer.addresses = {prefix("fd0a::1/64")};
  Neighbours host{*table, quiescence, {outer}, [this](std::uint8_t p, auto f) {
                    sent.push_back({p, test::bytes(f)});
                  }};
  host.announce(5);
  ASSERT_EQ(sent.size(), 1U);
  const auto nd = parse_nd(std::span{sent[0].frame}.subspan(kEthernetSize));
  ASSERT_TRUE(nd);
  EXPECT_FALSE(nd->router);
}

TEST_F(NeighboursTest, EveryTruncationIsHarmless) {
  std::array<std::uint8_t, 42> request;
  build_arp_frame(request, kBroadcastMac,
                  {ArpOperation::kRequest, mac(9), ip("10.9.0.9"), {}, ip("10.9.0.1")});
  for (std::size_t n = 0; n < request.size(); ++n)
    EXPECT_TRUE(neighbours->receive(3, test::Exact{std::span{request}.first(n)}.span(), now)) << n;
  EXPECT_TRUE(sent.empty());
}

}  // namespace
}  // namespace jumpgate::net
