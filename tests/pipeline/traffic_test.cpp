// DATA both ways: what comes out, what counts, and what garbage changes.
#include <algorithm>
#include <array>

#include "harness.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;
using bus::WorkerCounter;

struct Case {
  Suite suite;
  bool outer_v6;
  bool inner_v6;
};

class Traffic : public testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] std::string_view client_ip() const {
    return GetParam().inner_v6 ? "fd00:8::2" : "10.8.0.2";
  }
  [[nodiscard]] std::string_view server_ip() const {
    return GetParam().inner_v6 ? "fd00:a::9" : "10.0.0.9";
  }
};

INSTANTIATE_TEST_SUITE_P(Families, Traffic,
                         testing::Values(Case{Suite::kAes256Gcm, false, false},
                                         Case{Suite::kAes256Gcm, true, true},
                                         Case{Suite::kChaCha20Poly1305, false, true},
                                         Case{Suite::kChaCha20Poly1305, true, false}));

TEST_P(Traffic, OpensTowardsTheServer) {
  Harness h;
  Client client = h.attached(3, 0, GetParam().suite, GetParam().outer_v6);
  const ByteVector packet = inner_packet(client_ip(), server_ip(), 100, 64);
  h.put(client, client.data(packet));
  h.poll();
  const auto out = h.delivered();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0], inner_packet(client_ip(), server_ip(), 100, 63))
      << "one hop less, else the same";
  EXPECT_EQ(h.all_drops(), 0U);
  EXPECT_EQ(h.session_counters[0]->operator[](3).rx_packets.get(), 1U);
  EXPECT_EQ(h.session_counters[0]->operator[](3).rx_bytes.get(), packet.size());
}

TEST_P(Traffic, PacketsOfOneFlowInARowAreJudgedByThemselves) {
  Harness h;
  Client client = h.attached(3, 0, GetParam().suite, GetParam().outer_v6);
  Client other = h.attached(4, 1, GetParam().suite, GetParam().outer_v6);
  const auto packet = [&](std::uint8_t ttl) {
    return inner_packet(client_ip(), server_ip(), 100, ttl);
  };
  h.put(client, client.data(packet(64)));
  h.put(client, client.data(packet(9)));
  h.put(other, other.data(packet(64)));  // in the first one's name
  h.put(client, client.data(packet(1)));
  ByteVector broken = packet(64);
  broken[GetParam().inner_v6 ? 5 : 10] ^= 1;
  h.put(client, client.data(broken));
  h.put(kInnerPort, frame_of(kInnerMac, packet(64)));  // the same addresses, out of no tunnel
  h.put(client, client.data(inner_packet(client_ip(), GetParam().inner_v6 ? "ff0e::1" : "224.0.0.9",
                                         100, 64)));
  h.put(client, client.data(packet(64)));
  h.poll();
  EXPECT_EQ(h.delivered(), (std::vector<ByteVector>{packet(63), packet(8), packet(63)}));
  EXPECT_EQ(h.dropped(DropReason::kInnerBadSource), 2U);
  EXPECT_EQ(h.dropped(DropReason::kInnerTtlExceeded), 1U);
  EXPECT_EQ(h.dropped(DropReason::kInnerBadHeader), 1U);
  EXPECT_EQ(h.dropped(DropReason::kInnerMartian), 1U);
  EXPECT_EQ(h.all_drops(), 5U);
}

