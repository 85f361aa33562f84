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

ByteVector echo_request(std::string_view from, std::string_view to) {
  ByteVector packet(net::kIpv4Size + net::kIcmpSize);
  net::build_ip(packet, address(from), address(to), net::kProtocolIcmp, net::kIcmpSize);
  packet[20] = 8;
  base::store_be16(&packet[22], net::internet_checksum(std::span(packet).subspan(20)));
  return packet;
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
