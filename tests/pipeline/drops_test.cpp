// Each drop reason of the worker, by the smallest packet that earns it; exactly one counter each.
#include <cstring>

#include "data/reporting.hpp"
#include "harness.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

class Drops : public testing::Test {
 protected:
  void expect(DropReason reason) {
    const std::uint64_t all = h.all_drops();
    const std::uint64_t one = h.dropped(reason);
    h.poll();
    EXPECT_EQ(h.dropped(reason), one + 1) << to_string(reason);
    EXPECT_EQ(h.all_drops(), all + 1) << to_string(reason);
    h.reports();
    h.sent(kOuterPort);
    h.sent(kInnerPort);
  }
  void outer(const ByteVector& packet, DropReason reason) {
    h.put(kOuterPort, frame_of(kOuterMac, packet));
    expect(reason);
  }
  void message(const ByteVector& datagram, DropReason reason) {
    h.put(client, datagram);
    expect(reason);
  }
  void inner(const ByteVector& plaintext, DropReason reason) {
    message(client.data(plaintext), reason);
  }
  ByteVector prefixed(wire::Type type, std::uint8_t flags, std::uint64_t cid, std::size_t size) {
    ByteVector bytes(size);
    bytes[0] = static_cast<std::uint8_t>(type);
    bytes[1] = flags;
    base::store_le64(&bytes[8], cid);
    return bytes;
  }

  Harness h;
  Client client{h.attached(0, 0)};
};

TEST_F(Drops, LayerTwo) {
  h.put(kOuterPort, ByteVector(13));
  expect(DropReason::kEthTooShort);
  h.put(kOuterPort, frame_of(kServerMac, inner_packet("198.51.100.7", "192.0.2.1")));
  expect(DropReason::kEthNotForUs);
  ByteVector odd = frame_of(kOuterMac, inner_packet("198.51.100.7", "192.0.2.1"));
  odd[12] = 0x88;
  h.put(kOuterPort, odd);
  expect(DropReason::kEtherTypeUnknown);
}

TEST_F(Drops, OuterIp) {
  outer(ByteVector{0x45, 0, 0}, DropReason::kIpTooShort);
  ByteVector packet = inner_packet("198.51.100.7", "192.0.2.1");
  packet[10] ^= 1;
  outer(packet, DropReason::kIpBadChecksum);
  outer(inner_packet("127.0.0.1", "192.0.2.1"), DropReason::kIpMartian);
  outer(inner_packet("198.51.100.7", "192.0.2.2"), DropReason::kIpNotForUs);
  outer(inner_packet("198.51.100.7", "10.8.0.2"), DropReason::kIpNotForUs);
  outer(inner_packet("198.51.100.7", "192.0.2.1"), DropReason::kUdpWrongPort);
  packet = inner_packet("198.51.100.7", "192.0.2.1");
  packet.back() ^= 1;
  outer(packet, DropReason::kUdpBadChecksum);
  ByteVector tcp(40);
  net::build_ip(tcp, address("198.51.100.7"), address("192.0.2.1"), net::kProtocolTcp, 20);
  outer(tcp, DropReason::kIpProtocolUnknown);
  ByteVector icmp(28);
  net::build_ip(icmp, address("198.51.100.7"), address("192.0.2.1"), net::kProtocolIcmp, 8);
  icmp[20] = 3;
  base::store_be16(&icmp[22], net::internet_checksum(std::span(icmp).subspan(20)));
  outer(icmp, DropReason::kIcmpIgnored);
  ByteVector fragment = inner_packet("198.51.100.7", "192.0.2.1");
  fragment[6] = 0x20;  // more fragments
  base::store_be16(&fragment[10], 0);
  base::store_be16(&fragment[10], net::internet_checksum(std::span(fragment).first(20)));
  outer(fragment, DropReason::kIpFragment);
}