TEST_P(Traffic, DatagramsOfOnePathInARowAreJudgedByThemselves) {
  Harness h;
  Client client = h.attached(3, 0, GetParam().suite, GetParam().outer_v6);
  const ByteVector packet = inner_packet(client_ip(), server_ip(), 100, 64);
  const bool v6 = GetParam().outer_v6;
  const auto put = [&](std::size_t at, std::uint8_t mask) {
    ByteVector frame = client.frame(client.data(packet));
    frame[at] ^= mask;
    const auto header = std::span(frame).subspan(net::kEthernetSize, net::kIpv4Size);
    if (!v6) {
      base::store_be16(&header[10], 0);
      base::store_be16(&header[10], net::internet_checksum(header));
    }
    h.put(kOuterPort, frame);
  };
  h.put(client, client.data(packet));
  put(0, 2);                                        // to another MAC
  put(net::kEthernetSize + (v6 ? 39 : 19), 1);      // to another address
  put(net::kEthernetSize + (v6 ? 40 : 20) + 3, 1);  // to another port
  h.put(client, client.data(packet));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 2U);
  EXPECT_EQ(h.dropped(DropReason::kEthNotForUs), 1U);
  EXPECT_EQ(h.dropped(DropReason::kIpNotForUs), 1U);
  EXPECT_EQ(h.dropped(DropReason::kUdpBadChecksum), 1U);
  EXPECT_EQ(h.all_drops(), 3U);
}

TEST(Hops, EveryChecksumOfAHeaderFollowsItsHopCount) {
  Harness h;
  Client client = h.attached(3, 0);
  ByteVector packet = inner_packet("10.8.0.2", "10.0.0.9", 0, 64);
  unsigned carried = 0;
  for (unsigned id = 0; id < 65'536; ++id) {
    base::store_be16(&packet[4], static_cast<std::uint16_t>(id));
    base::store_be16(&packet[10], 0);
    const std::uint16_t sum = net::internet_checksum(std::span(packet).first(net::kIpv4Size));
    // Where the hop's part carries, and some where it does not.
    if (sum < 0xfef0 && sum > 0x0110) continue;
    base::store_be16(&packet[10], sum);
    h.put(client, client.data(packet));
    h.poll();
    ++carried;
    auto out = h.delivered();
    ASSERT_EQ(out.size(), 1U) << sum;
    EXPECT_EQ(out[0][8], 63);
    const std::uint16_t kept = base::load_be16(&out[0][10]);
    base::store_be16(&out[0][10], 0);
    EXPECT_EQ(kept, net::internet_checksum(std::span(out[0]).first(net::kIpv4Size))) << sum;
  }
  EXPECT_GE(carried, 500U);
}

TEST_P(Traffic, SealsTowardsTheClient) {
  Harness h;
  Client client = h.attached(3, 0, GetParam().suite, GetParam().outer_v6);
  for (int i = 0; i < 40; ++i)
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet(server_ip(), client_ip(), 1000, 64)));
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 40U);
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_EQ(out[i].prefix.type, wire::Type::kData);
    EXPECT_EQ(out[i].prefix.counter, i + 1) << "the heartbeat of Attach took 0";
    EXPECT_EQ(out[i].plaintext, inner_packet(server_ip(), client_ip(), 1000, 63));
    EXPECT_EQ(out[i].to, client.address);
  }
  EXPECT_EQ(h.all_drops(), 0U);
  EXPECT_EQ(h.count(WorkerCounter::kSealed), 40U);
}

TEST_P(Traffic, EveryLengthBothWays) {
  Harness h;
  Client client = h.attached(0, 0, GetParam().suite, GetParam().outer_v6);
  for (std::size_t size = 0; size < 1300; size += 37) {
    const ByteVector packet = inner_packet(client_ip(), server_ip(), size);
    h.put(client, client.data(packet));
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet(server_ip(), client_ip(), size)));
    h.poll();
    EXPECT_EQ(h.delivered().size(), 1U) << size;
    EXPECT_EQ(h.opened(client).size(), 1U) << size;
  }
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST(Replay, AcceptsAnyOrderOnceOnly) {
  Harness h;
  Client client = h.attached(1, 0);
  std::vector<ByteVector> messages;
  for (int i = 0; i < 20; ++i)
    messages.push_back(client.data(inner_packet("10.8.0.2", "10.0.0.9")));
  std::ranges::reverse(messages);
  for (const auto& message : messages)
    h.put(client, message);
  h.poll();
  EXPECT_EQ(h.delivered().size(), 20U);
  for (const auto& message : messages)
    h.put(client, message);
  h.poll();
  EXPECT_EQ(h.delivered().size(), 0U);
  EXPECT_EQ(h.dropped(DropReason::kReplayDuplicate), 20U);
}

