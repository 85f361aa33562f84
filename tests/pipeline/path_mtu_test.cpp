// Path MTU probes of the worker: how large they are, what their answers and their loss change for
// inner packets (spec/path-mtu.md).
#include <algorithm>

#include "harness.hpp"
#include "net/frames.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::test {
namespace {

class PathProbes : public testing::TestWithParam<bool> {
 protected:
  static constexpr std::uint16_t kLink = 1500;

  explicit PathProbes(std::uint16_t link = kLink) : h{1, Harness::small(), {}, link} {
    h.shared->inner.probe_path_mtu = true;
  }

  /// Attaches; what Attach sent is the heartbeat, and the first probe.
  Client attach() {
    Client client = h.install(0, 0, Suite::kAes256Gcm, GetParam());
    EXPECT_TRUE(h.command(client.ref, bus::Attach{Harness::path_to(client)}));
    h.peers->set(0, client.ref);
    return client;
  }
  [[nodiscard]] std::uint16_t overhead() const { return GetParam() ? 80 : 60; }
  /// The outer sizes of the probes among what left, and the stamp of the last.
  std::vector<std::size_t> probes(const Client& client) {
    std::vector<std::size_t> sizes;
    for (const Opened& message : h.opened(client)) {
      if (message.prefix.type != wire::Type::kHeartbeat) continue;
      const auto heartbeat = wire::decode_heartbeat(message.plaintext);
      EXPECT_TRUE(heartbeat);
      if (heartbeat->send_time_us % 2 == 0) continue;
      EXPECT_TRUE(heartbeat->reply_wanted);
      stamp = heartbeat->send_time_us;
      sizes.push_back(message.plaintext.size() + overhead());
    }
    return sizes;
  }
  void answer(Client& client, std::uint32_t echo) {
    wire::Heartbeat heartbeat;
    heartbeat.next_interval_ms = 500;
    heartbeat.send_time_us = 2;
    heartbeat.echo_time_us = echo;
    h.put(client, client.heartbeat(heartbeat));
    h.poll();
  }
  /// How many bytes of an inner packet reach the client at most.
  std::size_t inner_mtu(const Client& client) {
    std::size_t most = 0;
    for (std::size_t payload = 1100; payload <= 1470; payload += 10) {
      h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", payload)));
      h.poll();
      for (const Opened& message : h.opened(client))
        if (message.prefix.type == wire::Type::kData)
          most = std::max(most, message.plaintext.size());
      h.reports();
    }
    return most;
  }
  [[nodiscard]] std::uint32_t shown() const { return (*h.session_counters[0])[0].path_mtu.get(); }

