// IPv6 packets in two messages, over a path of 1280 bytes (spec/wire.md "DATA in two parts").
#include "net/parts.hpp"

#include <algorithm>

#include "harness.hpp"
#include "net/ecn.hpp"
#include "proposal.hpp"

namespace jumpgate::test {
namespace {

using bus::WorkerCounter;

class Parts : public testing::Test {
 protected:
  static constexpr std::uint16_t kPath = 1280;
  static constexpr std::uint16_t kInner = kPath - 80;

  struct Halves {
    ByteVector head, tail;
  };

  Parts() {
    const_cast<data::Shard&>(h.workers[0]->shard()).ports[kOuterPort].mtu = kPath;
    client = h.attached(0, 0, Suite::kAes256Gcm, true);
  }
  static ByteVector from_client(std::size_t size = 1280) {
    return inner_packet("fd00:8::2", "fd00:a::9", size - 48);
  }
  static Halves halves(ByteVector packet) {
    Halves made{.head = {}, .tail = ByteVector(net::kMaxTail)};
    made.tail.resize(net::split_in_parts(packet, kInner, made.tail));
    made.head.assign(packet.begin(), packet.begin() + kInner);
    return made;
  }
  void put(const ByteVector& datagram) { h.put(client, datagram); }
  std::size_t delivered() { return h.delivered().size(); }

  Harness h;
  Client client;
};

TEST_F(Parts, APacketToTheClientLeavesInTwoMessagesThatFitThePath) {
  const ByteVector packet = inner_packet("fd00:a::9", "fd00:8::2", 1280 - 48);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("fd00:a::9", "fd00:8::2", 1)));
  h.put(kInnerPort, frame_of(kInnerMac, with_class(packet, 0xb9)));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("fd00:a::9", "fd00:8::2", 2)));
  h.poll();
  std::vector<Opened> out;
  for (const ByteVector& frame : h.sent(kOuterPort)) {
    EXPECT_LE(frame.size(), kPath + net::kEthernetSize);
    out.push_back(Harness::open(client, frame).value());
  }
  ASSERT_EQ(out.size(), 4U);
  for (std::size_t i = 1; i < out.size(); ++i)
    EXPECT_EQ(out[i].prefix.counter, out[i - 1].prefix.counter + 1) << "in its place";
  EXPECT_EQ(net::part_of(out[1].plaintext), net::PartKind::kHead);
  EXPECT_EQ(net::part_of(out[2].plaintext), net::PartKind::kTail);
  EXPECT_EQ(out[1].plaintext.size(), kInner);
  EXPECT_EQ(out[1].traffic_class, 0xb9);
  EXPECT_EQ(out[2].traffic_class, 0xb9);
  ByteVector whole = out[1].plaintext;
  whole.resize(1280);
  ASSERT_EQ(net::join_parts(whole, kInner, out[2].plaintext), 1280U);
  EXPECT_TRUE(std::equal(whole.begin() + 8, whole.end(), packet.begin() + 8));
  EXPECT_EQ(h.count(WorkerCounter::kInnerParted), 1U);
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST_F(Parts, WhatIsLargerIsRefusedAndWhatFitsGoesWhole) {
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("fd00:a::9", "fd00:8::2", 1281 - 48)));
  h.poll();
  const auto refused = h.reports(bus::ReportKind::kInnerRefused);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].report.mtu, 1280) << "RFC 8201 section 4: no less is told";
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("fd00:a::9", "fd00:8::2", kInner - 48)));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 1U);
  EXPECT_EQ(h.count(WorkerCounter::kInnerParted), 0U);
}

TEST_F(Parts, WithoutABufferThePacketIsLostAndCounted) {
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("fd00:a::9", "fd00:8::2", 1280 - 48)));
  std::vector<rte_mbuf*> all;
  while (rte_mbuf* mbuf = rte_pktmbuf_alloc(h.pool))
    all.push_back(mbuf);
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kMbufExhausted), 1U);
  EXPECT_EQ((*h.session_counters[0])[0].drops.get(), 1U) << "counted for its session as well";
  EXPECT_TRUE(h.sent(kOuterPort).empty());
  for (rte_mbuf* mbuf : all)
    rte_pktmbuf_free(mbuf);
}