TEST(Replay, DuplicatesWithinOneBurst) {
  Harness h;
  Client client = h.attached(1, 0);
  const ByteVector message = client.data(inner_packet("10.8.0.2", "10.0.0.9"));
  for (int i = 0; i < 5; ++i)
    h.put(client, message);
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
  EXPECT_EQ(h.dropped(DropReason::kReplayDuplicate), 4U);
}

TEST(Replay, OlderThanTheWindow) {
  Harness h;
  Client client = h.attached(1, 0);
  const ByteVector packet = inner_packet("10.8.0.2", "10.0.0.9");
  h.put(client, client.seal_at(wire::Type::kData, packet, 5'000));
  h.put(client, client.seal_at(wire::Type::kData, packet, 5'000 - 1'024));
  h.put(client, client.seal_at(wire::Type::kData, packet, 5'000 - 1'023));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 2U);
  EXPECT_EQ(h.dropped(DropReason::kReplayOld), 1U);
}

TEST(Replay, AForgedCounterMovesNoWindow) {
  Harness h;
  Client client = h.attached(1, 0);
  const ByteVector packet = inner_packet("10.8.0.2", "10.0.0.9");
  ByteVector forged = client.seal_at(wire::Type::kData, packet, 1'000'000);
  forged.back() ^= 1;
  h.put(client, forged);
  h.put(client, client.data(packet));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kAuthFailed), 1U);
  EXPECT_EQ(h.delivered().size(), 1U) << "counter 0 is still fresh";
}

TEST(Tampering, EveryBitOfPrefixAndTagCounts) {
  Harness h;
  Client client = h.attached(1, 0);
  const ByteVector message = client.data(inner_packet("10.8.0.2", "10.0.0.9"));
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    ByteVector bad = message;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    h.put(client, bad);
    h.poll();
  }
  EXPECT_EQ(h.delivered().size(), 0U);
  EXPECT_EQ(h.all_drops(), message.size() * 8);
  h.put(client, message);
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U) << "the genuine one is still fresh";
}

TEST(KeyCache, ManySessionsInOneBurstMoreThanTheCacheHolds) {
  data::WorkerLimits limits = Harness::small();
  limits.expanded_keys = 8;
  Harness h(1, limits);
  std::vector<Client> clients;
  for (std::uint32_t slot = 0; slot < 16; ++slot)
    clients.push_back(
        h.attached(slot, 0, slot % 2 == 0 ? Suite::kAes256Gcm : Suite::kChaCha20Poly1305));
  for (int round = 0; round < 3; ++round)
    for (Client& client : clients)
      h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 48U);
  EXPECT_EQ(h.all_drops(), 0U);
  EXPECT_GT(h.count(WorkerCounter::kKeyCacheMisses), 16U);
}

TEST(Bursts, SessionsInRowsAndInTurnAreCountedEachForItself) {
  Harness h;
  Client one = h.attached(0, 0);
  Client two = h.attached(1, 1);
  const auto from = [&](Client& client) {
    const auto* address = &client == &one ? "10.8.0.2" : "10.8.0.3";
    return client.data(inner_packet(address, "10.0.0.9", 72));
  };
  for (Client* client : {&one, &one, &two, &one, &two, &two})
    h.put(*client, from(*client));
  // Of a phase that no epoch has, between two good ones of its session.
  ByteVector stray = from(one);
  stray[1] ^= 1;
  // The same of the gateway's last start: its id says nothing to this one.
  ByteVector foreign = from(one);
  foreign[1] ^= wire::kFlagIdKeyPhase;
  h.put(one, from(one));
  h.put(one, stray);
  h.put(one, from(one));
  h.put(one, foreign);
  for (const char* to : {"10.8.0.2", "10.8.0.2", "10.8.0.3", "10.8.0.2"})
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", to, 72)));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kEpochUnknown), 1U);
  EXPECT_EQ(h.dropped(DropReason::kCidInvalid), 1U);
  EXPECT_EQ(h.all_drops(), 2U);
  EXPECT_EQ(h.delivered().size(), 8U);
  const auto out = h.sent(kOuterPort);
  ASSERT_EQ(out.size(), 4U);
  for (std::size_t i = 0; i < out.size(); ++i)
    EXPECT_TRUE(Harness::open(i == 2 ? two : one, out[i])) << "each with its own session's keys";
  const auto& counters = *h.session_counters[0];
  EXPECT_EQ(counters[0].rx_packets.get(), 5U);
  EXPECT_EQ(counters[1].rx_packets.get(), 3U);
  EXPECT_EQ(counters[0].tx_packets.get(), 3U);
  EXPECT_EQ(counters[0].tx_bytes.get(), 300U);
  EXPECT_EQ(counters[1].tx_packets.get(), 1U);
  EXPECT_EQ(counters[1].tx_bytes.get(), 100U);
  EXPECT_EQ(h.count(WorkerCounter::kSealed), 4U);
}

