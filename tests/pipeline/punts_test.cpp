// What goes to the controller: handshakes, control messages, frames for us, refusals.
#include <algorithm>

#include "harness.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;

Client stranger() {
  Client client;
  client.address = endpoint("203.0.113.77:1234");
  client.gateway = endpoint("192.0.2.1:51820");
  return client;
}

TEST(Punts, Hello) {
  Harness h;
  const ByteVector sent = hello();
  h.put(stranger(), sent);
  h.put(kOuterPort, stranger().frame(ByteVector(sent.begin(), sent.end() - 1)));
  h.poll();
  const auto taken = h.reports(ReportKind::kHandshake);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].bytes, sent);
  EXPECT_EQ(taken[0].report.from, stranger().address);
  EXPECT_EQ(taken[0].report.to, stranger().gateway);
  EXPECT_EQ(h.dropped(DropReason::kWireTooShort), 1U);
}

TEST(Punts, GarbageSpendsNoHandshakes) {
  data::WorkerLimits limits = Harness::small();
  limits.handshakes = {1, seconds(1), 1};
  Harness h(1, limits);
  ByteVector garbage = hello();
  garbage[wire::kHelloMac1Offset] ^= 1;
  for (int i = 0; i < 20; ++i)
    h.put(stranger(), garbage);
  h.put(stranger(), hello());
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kHelloBadMac1), 20U);
  EXPECT_EQ(h.dropped(DropReason::kHelloRateLimited), 0U);
  EXPECT_EQ(h.reports(ReportKind::kHandshake).size(), 1U);
}

TEST(Punts, TheWorkOnMac1IsBounded) {
  data::WorkerLimits limits = Harness::small();
  limits.mac1_checks = {1, seconds(1), 5};
  Harness h(1, limits);
  ByteVector garbage = hello();
  garbage[wire::kHelloMac1Offset] ^= 1;
  for (int i = 0; i < 20; ++i)
    h.put(stranger(), garbage);
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kHelloBadMac1), 5U);
  EXPECT_EQ(h.dropped(DropReason::kHelloRateLimited), 15U);
}

TEST(Punts, HelloOfAnUnknownVersionForAHint) {
  data::WorkerLimits limits = Harness::small();
  limits.unknown_versions = {1, seconds(1), 2};
  limits.mac1_checks = {1, seconds(1), 1};
  Harness h(1, limits);
  for (int i = 0; i < 5; ++i)
    h.put(stranger(), hello(9));
  h.put(stranger(), hello());
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kHelloBadVersion), 3U);
  EXPECT_EQ(h.reports(ReportKind::kHandshake).size(), 3U) << "two hints and the handshake";
}

TEST(Punts, ControlIsThePlaintext) {
  Harness h;
  const Client client = h.attached(2, 0);
  h.put(client, client.sealed_control(wire::Type::kReattach, client.jump_ids[1], 7, h.random));
  h.poll();
  const auto taken = h.reports(ReportKind::kControl);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].bytes, ByteVector(wire::kControlPayloadSize, 7));
  EXPECT_EQ(taken[0].report.type, wire::Type::kReattach);
  EXPECT_EQ(taken[0].report.cid, client.jump_ids[1]);
  EXPECT_EQ(taken[0].report.session, client.ref);
  EXPECT_EQ(taken[0].report.from, client.address);
  EXPECT_EQ(taken[0].report.to, client.gateway);
  EXPECT_EQ(taken[0].report.port, kOuterPort);
}

TEST(Punts, ControlNeedsTheRightKindOfId) {
  Harness h;
  const Client client = h.attached(2, 0);
  h.put(client, client.sealed_control(wire::Type::kReattach, client.gateway_cid, 7, h.random));
  h.put(client, client.sealed_control(wire::Type::kPathResponse, client.jump_ids[0], 7, h.random));
  ByteVector forged = client.sealed_control(wire::Type::kReattach, client.jump_ids[0], 7, h.random);
  forged[100] ^= 1;
  h.put(client, forged);
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kCidUnknown), 2U);
  EXPECT_EQ(h.dropped(DropReason::kAuthFailed), 1U);
  EXPECT_TRUE(h.reports(ReportKind::kControl).empty());
}

TEST(Punts, ControlBucketsHoldPerSource) {
  data::WorkerLimits limits = Harness::small();
  limits.control_per_source = {5, seconds(1), 5};
  limits.source_buckets = 1024;
  Harness h(1, limits);
  const Client client = h.attached(2, 0);
  Client flooder = client;
  flooder.address = endpoint("203.0.113.1:1");
  for (int i = 0; i < 50; ++i)
    h.put(flooder, client.sealed_control(wire::Type::kReattach, client.jump_ids[0], 1, h.random));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kControlRateLimited), 45U);
  h.put(client, client.sealed_control(wire::Type::kReattach, client.jump_ids[0], 1, h.random));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kControlRateLimited), 45U) << "another source has its own";
  h.reports();
}