TEST_F(Parts, BothPartsInEitherOrderMakeThePacket) {
  const ByteVector packet = from_client();
  const auto [head, tail] = halves(packet);
  put(client.data(head));
  h.poll();
  EXPECT_EQ(delivered(), 0U);
  put(client.data(tail));
  h.poll();
  const auto in = h.delivered();
  ASSERT_EQ(in.size(), 1U);
  ASSERT_EQ(in[0].size(), packet.size());
  EXPECT_TRUE(std::equal(in[0].begin() + 8, in[0].end(), packet.begin() + 8));
  const ByteVector first = client.data(head);
  put(client.data(tail));
  put(first);
  h.poll();
  EXPECT_EQ(delivered(), 1U);
  EXPECT_EQ(h.count(WorkerCounter::kInnerJoined), 2U);
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST_F(Parts, PartsOfOtherPacketsAndSessionsAreNotTaken) {
  const auto [head, tail] = halves(from_client());
  put(client.data(head));
  client.data(head);  // lost
  put(client.data(tail));
  h.poll();
  EXPECT_EQ(delivered(), 0U) << "another packet's tail";
  Client other = h.attached(1, 1, Suite::kAes256Gcm, true);
  other.counter = 1;
  h.put(other, other.data(tail));
  h.poll();
  EXPECT_EQ(delivered(), 0U) << "another session's tail";
  h.advance(limits::kPartTimeout);
  for (std::size_t i = 0; i < limits::kWaitingParts; ++i)
    h.poll();
  EXPECT_EQ(h.dropped(DropReason::kInnerPartLost), 3U);
  h.reports();
}

TEST_F(Parts, APartThatWaitsForTooLongIsLost) {
  const auto [head, tail] = halves(from_client());
  put(client.data(head));
  h.poll();
  h.advance(limits::kPartTimeout - nanoseconds(1));
  for (std::size_t i = 0; i < limits::kWaitingParts; ++i)
    h.poll();
  EXPECT_EQ(h.dropped(DropReason::kInnerPartLost), 0U);
  h.advance(nanoseconds(1));
  for (std::size_t i = 0; i < limits::kWaitingParts / data::WaitingParts::kPlaces; ++i)
    h.poll();
  EXPECT_EQ(h.dropped(DropReason::kInnerPartLost), 1U);
  EXPECT_EQ((*h.session_counters[0])[0].drops.get(), 1U) << "counted for its session as well";
  EXPECT_EQ(h.unaccounted(), 0);
  h.reports();
}

TEST_F(Parts, OneSessionsPartsTakeNoPlaceOfAnothers) {
  const auto [head, tail] = halves(from_client());
  Client greedy = h.attached(1, 1, Suite::kAes256Gcm, true);
  put(client.data(head));
  for (int i = 0; i < 100; ++i) {
    h.put(greedy, greedy.data(head));
    greedy.counter += 1;
    h.poll();
  }
  EXPECT_EQ(h.dropped(DropReason::kInnerPartLost), 100 - data::WaitingParts::kPlaces);
  put(client.data(tail));
  h.poll();
  EXPECT_EQ(delivered(), 1U);
}

TEST_F(Parts, WhatMakesNoPacketIsDropped) {
  const auto [head, tail] = halves(from_client());
  ByteVector other = tail;
  other[1] ^= 1;
  put(client.data(head));
  put(client.data(other));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kInnerBadHeader), 2U) << "parts of two packets";
  other = tail;
  other.pop_back();
  put(client.data(head));
  put(client.data(other));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kInnerBadHeader), 3U) << "not as long as it says";
  EXPECT_EQ(delivered(), 0U);
  EXPECT_EQ(h.unaccounted(), 0);
}

TEST_F(Parts, ASynIsClampedBeforeItIsParted) {
  ByteVector syn(1280);
  net::build_ip(syn, address("fd00:a::9"), address("fd00:8::2"), net::kProtocolTcp, 1240);
  syn[40 + 12] = 0x60;  // 24 bytes of TCP header
  syn[40 + 13] = 0x02;  // SYN
  base::store_be32(&syn[40 + 20], 0x020405a0);
  h.put(kInnerPort, frame_of(kInnerMac, syn));
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(base::load_be16(&out[0].plaintext[40 + 22]), kInner - 60) << "RFC 6691";
}