  Harness h;
  std::uint32_t stamp{0};
};

INSTANTIATE_TEST_SUITE_P(OuterFamilies, PathProbes, testing::Bool());

class PathProbesOfAWideLink : public PathProbes {
 protected:
  PathProbesOfAWideLink() : PathProbes(9000) {}
};

INSTANTIATE_TEST_SUITE_P(OuterFamilies, PathProbesOfAWideLink, testing::Bool());

TEST_P(PathProbesOfAWideLink, EndAtTheLargestDatagram) {
  Client client = attach();
  h.poll();
  const std::size_t largest = limits::kMaxInnerMtu + overhead();
  EXPECT_EQ(probes(client), (std::vector<std::size_t>{largest}));
  answer(client, stamp);
  EXPECT_EQ(shown(), largest);
  EXPECT_NEAR(static_cast<double>(inner_mtu(client)), limits::kMaxInnerMtu, 10);
}

TEST_P(PathProbes, AnAnsweredProbeRaisesTheMtu) {
  Client client = attach();
  h.poll();
  EXPECT_EQ(probes(client), (std::vector<std::size_t>{kLink}));
  EXPECT_EQ(shown(), 1280U);
  answer(client, stamp);
  EXPECT_EQ(shown(), kLink);
  EXPECT_NEAR(static_cast<double>(inner_mtu(client)), kLink - overhead(), 10);
  EXPECT_EQ(h.count(bus::WorkerCounter::kPathProbes), 1U);
}

TEST_P(PathProbes, WhileTheFirstIsOnItsWayWhatIsLargerGoesInTwoParts) {
  Client client = attach();
  h.poll();
  ASSERT_EQ(probes(client).size(), 1U);
  ByteVector packet = inner_packet("10.0.0.9", "10.8.0.2", 1380);
  h.put(kInnerPort, frame_of(kInnerMac, packet));
  h.poll();
  const std::vector<ByteVector> frames = h.sent(kOuterPort);
  ASSERT_EQ(frames.size(), 2U);
  for (const ByteVector& frame : frames)
    EXPECT_LE(frame.size(), 1280 + net::kEthernetSize) << "no more than the base, whoever waits";
  EXPECT_EQ(h.all_drops(), 0U) << "and nobody is told of it";
  answer(client, stamp);
  h.put(kInnerPort, frame_of(kInnerMac, packet));
  h.poll();
  EXPECT_EQ(h.sent(kOuterPort).size(), 1U);
}

TEST_P(PathProbes, TheEchoOfAnotherHeartbeatDoesNot) {
  Client client = attach();
  h.poll();
  ASSERT_EQ(probes(client).size(), 1U);
  answer(client, stamp & ~1U);
  EXPECT_EQ(shown(), 1280U);
}

TEST_P(PathProbes, AProbeThatIsLostLeavesTheBase) {
  Client client = attach();
  h.poll();
  ASSERT_EQ(probes(client).size(), 1U);
  h.advance(milliseconds(1001));
  h.poll();
  EXPECT_EQ(probes(client).size(), 1U) << "the second try";
  EXPECT_NEAR(static_cast<double>(inner_mtu(client)), 1280 - overhead(), 10);
  EXPECT_GT(h.dropped(DropReason::kInnerTooBig), 0U);
}

TEST_P(PathProbes, ABlackHoleIsNoticedWhileDataFlows) {
  Client client = attach();
  h.poll();
  ASSERT_EQ(probes(client).size(), 1U);
  answer(client, stamp);
  ASSERT_EQ(shown(), kLink);
  std::size_t tried = 0;
  for (int i = 0; i < 45 && shown() == kLink; ++i) {
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
    h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")));
    h.advance(milliseconds(100));
    h.poll();
    tried += probes(client).size();
    h.reports();
    h.delivered();
  }
  EXPECT_EQ(shown(), 1280U);
  EXPECT_GE(tried, 3U);
  EXPECT_NEAR(static_cast<double>(inner_mtu(client)), 1280 - overhead(), 10);
}

TEST_P(PathProbes, ANewBindingStartsAtTheBase) {
  Client client = attach();
  h.poll();
  ASSERT_EQ(probes(client).size(), 1U);
  answer(client, stamp);
  ASSERT_EQ(shown(), kLink);
  const bus::EpochKeys next = h.make_keys(2, 0, Suite::kAes256Gcm);
  const ConnectionId cid = h.make_cid(client.ref);
  ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next, cid}));
  ASSERT_TRUE(h.command(client.ref, bus::Commit{.epoch = 2,
                                                .path = Harness::path_to(client),
                                                .client_cid = client.client_cid,
                                                .jump_ids = client.jump_ids}));
  EXPECT_EQ(shown(), 1280U);
  client.keys = next;
  client.gateway_cid = cid;
  client.counter = 0;
  h.poll();
  EXPECT_EQ(probes(client), (std::vector<std::size_t>{kLink}));
}

TEST_P(PathProbes, SwitchedOffThePortsMtuCounts) {
  h.shared->inner.probe_path_mtu = false;
  Client client = attach();
  h.poll();
  EXPECT_TRUE(probes(client).empty());
  EXPECT_EQ(shown(), kLink);
  EXPECT_NEAR(static_cast<double>(inner_mtu(client)), kLink - overhead(), 10);
}

}  // namespace
}  // namespace jumpgate::test