TEST(Punts, FramesForUs) {
  Harness h;
  ByteVector arp(42);
  net::build_arp_frame(arp, net::kBroadcastMac,
                       {.operation = net::ArpOperation::kRequest,
                        .sender_mac = kServerMac,
                        .sender = address("10.0.0.9"),
                        .target_mac = {},
                        .target = address("10.0.0.1")});
  h.put(kInnerPort, arp);
  h.put(kInnerPort, frame_of(kInnerMac, echo_request("10.0.0.9", "10.0.0.1")));
  h.put(kOuterPort, frame_of(kOuterMac, echo_request("198.51.100.7", "192.0.2.1")));
  h.poll();
  const auto taken = h.reports(ReportKind::kFrame);
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_EQ(taken[1].bytes, arp) << "the outer port is polled first";
  const auto outer =
      std::ranges::count_if(taken, [](const Taken& t) { return t.report.port == kOuterPort; });
  EXPECT_EQ(outer, 1);
}

/// A solicitation of the router for our outer address.
ByteVector solicitation() {
  net::NdView nd{.kind = net::NdKind::kSolicitation,
                 .source = address("2001:db8::ff"),
                 .target = address("2001:db8::1"),
                 .has_link_address = true};
  nd.destination = net::solicited_node(nd.target);
  nd.link_address = kRouterMac;
  ByteVector frame(128);
  frame.resize(net::build_nd_frame(frame, net::multicast_mac(nd.destination), kRouterMac, nd));
  return frame;
}

TEST(Punts, NothingFromBeyondTheLinkTakesFromNeighbours) {
  data::WorkerLimits limits = Harness::small();
  limits.neighbour_messages = {1, seconds(1), 1};
  limits.echoes = {1, seconds(1), 2};
  limits.unresolved = {1, seconds(1), 3};
  Harness h(1, limits);
  Client client = h.attached(0, 0);
  // A solicitation that came through a router is none.
  ByteVector routed = solicitation();
  std::ranges::copy(kOuterMac.bytes, routed.begin());
  routed[net::kEthernetSize + 7] = 254;
  for (int i = 0; i < 8; ++i) {
    h.put(kOuterPort, frame_of(kOuterMac, echo_request("198.51.100.7", "192.0.2.1")));
    h.put(kOuterPort, routed);
    h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.77")));
  }
  h.put(kOuterPort, solicitation());
  h.poll();
  const auto taken = h.reports();
  const auto count = [&](ReportKind kind) {
    return std::ranges::count(taken, kind, [](const Taken& t) { return t.report.kind; });
  };
  EXPECT_EQ(count(ReportKind::kResolve), 3);
  EXPECT_EQ(count(ReportKind::kFrame), 3) << "two pings, and the router's question";
  EXPECT_EQ(std::ranges::count(taken, solicitation(), &Taken::bytes), 1);
  EXPECT_EQ(h.dropped(DropReason::kPuntRateLimited), 6U);
  EXPECT_EQ(h.dropped(DropReason::kNeighbourUnresolved), 5U);
}

TEST(Punts, WhatIsForEverybodyIsNotForUs) {
  // RFC 1122 section 3.3.6, RFC 1812 section 5.3.4: by the frame to all, by the packet to one.
  Harness h;
  const Client client = h.attached(0, 0);
  for (const std::string_view family : {"198.51.100.7 192.0.2.1", "2001:db8:7::7 2001:db8::1"}) {
    const auto space = family.find(' ');
    h.put(kOuterPort, frame_of(net::kBroadcastMac,
                               inner_packet(family.substr(0, space), family.substr(space + 1))));
  }
  h.put(kInnerPort, frame_of(net::kBroadcastMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.put(kInnerPort, frame_of({{0x33, 0x33, 0, 0, 0, 1}}, inner_packet("fd00:a::9", "fd00:8::2")));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kIpNotForUs), 4U);
  EXPECT_EQ(h.all_drops(), 4U);
  EXPECT_TRUE(h.opened(client).empty());
}

