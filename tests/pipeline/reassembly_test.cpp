// Outer datagrams that come in pieces: put together where the operator wants it, each piece that is
// not dropped by name (spec/path-mtu.md "Outer fragments").
#include <algorithm>

#include "cut_datagram.hpp"
#include "harness.hpp"
#include "net/ecn.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

data::WorkerLimits with_reassembly() {
  data::WorkerLimits limits = Harness::small();
  limits.outer_reassembly = true;
  return limits;
}

class OuterFragments : public testing::TestWithParam<bool> {
 protected:
  CutDatagram datagram(std::size_t inner_payload = 1000, std::uint32_t id = 7) {
    return CutDatagram(
        client.frame(client.data(inner_packet("10.8.0.2", "10.0.0.9", inner_payload))), id);
  }
  void put(const std::vector<ByteVector>& frames) {
    for (const ByteVector& frame : frames)
      h.put(kOuterPort, frame);
    h.poll();
  }
  void expect_only(DropReason reason, std::uint64_t count) {
    EXPECT_EQ(h.dropped(reason), count) << to_string(reason);
    EXPECT_EQ(h.all_drops(), count);
    EXPECT_TRUE(h.delivered().empty());
  }

  Harness h{1, with_reassembly()};
  Client client{h.attached(0, 0, Suite::kAes256Gcm, GetParam())};
};

/// Where another gateway is needed.
class Fragmented : public testing::TestWithParam<bool> {};

std::string family_of(const testing::TestParamInfo<bool>& tried) {
  return tried.param ? "V6" : "V4";
}
INSTANTIATE_TEST_SUITE_P(Families, OuterFragments, testing::Bool(), family_of);
INSTANTIATE_TEST_SUITE_P(Families, Fragmented, testing::Bool(), family_of);