TEST_F(Drops, OuterHeadersThatDoNotFit) {
  const ByteVector good = inner_packet("198.51.100.7", "192.0.2.1");
  ByteVector packet = good;
  packet[0] = 0x55;
  ByteVector frame = frame_of(kOuterMac, packet);
  frame[12] = 0x08;
  frame[13] = 0x00;
  h.put(kOuterPort, frame);
  expect(DropReason::kIpBadVersion);
  // The Ethernet type says IPv6, the packet IPv4.
  frame = frame_of(kOuterMac, good);
  frame[12] = 0x86;
  frame[13] = 0xdd;
  h.put(kOuterPort, frame);
  expect(DropReason::kIpBadVersion);
  packet = good;
  packet[0] = 0x44;  // a header of 16 bytes
  outer(packet, DropReason::kIpBadHeader);
  packet = good;
  base::store_be16(&packet[2], 19);  // shorter than its own header
  outer(packet, DropReason::kIpBadHeader);
  packet = good;
  base::store_be16(&packet[24], 7);  // UDP shorter than its own header
  outer(packet, DropReason::kUdpTooShort);
  packet = good;
  base::store_be16(&packet[24], static_cast<std::uint16_t>(packet.size() - 20 + 1));
  outer(packet, DropReason::kUdpTooShort);
}

TEST_F(Drops, UdpChecksumOverOddLengths) {
  for (std::size_t payload = 0; payload < 100; ++payload) {
    ByteVector packet = inner_packet("198.51.100.7", "192.0.2.1", payload);
    outer(packet, DropReason::kUdpWrongPort);
    packet.back() ^= 0x80;
    outer(packet, DropReason::kUdpBadChecksum);
  }
}

/// Drops for a wrong UDP checksum of a datagram whose buffer carries these flags of the port.
std::uint64_t bad_checksums(PortOffloads offloads, std::uint64_t flags) {
  Harness h(1, Harness::small(), offloads);
  ByteVector packet = inner_packet("198.51.100.7", "192.0.2.1");
  packet.back() ^= 1;
  rte_mbuf* mbuf = h.mbuf_of(frame_of(kOuterMac, packet));
  mbuf->ol_flags = flags;
  h.outer.put(0, mbuf);
  h.poll();
  return h.dropped(DropReason::kUdpBadChecksum);
}

TEST(Checksums, APortsWordIsTakenWhereItVerifiesThemAndSaysSoOnly) {
  constexpr PortOffloads kVerifies{.rx_udp_checksum = true};
  EXPECT_EQ(bad_checksums(kVerifies, RTE_MBUF_F_RX_L4_CKSUM_GOOD), 0U);
  EXPECT_EQ(bad_checksums(kVerifies, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN), 1U);
  EXPECT_EQ(bad_checksums(kVerifies, RTE_MBUF_F_RX_L4_CKSUM_BAD), 1U);
  EXPECT_EQ(bad_checksums(kVerifies, RTE_MBUF_F_RX_L4_CKSUM_NONE), 1U);
  EXPECT_EQ(bad_checksums({}, RTE_MBUF_F_RX_L4_CKSUM_GOOD), 1U);
}

TEST_F(Drops, Framing) {
  message({}, DropReason::kWireTooShort);
  message({0x01, 0, 0}, DropReason::kWireUnknownType);
  message({static_cast<std::uint8_t>(wire::Type::kWelcome)}, DropReason::kWireWrongRole);
  message(prefixed(wire::Type::kData, 4, 1, 31), DropReason::kWireTooShort);
  message(prefixed(wire::Type::kClose, 4, 1, 41), DropReason::kWireBadLength);
  message(prefixed(wire::Type::kData, 0x0c, 1, 60), DropReason::kWireReservedBits);
  message(prefixed(wire::Type::kData, 4, 0, 60), DropReason::kCidInvalid);
  message(prefixed(wire::Type::kData, 0, client.gateway_cid.value, 60), DropReason::kCidInvalid);
}

TEST_F(Drops, Ids) {
  const auto cid = [&](crypto::CidFields fields) { return h.cids.encode(fields).value; };
  message(prefixed(wire::Type::kData, 5, cid({6, 0, 0, 1}), 60), DropReason::kCidInvalid);
  message(prefixed(wire::Type::kData, 5, cid({5, 9, 0, 1}), 60), DropReason::kCidInvalid);
  message(prefixed(wire::Type::kData, 5, cid({5, 0, 999, 1}), 60), DropReason::kCidUnknown);
  message(prefixed(wire::Type::kData, 5, cid({5, 0, 7, 1}), 60), DropReason::kCidUnknown);
  message(prefixed(wire::Type::kData, 5, cid({5, 0, 0, 9999}), 60), DropReason::kCidUnknown);
  message(prefixed(wire::Type::kData, 6, client.gateway_cid.value, 60), DropReason::kEpochUnknown);
  message(prefixed(wire::Type::kData, 5, client.gateway_cid.value, 60), DropReason::kAuthFailed);
}