TEST_F(Parts, OfASessionThatIsGoneCostItsSuccessorNothing) {
  const auto [head, tail] = halves(from_client());
  put(client.data(head));
  h.poll();
  ASSERT_TRUE(h.command(client.ref, bus::RemoveSession{}));
  const Client next = h.attached(0, 0, Suite::kAes256Gcm, true, 0, 2);
  Client successor = next;
  successor.counter = 1;
  h.put(successor, successor.data(tail));
  h.poll();
  EXPECT_EQ(delivered(), 0U) << "sealed under other keys";
  h.advance(limits::kPartTimeout);
  for (std::size_t i = 0; i < limits::kWaitingParts; ++i)
    h.poll();
  EXPECT_EQ(h.dropped(DropReason::kInnerPartLost), 2U);
  EXPECT_EQ((*h.session_counters[0])[0].drops.get(), 1U) << "its own tail";
  h.reports();
}

TEST_F(Parts, AreJoinedAndPartedAgainBetweenTwoNarrowTunnels) {
  const Client other = h.attached(1, 1, Suite::kAes256Gcm, true);
  const auto [head, tail] = halves(inner_packet("fd00:8::2", "fd00:8::3", 1280 - 48));
  put(client.data(head));
  put(client.data(tail));
  h.poll();
  const auto out = h.opened(other);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(net::part_of(out[0].plaintext), net::PartKind::kHead);
  EXPECT_EQ(net::part_of(out[1].plaintext), net::PartKind::kTail);
}

TEST_F(Parts, CongestionOfEitherPartIsThePackets) {
  for (const bool marked : {false, true}) {
    const auto [head, tail] = halves(with_class(from_client(), 0x02));
    client.traffic_class = marked ? 0x03 : 0x02;
    put(client.data(head));
    client.traffic_class = marked ? 0x02 : 0x03;
    put(client.data(tail));
    h.poll();
    const auto in = h.delivered();
    ASSERT_EQ(in.size(), 1U);
    EXPECT_EQ(net::traffic_class_of(in[0].data()), 0x03);
  }
}

TEST_F(Parts, OfAProposedEpochAreHeldAsOne) {
  Client next = proposed(h, client, 2);
  ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  const auto [head, tail] = halves(from_client());
  next.address = client.address;
  h.put(next, next.data(head));
  h.put(next, next.data(tail));
  h.poll();
  EXPECT_EQ(delivered(), 0U);
  EXPECT_EQ(h.count(WorkerCounter::kHeld), 1U);
  ASSERT_TRUE(h.command(client.ref, commit_of(next)));
  h.poll();
  EXPECT_EQ(delivered(), 1U);
  h.reports();
}

class PartsOfTwoSessions : public testing::Test {
 protected:
  static data::WorkerLimits many_slots() {
    data::WorkerLimits limits = Harness::small();
    limits.slots = data::WaitingParts::kSets + 1;
    return limits;
  }
  PartsOfTwoSessions() {
    head = inner_packet("fd00:8::2", "fd00:a::9", 1280 - 48);
    tail.resize(net::split_in_parts(head, 1200, tail));
    head.resize(1200);
  }

  Harness h{1, many_slots()};
  // Their slots share places.
  Client one{h.attached(0, 0)};
  Client other{h.attached(data::WaitingParts::kSets, 1)};
  ByteVector head;
  ByteVector tail = ByteVector(net::kMaxTail);
};

TEST_F(PartsOfTwoSessions, AreNotTakenForEachOther) {
  h.put(one, one.data(head));
  other.counter = one.counter;
  h.put(other, other.data(tail));
  h.poll();
  EXPECT_TRUE(h.delivered().empty());
  h.put(one, one.data(tail));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
}

TEST_F(PartsOfTwoSessions, DriveOutTheirOwnFirst) {
  const auto send_heads = [&](int count) {
    for (int i = 0; i < count; ++i) {
      h.put(other, other.data(head));
      ++other.counter;
      h.poll();
    }
  };
  send_heads(10);
  h.put(one, one.data(head));
  h.poll();
  send_heads(10);
  h.put(one, one.data(tail));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U) << "whoever sends heads alone loses heads of its own";
}

}  // namespace
}  // namespace jumpgate::test