TEST_P(OuterFragments, MakeTheDatagramTheyWereInWhateverOrder) {
  const std::vector<ByteVector> whole{inner_packet("10.8.0.2", "10.0.0.9", 1000, 63)};
  std::vector<std::size_t> order{0, 1, 2, 3};
  unsigned count = 0;
  do {
    const auto frames = datagram().in_steps(304);
    ASSERT_EQ(frames.size(), order.size());
    for (const std::size_t i : order)
      h.put(kOuterPort, frames[i]);
    h.poll();
    EXPECT_EQ(h.delivered(), whole);
    ++count;
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(h.count(bus::WorkerCounter::kReassembled), count);
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST_P(OuterFragments, OfTheLargestDatagramInTheSmallestPieces) {
  put(datagram(1440 - 28).in_steps(limits::kMinFragment));
  EXPECT_EQ(h.delivered().size(), 1U);
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST_P(Fragmented, IsDroppedWhereNobodyWantsIt) {
  Harness off;
  Client other = off.attached(0, 0, Suite::kAes256Gcm, GetParam());
  const CutDatagram cut(other.frame(other.data(inner_packet("10.8.0.2", "10.0.0.9", 1000))));
  for (const ByteVector& frame : cut.in_steps(512))
    off.put(kOuterPort, frame);
  off.poll();
  EXPECT_EQ(off.dropped(DropReason::kIpFragment), 3U);
  EXPECT_EQ(off.all_drops(), 3U);
}

TEST_P(OuterFragments, TinyAndImpossibleOnes) {
  const CutDatagram cut = datagram();
  for (const Piece& piece : {Piece{0, 184, true},  // smaller than any path makes
                             Piece{8, 208, true},  // begins where such a one would end (RFC 3128)
                             Piece{0, 500, true},  // no multiple of eight (RFC 8200 section 4.5)
                             Piece{200, 200, false}})  // empty
    h.put(kOuterPort, cut.frame(piece));
  ByteVector far = cut.frame({0, 400, false});  // reaches beyond the largest datagram
  std::uint8_t* place = &far[net::kEthernetSize + (GetParam() ? 42 : 6)];
  base::store_be16(place, GetParam() ? 1088 : 1088 / 8);
  ByteVector fixed(far.begin() + net::kEthernetSize, far.end());
  h.put(kOuterPort, frame_of(kOuterMac, with_class(fixed, 0)));
  h.poll();
  expect_only(DropReason::kIpFragmentBad, 5);
}

TEST_P(OuterFragments, OfAnotherProtocol) {
  ByteVector frame = datagram().frame({0, 512, true});
  ByteVector packet(frame.begin() + net::kEthernetSize, frame.end());
  packet[GetParam() ? 40 : 9] = net::kProtocolTcp;
  put({frame_of(kOuterMac, with_class(packet, 0))});
  expect_only(DropReason::kIpFragmentBad, 1);
}

TEST_P(OuterFragments, ThatOverlapCostTheWholeDatagram) {
  const CutDatagram cut = datagram();
  put({cut.frame({0, 512, true}), cut.frame({400, 800, true}),
       cut.frame({800, cut.size(), false})});
  expect_only(DropReason::kIpFragmentConflict, 3);
  // A last one that ends before the first does, and a first that comes twice.
  put({cut.frame({0, 800, true}), cut.frame({400, 600, false})});
  expect_only(DropReason::kIpFragmentConflict, 5);
  put({cut.frame({0, 512, true}), cut.frame({0, 512, true})});
  expect_only(DropReason::kIpFragmentConflict, 7);
  // A hole that an overlap makes up for in bytes.
  put({cut.frame({0, 400, true}), cut.frame({200, 600, true}),
       cut.frame({800, cut.size(), false})});
  expect_only(DropReason::kIpFragmentConflict, 10);
  put(datagram().in_steps(512));
  EXPECT_EQ(h.delivered().size(), 1U) << "the next datagram of that identification";
}

TEST_P(OuterFragments, WithoutTheRestGoAfterASecond) {
  put({datagram(1000, 1).frame({0, 512, true})});
  h.advance(limits::kReassemblyTimeout);
  put({datagram(1000, 2).frame({512, 1024, true})});
  EXPECT_EQ(h.all_drops(), 0U);
  h.advance(Duration{1});
  h.poll();
  expect_only(DropReason::kIpFragmentTimeout, 1);
  h.advance(limits::kReassemblyTimeout);
  h.poll();
  expect_only(DropReason::kIpFragmentTimeout, 2);
}

TEST_P(OuterFragments, OfOneSourceHaveABoundAndOthersTheirPlaces) {
  for (std::uint32_t id = 0; id < limits::kFragmentsPerSource + 5; ++id)
    put({datagram(1000, id).frame({0, 512, true})});
  expect_only(DropReason::kIpFragmentLimit, 5);
  Client other = h.attached(1, 1, Suite::kAes256Gcm, GetParam());
  other.address = endpoint(GetParam() ? "[2001:db8:9::1]:9" : "198.51.100.200:9");
  put(CutDatagram(other.frame(other.data(inner_packet("10.8.0.3", "10.0.0.9", 1000))))
          .in_steps(512));
  EXPECT_EQ(h.delivered().size(), 1U);
  h.advance(limits::kReassemblyTimeout + Duration{1});
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kIpFragmentTimeout), limits::kFragmentsPerSource);
  put(datagram().in_steps(512));
  EXPECT_EQ(h.delivered().size(), 1U) << "what timed out takes no place of its source";
}

TEST_P(OuterFragments, OfAllSourcesHaveABoundToo) {
  const std::size_t tried = limits::kReassemblies + 20;
  for (std::uint32_t i = 0; i < tried; ++i) {
    Client stranger = client;
    stranger.address.address = address(GetParam() ? "2001:db8:0:1::1" : "203.0.1.1");
    stranger.address.address.bytes[GetParam() ? 6 : 2] = static_cast<std::uint8_t>(i >> 8);
    stranger.address.address.bytes[GetParam() ? 7 : 3] = static_cast<std::uint8_t>(i);
    put({CutDatagram(stranger.frame(client.data(inner_packet("10.8.0.2", "10.0.0.9", 1000))), i)
             .frame({0, 512, true})});
  }
  const std::uint64_t refused = h.dropped(DropReason::kIpFragmentLimit);
  EXPECT_GE(refused, 20U);
  EXPECT_EQ(h.all_drops(), refused);
  EXPECT_EQ(h.mbufs_in_use(), tried - refused);
  h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U) << "whole datagrams wait for nobody";
}

TEST_P(OuterFragments, KeepTheMarkOfAnyOfThem) {
  client.traffic_class = 2;  // ECT(0)
  const auto marked = [](ByteVector frame, std::uint8_t traffic_class) {
    const ByteVector packet(frame.begin() + net::kEthernetSize, frame.end());
    return frame_of(kOuterMac, with_class(packet, traffic_class));
  };
  const auto send = [&](std::uint8_t first, std::uint8_t second) {
    const CutDatagram cut(
        client.frame(client.data(with_class(inner_packet("10.8.0.2", "10.0.0.9", 1000), 2))));
    put({marked(cut.frame({0, 512, true}), first),
         marked(cut.frame({512, cut.size(), false}), second)});
    const auto in = h.delivered();
    return in.empty() ? -1 : net::traffic_class_of(in[0].data());
  };
  EXPECT_EQ(send(2, 2), 2);
  EXPECT_EQ(send(2, 3), 3);
  EXPECT_EQ(send(3, 2), 3);
  EXPECT_EQ(send(0, 3), -1);
  expect_only(DropReason::kIpFragmentConflict, 2);
}