TEST_F(Drops, Inner) {
  inner({}, DropReason::kInnerTooShort);
  inner(ByteVector(19, 0x45), DropReason::kInnerTooShort);
  inner(ByteVector(39, 0x60), DropReason::kInnerTooShort);
  inner(ByteVector(60, 0x55), DropReason::kInnerBadHeader);
  ByteVector padded = inner_packet("10.8.0.2", "10.0.0.9");
  padded.push_back(0);
  inner(padded, DropReason::kInnerBadHeader);
  inner(inner_packet("10.8.0.3", "10.0.0.9"), DropReason::kInnerBadSource);
  inner(inner_packet("fd00:8::3", "fd00:a::9"), DropReason::kInnerBadSource);
  inner(inner_packet("10.8.0.2", "192.0.2.1"), DropReason::kInnerToGateway);
  inner(inner_packet("10.8.0.2", "203.0.113.50"), DropReason::kInnerNoRoute);
  inner(inner_packet("10.8.0.2", "10.0.0.9", 1, 1), DropReason::kInnerTtlExceeded);
  inner(inner_packet("10.8.0.2", "10.8.0.3"), DropReason::kPeerNotAttached);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.0.0.10")));
  expect(DropReason::kInnerNoRoute);
}

TEST_F(Drops, AuthenticNonsense) {
  message(client.seal(wire::Type::kHeartbeat, ByteVector(32, 0xff)), DropReason::kWireReservedBits);
  message(client.seal(wire::Type::kHeartbeat, ByteVector(32)), DropReason::kWireBadField);
  message(client.seal(wire::Type::kClose, ByteVector(8)), DropReason::kWireBadField);
  const ByteVector unclean_close{55, 0, 0, 0, 0, 0, 0, 1};
  message(client.seal(wire::Type::kClose, unclean_close), DropReason::kWireReservedBits);
}

