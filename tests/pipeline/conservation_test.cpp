// Whatever comes, each frame leaves once or is in one named counter (docs/operations.md "Workers"), for each worker's
// counters together and, where it was a session's, in the session's too. Every other test's harness checks the first of
// it at its end; here packets of all kinds come in random order, over both queues of both ports.
#include <functional>

#include "cut_datagram.hpp"
#include "harness.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {
namespace {

using bus::WorkerCounter;

class Conservation : public testing::TestWithParam<std::uint64_t> {
 protected:
  Conservation() : dice_(GetParam()) { h.treat(0, {.client_to_client = GetParam() % 2 == 0}); }

  static data::WorkerLimits limits() {
    data::WorkerLimits limits = Harness::small();
    limits.outer_reassembly = true;
    // So few that a refusal or a punt is sometimes one too many.
    limits.refusals = limits.echoes = limits.unresolved = limits.neighbour_messages =
        limits.handshakes = {1'000'000, seconds(1), 40};
    return limits;
  }

  std::uint64_t roll(std::uint64_t sides) { return dice_.nonzero_u64() % sides; }
  Client& anyone() { return roll(2) == 0 ? one : two; }

  ByteVector damaged(ByteVector frame) {
    if (roll(4) == 0) frame.resize(roll(frame.size()));
    for (std::uint64_t changes = roll(4); changes > 0 && !frame.empty(); --changes)
      frame[roll(std::min<std::size_t>(frame.size(), 60))] ^= static_cast<std::uint8_t>(roll(256));
    return frame;
  }
  ByteVector inner_of_any_kind() {
    static constexpr std::array<std::string_view, 9> kTo{"10.0.0.9", "10.0.0.77",   "10.8.0.2",
                                                         "10.8.0.3", "10.8.0.4",    "10.0.0.255",
                                                         "10.0.0.1", "203.0.113.5", "127.0.0.1"};
    static constexpr std::array<std::string_view, 3> kFrom{"10.8.0.2", "10.8.0.3", "10.0.0.9"};
    ByteVector packet = inner_packet(kFrom[roll(3)], kTo[roll(9)], roll(1460),
                                     static_cast<std::uint8_t>(1 + roll(8)));
    if (roll(2) == 0) base::store_be16(&packet[6], roll(4) == 0 ? 0x2000 : 0);
    return roll(8) == 0 ? packet : with_class(packet, static_cast<std::uint8_t>(roll(256)));
  }
  /// A frame and the port it comes by.
  std::pair<std::uint8_t, ByteVector> frame_of_any_kind() {
    Client& client = anyone();
    client.traffic_class = static_cast<std::uint8_t>(roll(4));
    const auto outer = [&](const ByteVector& datagram) {
      return std::pair{kOuterPort, client.frame(datagram)};
    };
    switch (roll(13)) {
      case 0:
        return outer(client.heartbeat(roll(2) == 0));
      case 1:
        return outer(client.seal(wire::Type::kData, ByteVector(roll(100))));
      case 2:
        return outer(client.seal_at(wire::Type::kData, to_server(), roll(client.counter + 1)));
      case 3:
        return outer(
            client.sealed_control(wire::Type::kReattach, client.jump_ids[roll(2)], 1, h.random));
      case 4:
        return outer(hello(roll(2) == 0 ? wire::kVersion : std::uint16_t{9}));
      case 5:
        return {kOuterPort, damaged(client.frame(client.data(to_server())))};
      case 6:
        return {kInnerPort, damaged(frame_of(kInnerMac, inner_of_any_kind()))};
      case 7:
        return {kInnerPort, frame_of(kInnerMac, echo_request("10.0.0.9", "10.0.0.1"))};
      case 8:
        return outer(client.data(echo_request("10.8.0.2", "10.0.0.1")));
      case 9: {
        const CutDatagram datagram(client.frame(client.data(to_server(1200))),
                                   static_cast<std::uint32_t>(roll(4)));
        return {kOuterPort,
                roll(2) == 0 ? datagram.frame({.from = 0, .to = 800})
                             : datagram.frame({.from = 800, .to = datagram.size(), .more = false})};
      }
      case 10:
        return {kInnerPort, frame_of(net::kBroadcastMac, inner_of_any_kind())};
      case 11:
        return {kInnerPort, frame_of(kInnerMac, inner_of_any_kind())};
      default:
        return outer(client.data(inner_of_any_kind()));
    }
  }
  void put_one() {
    auto [port, frame] = frame_of_any_kind();
    h.put(port, frame, static_cast<std::uint16_t>(roll(2)));
  }
  void settle() {
    for (int turn = 0; turn < 4; ++turn)
      for (unsigned worker = 0; worker < 2; ++worker)
        h.poll(worker);
    for (unsigned worker = 0; worker < 2; ++worker)
      h.reports(worker);
  }
  [[nodiscard]] std::uint64_t both(WorkerCounter counter) const {
    return h.count(counter, 0) + h.count(counter, 1);
  }
  /// Fragments that wait are the only ones that may be in nobody's hands and in no counter.
  [[nodiscard]] std::int64_t in_buffers() const { return h.mbufs_in_use(); }