TEST(Punts, NobodyListensButTheSenderIsToldOnTheInnerSideOnly) {
  Harness h;
  Client client = h.attached(0, 0);
  h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.1")));
  h.put(client, client.data(inner_packet("fd00:8::2", "fd00:a::1")));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.0.0.1")));
  ByteVector damaged = inner_packet("10.0.0.9", "10.0.0.1");
  damaged.back() ^= 1;
  h.put(kInnerPort, frame_of(kInnerMac, damaged));
  h.put(kOuterPort, frame_of(kOuterMac, inner_packet("198.51.100.7", "192.0.2.1")));
  h.poll();
  const auto told = h.reports(ReportKind::kInnerRefused);
  ASSERT_EQ(told.size(), 3U);
  for (const Taken& taken : told)
    EXPECT_EQ(taken.report.reason, DropReason::kUdpWrongPort);
  EXPECT_EQ(std::ranges::count(told, inner_packet("10.0.0.9", "10.0.0.1"), &Taken::bytes), 1);
  EXPECT_EQ(h.dropped(DropReason::kUdpWrongPort), 4U) << "told of or not";
  EXPECT_EQ(h.dropped(DropReason::kUdpBadChecksum), 1U);
}

TEST(Punts, OnlyOnesOwnAddressSpeaksToUs) {
  Harness h;
  h.put(kInnerPort, frame_of(kInnerMac, echo_request("10.8.0.2", "10.0.0.1")));  // a peer's
  h.put(kInnerPort, frame_of(kInnerMac, echo_request("10.0.0.1", "10.0.0.1")));  // ours
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("fd00:8::2", "fd00:a::1")));
  h.put(kInnerPort, frame_of(kInnerMac, echo_request("10.0.0.9", "10.0.0.1")));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kInnerBadSource), 3U);
  EXPECT_EQ(h.reports(ReportKind::kFrame).size(), 1U);
}

TEST(Punts, WhatATunnelSendsToTheGatewayIsNamedWhenNobodyWantsIt) {
  Harness h;
  Client client = h.attached(0, 0);
  ByteVector tcp = inner_packet("10.8.0.2", "10.0.0.1");
  tcp[9] = net::kProtocolTcp;
  h.put(client, client.data(with_class(tcp, 0)));
  ByteVector reply = echo_request("10.8.0.2", "10.0.0.1");
  reply[20] = 0;
  h.put(client, client.data(reply));
  ByteVector piece = inner_packet("10.8.0.2", "10.0.0.1");
  base::store_be16(&piece[6], 0x2000);
  h.put(client, client.data(with_class(piece, 0)));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kIpProtocolUnknown), 1U);
  EXPECT_EQ(h.dropped(DropReason::kIcmpIgnored), 1U);
  EXPECT_EQ(h.dropped(DropReason::kIpFragment), 1U);
  EXPECT_TRUE(h.reports().empty());
}

TEST(Punts, APeerPingsTheGateway) {
  Harness h;
  Client client = h.attached(0, 0);
  h.put(client, client.data(echo_request("10.8.0.2", "10.0.0.1")));
  h.poll();
  const auto taken = h.reports(ReportKind::kInnerLocal);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].bytes, echo_request("10.8.0.2", "10.0.0.1"));
  EXPECT_EQ(taken[0].report.session, client.ref);
}

TEST(Punts, RefusalsCarryReasonAndMtu) {
  Harness h;
  h.attached(0, 0);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", 1413)));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", 1412)));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", 1, 1)));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.4", 1)));
  h.poll();
  const auto taken = h.reports(ReportKind::kInnerRefused);
  ASSERT_EQ(taken.size(), 3U);
  const auto find = [&](DropReason reason) {
    return std::ranges::find_if(taken,
                                [reason](const Taken& t) { return t.report.reason == reason; });
  };
  ASSERT_NE(find(DropReason::kInnerTooBig), taken.end());
  EXPECT_EQ(find(DropReason::kInnerTooBig)->report.mtu, 1440);
  EXPECT_EQ(find(DropReason::kInnerTooBig)->bytes.size(), 1441U);
  EXPECT_NE(find(DropReason::kInnerTtlExceeded), taken.end());
  EXPECT_NE(find(DropReason::kPeerNotAttached), taken.end());
  EXPECT_EQ(h.sent(kOuterPort).size(), 1U) << "what fits, goes";
}

TEST(Punts, UnresolvedNeighboursBothWays) {
  Harness h;
  Client client = h.attached(0, 0);
  h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.77")));
  h.poll();
  auto taken = h.reports(ReportKind::kResolve);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].report.port, kInnerPort);
  EXPECT_EQ(taken[0].report.address, address("10.0.0.77"));
  EXPECT_EQ(taken[0].bytes.size(), net::kEthernetSize + 60);
  h.neighbours->clear_mac(kRouterNeighbour);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  taken = h.reports(ReportKind::kResolve);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].report.port, kOuterPort);
  EXPECT_EQ(taken[0].report.address, client.address.address);
}

}  // namespace
}  // namespace jumpgate::test