TEST_F(Drops, Ports) {
  h.outer.accepts = 0;
  for (std::size_t i = 0; i < data::TxBacklog::kData + 1; ++i)
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  expect(DropReason::kTxQueueFull);
  h.outer.accepts = SIZE_MAX;
  h.workers[0]->poll_once(h.now);
  EXPECT_EQ(h.sent(kOuterPort).size(), data::TxBacklog::kData);
  h.outer.up = false;
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  expect(DropReason::kLinkDown);
  h.outer.up = true;
  rte_mbuf* frame = h.mbuf_of(ByteVector(60));
  frame->port = 9;
  ASSERT_TRUE(h.frames[0]->push(frame));
  expect(DropReason::kTxError);
  rte_mbuf* first = h.mbuf_of(frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  ASSERT_EQ(rte_pktmbuf_chain(first, h.mbuf_of(ByteVector(10))), 0);
  h.inner.put(0, first);
  expect(DropReason::kMultiSegment);
}

TEST_F(Drops, NoRoomForTheOuterHeaders) {
  rte_mbuf* tight = h.mbuf_of(frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  std::memmove(tight->buf_addr, rte_pktmbuf_mtod(tight, void*), rte_pktmbuf_data_len(tight));
  tight->data_off = 0;
  h.inner.put(0, tight);
  expect(DropReason::kNoHeadroom);
  // Nor behind it, for the tag.
  tight = h.mbuf_of(frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  tight->buf_len =
      static_cast<std::uint16_t>(tight->data_off + tight->data_len + wire::kTagSize - 1);
  h.inner.put(0, tight);
  expect(DropReason::kNoHeadroom);
}

TEST_F(Drops, NoMbufForAHeartbeat) {
  std::vector<rte_mbuf*> all;
  while (rte_mbuf* mbuf = rte_pktmbuf_alloc(h.pool))
    all.push_back(mbuf);
  h.advance(h.policy.interval);
  expect(DropReason::kMbufExhausted);
  for (rte_mbuf* mbuf : all)
    rte_pktmbuf_free(mbuf);
}

TEST_F(Drops, KeysAtTheirHardLimit) {
  // 2^28 packets are out of a test's reach: the epoch is put there by hand.
  auto& shard = const_cast<data::Shard&>(h.workers[0]->shard());
  shard.sessions.current(client.ref.slot).send_counter = limits::kHardLimitPackets;
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  expect(DropReason::kKeyLimitReached);
  shard.sessions.current(client.ref.slot).received_blocks = limits::kHardLimitBlocks;
  inner(inner_packet("10.8.0.2", "10.0.0.9"), DropReason::kKeyLimitReached);
}

TEST_F(Drops, AFullReportRing) {
  const auto fill = [&] {
    for (bus::Report filler; h.report_channels[0]->push(filler);) {
    }
  };
  fill();
  message(hello(), DropReason::kPuntQueueFull);
  fill();
  inner(inner_packet("10.8.0.2", "10.0.0.9", 1, 1), DropReason::kInnerTtlExceeded);
}

#ifdef JG_DEBUG_INVARIANTS
TEST(InconsistentDeathTest, ADebugBuildStopsWhereItIsSeen) {
  Harness h;
  static_cast<void>(h.attached(0, 0));
  EXPECT_DEATH(data::stop_inconsistent(const_cast<data::Shard&>(h.workers[0]->shard()), 0),
               "kRecordContradictsItself");
}
#endif

TEST(DropsByBucket, UnresolvedNeighbours) {
  data::WorkerLimits limits = Harness::small();
  limits.unresolved = {1, seconds(1), 1};
  Harness h(1, limits);
  Client client = h.attached(0, 0);
  for (int i = 0; i < 3; ++i)
    h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.77")));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kNeighbourUnresolved), 2U);
  EXPECT_EQ(h.reports(bus::ReportKind::kResolve).size(), 1U);
}

TEST(DropsByBucket, RefusalsThatDeserveAnAnswer) {
  data::WorkerLimits limits = Harness::small();
  limits.refusals = {10, seconds(1), 2};
  Harness h(1, limits);
  const auto told = [&] {
    for (int i = 0; i < 10; ++i)
      h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", 1, 1)));
    h.poll();
    return h.reports(bus::ReportKind::kInnerRefused).size();
  };
  EXPECT_EQ(told(), 2U) << "the burst (RFC 4443 section 2.4 (f))";
  h.advance(milliseconds(100));
  EXPECT_EQ(told(), 1U) << "the rate";
  EXPECT_EQ(h.dropped(DropReason::kInnerTtlExceeded), 20U) << "told of or not";
}

TEST(DropsByBucket, IdsThatNameNoSession) {
  data::WorkerLimits limits = Harness::small();
  limits.unknown_cids = {1, seconds(1), 2};
  Harness h(1, limits);
  Client client = h.attached(0, 0);
  ASSERT_TRUE(h.command(client.ref, bus::RemoveSession{}));
  const ByteVector late = client.data(to_server());
  for (int i = 0; i < 5; ++i)
    h.put(client, late);
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kCidUnknown), 5U);
  const auto told = h.reports(bus::ReportKind::kUnknownCid);
  ASSERT_EQ(told.size(), 2U) << "so many resets at most";
  EXPECT_EQ(told[0].report.value, late.size()) << "a reset must be shorter";
  EXPECT_EQ(told[0].report.from, client.address);
  EXPECT_EQ(told[0].report.to, client.gateway);
  EXPECT_EQ(told[0].report.cid, client.gateway_cid);
}

TEST(DropsByBucket, HandshakesAndPunts) {
  data::WorkerLimits limits = Harness::small();
  limits.handshakes = {1, seconds(1), 1};
  limits.echoes = {1, seconds(1), 1};
  Harness h(1, limits);
  Client client = h.attached(0, 0);
  for (int i = 0; i < 3; ++i) {
    h.put(client, hello());
    h.put(client, client.data(echo_request("10.8.0.2", "10.0.0.1")));
  }
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kHelloRateLimited), 2U);
  EXPECT_EQ(h.dropped(DropReason::kPuntRateLimited), 2U);
  EXPECT_EQ(h.reports().size(), 2U);
}

}  // namespace
}  // namespace jumpgate::test