TEST_P(Fragmented, NoPortsWordOnTheWholesChecksumCounts) {
  Harness verifies(1, with_reassembly(), {.rx_udp_checksum = true});
  Client sender = verifies.attached(0, 0, Suite::kAes256Gcm, GetParam());
  ByteVector frame = sender.frame(sender.data(inner_packet("10.8.0.2", "10.0.0.9", 1000)));
  frame.back() ^= 1;
  for (const ByteVector& piece : CutDatagram(frame).in_steps(512)) {
    rte_mbuf* mbuf = verifies.mbuf_of(piece);
    mbuf->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    verifies.outer.put(0, mbuf);
  }
  verifies.poll();
  EXPECT_EQ(verifies.dropped(DropReason::kUdpBadChecksum), 1U);
}

TEST_P(Fragmented, ItsPiecesMeetAtOneWorkerWhicheverQueuesTheyCameBy) {
  Harness two(2, with_reassembly());
  Client sender = two.attached(3, 0, Suite::kAes256Gcm, GetParam(), 1);
  for (std::uint32_t id = 0; id < 16; ++id) {
    const CutDatagram cut(sender.frame(sender.data(inner_packet("10.8.0.2", "10.0.0.9", 1000))),
                          id);
    std::uint16_t queue = 0;
    for (const ByteVector& piece : cut.in_steps(512))
      two.put(kOuterPort, piece, queue++ % 2);
  }
  for (int turn = 0; turn < 3; ++turn)
    for (unsigned worker = 0; worker < 2; ++worker)
      two.poll(worker);
  EXPECT_EQ(two.delivered().size(), 16U);
  EXPECT_GT(two.count(bus::WorkerCounter::kReassembled, 0), 0U);
  EXPECT_GT(two.count(bus::WorkerCounter::kReassembled, 1), 0U);
  EXPECT_EQ(two.all_drops(0) + two.all_drops(1), 0U);
}

TEST_P(OuterFragments, WhateverTheyAreNoneIsKeptAndNoPlaceIsLost) {
  const CutDatagram whole = datagram();
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 24; ++i) {
      // Of few datagrams and at few places, so that they meet, overlap and sometimes fit.
      const auto id = static_cast<std::uint32_t>(h.random.below(3));
      const std::size_t from = 200 * h.random.below(6);
      const std::size_t to = std::min(whole.size(), from + 200 * (1 + h.random.below(3)));
      h.put(kOuterPort, CutDatagram(whole, id).frame({from, to, to < whole.size()}));
    }
    h.poll();
    h.advance(limits::kReassemblyTimeout + Duration{1});
    h.poll();
    h.sent(kOuterPort);
    h.sent(kInnerPort);
    h.reports();
    ASSERT_EQ(h.mbufs_in_use(), 0U);
  }
  EXPECT_GT(h.count(bus::WorkerCounter::kReassembled), 0U);
  EXPECT_GT(h.dropped(DropReason::kIpFragmentConflict), 0U);
  EXPECT_EQ(h.dropped(DropReason::kIpFragmentLimit), 0U);
  for (std::uint32_t id = 0; id < limits::kFragmentsPerSource; ++id)
    h.put(kOuterPort, CutDatagram(whole, id).frame({0, 512, true}));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kIpFragmentLimit), 0U) << "all that a source may have";
}

TEST_P(OuterFragments, ThatNeverMeetGoWithTheWorker) {
  put({datagram().frame({0, 512, true})});
  EXPECT_EQ(h.mbufs_in_use(), 1U);  // the harness sees, at its end, that it was freed
}

TEST(AtomicFragments, AreWholeDatagrams) {
  Harness h(1, with_reassembly());
  Client client = h.attached(0, 0, Suite::kAes256Gcm, true);
  const CutDatagram cut(client.frame(client.data(inner_packet("10.8.0.2", "10.0.0.9"))));
  // The first half of another datagram waits under the same identification: they have nothing to do
  // with each other (RFC 6946 section 4).
  const CutDatagram half(client.frame(client.data(inner_packet("10.8.0.2", "10.0.0.9", 1000))));
  h.put(kOuterPort, half.frame({0, 512, true}));
  h.put(kOuterPort, cut.frame({0, cut.size(), false}));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST(InnerSideFragments, ToUsAreDropped) {
  Harness h(1, with_reassembly());
  ByteVector echo = inner_packet("10.0.0.9", "10.0.0.1", 512);
  base::store_be16(&echo[6], 0x2000);
  h.put(kInnerPort, frame_of(kInnerMac, with_class(echo, 0)));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kIpFragment), 1U);
}

}  // namespace
}  // namespace jumpgate::test