TEST(Hairpin, PeerToPeer) {
  Harness h;
  Client one = h.attached(0, 0);
  const Client two = h.attached(1, 1, Suite::kChaCha20Poly1305);
  h.put(one, one.data(inner_packet("10.8.0.2", "10.8.0.3", 64, 64)));
  h.poll();
  const auto out = h.opened(two);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].plaintext, inner_packet("10.8.0.2", "10.8.0.3", 64, 63));
  EXPECT_EQ(h.count(WorkerCounter::kHairpinned), 1U);
}

TEST(IntoTunnel, TheControllersOwnPackets) {
  Harness h;
  const Client client = h.attached(0, 0);
  rte_mbuf* mbuf = h.mbuf_of(inner_packet("10.0.0.1", "10.8.0.2", 20, 64));
  mbuf->port = bus::kIntoTunnel;
  ASSERT_TRUE(h.frames[0]->push(mbuf));
  rte_mbuf* frame = h.mbuf_of(frame_of(kServerMac, inner_packet("10.0.0.1", "10.0.0.9")));
  frame->port = kInnerPort;
  ASSERT_TRUE(h.frames[0]->push(frame));
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].plaintext, inner_packet("10.0.0.1", "10.8.0.2", 20, 64));
  EXPECT_EQ(h.sent(kInnerPort).size(), 1U);
}

TEST(Fuzz, GarbageChangesNothing) {
  Harness h;
  Client client = h.attached(2, 0);
  const ByteVector genuine = client.data(inner_packet("10.8.0.2", "10.0.0.9"));
  SeededRandom random(99);
  constexpr std::uint64_t kPackets = 100'000;
  for (std::uint64_t i = 0; i < kPackets; ++i) {
    ByteVector datagram;
    switch (random.below(4)) {
      case 0:
        datagram = random.bytes(random.below(400));
        break;
      case 1:  // our types and the right id in front of noise
        datagram = random.bytes(32 + random.below(300));
        datagram[0] = static_cast<std::uint8_t>(0x80 + random.below(20));
        datagram[1] &= 7;
        base::store_le64(&datagram[8], client.gateway_cid.value);
        break;
      case 2:
        datagram = genuine;
        datagram[random.below(datagram.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));
        break;
      default:
        datagram = genuine;
        datagram.resize(random.below(datagram.size()));
    }
    ByteVector frame = client.frame(datagram);
    if (random.below(8) == 0)
      frame[random.below(frame.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));
    h.put(random.below(8) == 0 ? kInnerPort : kOuterPort, frame);
    if (i % 32 == 0) {
      h.poll();
      h.reports();
    }
  }
  h.poll();
  const auto left = h.reports();
  EXPECT_TRUE(std::ranges::none_of(left, [](const Taken& t) {
    return t.report.kind == ReportKind::kNewPath || t.report.kind == ReportKind::kPeerClosed;
  }));
  EXPECT_EQ(h.delivered().size(), 0U);
  EXPECT_EQ(h.count(WorkerCounter::kOpened), 0U);
  EXPECT_TRUE(h.sent(kOuterPort).empty());
  h.put(client, genuine);
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
}

}  // namespace
}  // namespace jumpgate::test