  SeededRandom dice_;
  Harness h{2, limits()};
  Client one{h.attached(0, 0, Suite::kAes256Gcm, false, 0)};
  Client two{h.attached(0, 1, Suite::kChaCha20Poly1305, true, 1)};
};

INSTANTIATE_TEST_SUITE_P(Seeds, Conservation, testing::Range<std::uint64_t>(1, 9));

TEST_P(Conservation, EachFrameIsCountedOnce) {
  for (int i = 0; i < 400; ++i) {
    const std::uint64_t received = both(WorkerCounter::kRxPackets);
    put_one();
    settle();
    ASSERT_EQ(both(WorkerCounter::kRxPackets), received + 1);
    h.sent(kOuterPort);
    h.sent(kInnerPort);
    ASSERT_EQ(h.unaccounted(), in_buffers()) << "after frame " << i;
    h.advance(microseconds(50));
  }
}

TEST_P(Conservation, BurstsBeyondWhatPortsAndRingsTakeToo) {
  for (int round = 0; round < 6; ++round) {
    h.outer.accepts = h.inner.accepts = roll(5);
    h.outer.up = roll(4) != 0;
    for (int i = 0; i < 300; ++i)
      put_one();
    settle();
    h.sent(kOuterPort);
    h.sent(kInnerPort);
    ASSERT_EQ(h.unaccounted(), in_buffers()) << "what waits for a port or for its other fragments";
    h.advance(seconds(1));
  }
  h.outer.accepts = h.inner.accepts = SIZE_MAX;
  h.outer.up = true;
  h.advance(limits::kReassemblyTimeout + seconds(1));
  settle();
  h.sent(kOuterPort);
  h.sent(kInnerPort);
  EXPECT_EQ(h.unaccounted(), 0) << "nothing waits any more";
  EXPECT_EQ(h.mbufs_in_use(), 0U);
  std::uint64_t sent = 0;
  for (unsigned worker = 0; worker < 2; ++worker)
    sent += (*h.session_counters[worker])[0].tx_packets.get();
  EXPECT_EQ(sent, both(WorkerCounter::kSealed));
}

TEST(SessionDrops, WhatASessionLosesIsCountedThereAsWell) {
  Harness h;
  Client client = h.attached(0, 0);
  const auto drops = [&] { return (*h.session_counters[0])[0].drops.get(); };
  const auto expect_one = [&](const char* what) {
    const auto before = drops();
    h.poll();
    EXPECT_EQ(drops(), before + 1) << what;
    h.reports();
  };
  h.put(client, client.data(inner_packet("10.8.0.3", "10.0.0.9")));
  expect_one("a source that is not its own");
  h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9", 1, 1)));
  expect_one("no hop left");
  h.put(client, client.data(inner_packet("10.8.0.2", "203.0.113.5")));
  expect_one("no route");
  h.put(client, client.data(ByteVector(7)));
  expect_one("no packet");
  client.traffic_class = 3;
  h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")));
  expect_one("a mark that it can not bear");
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", 1460)));
  expect_one("too big for it");
  const auto before = drops();
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.4")));
  h.poll();
  EXPECT_EQ(drops(), before) << "another's";
  h.reports();
}

}  // namespace
}  // namespace jumpgate::test
