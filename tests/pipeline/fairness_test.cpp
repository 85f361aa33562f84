// A port that is short: who gets what of it, and what goes first (spec/rates.md "A port that is short").
#include <map>

#include "harness.hpp"
#include "net/frames.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::test {
namespace {

constexpr std::size_t kOuterHeaders = net::kEthernetSize + net::kIpv4Size + net::kUdpSize;

class Fairness : public testing::Test {
 protected:
  /// What left by the outer port, by the client's id.
  struct Left {
    std::vector<std::uint64_t> counters;  // of DATA
    std::size_t bytes{0};                 // of DATA
    std::size_t heartbeats{0};
  };

  void offer(const char* to, std::size_t count, std::size_t payload = 32) {
    for (std::size_t i = 0; i < count; ++i)
      h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", to, payload)));
  }
  /// One round, while the port has room for `places` frames.
  void round(std::size_t places) {
    h.outer.room = places;
    h.workers[0]->poll_once(h.now);
    collect();
  }
  void collect() {
    for (const ByteVector& frame : h.sent(kOuterPort)) {
      const auto prefix = wire::parse_prefix(std::span(frame).subspan(kOuterHeaders));
      ASSERT_TRUE(prefix);
      Left& client = left[prefix->cid.value];
      if (prefix->type == wire::Type::kHeartbeat) {
        ++client.heartbeats;
        ++heartbeats;
      } else {
        client.counters.push_back(prefix->counter);
        client.bytes += frame.size();
      }
    }
  }
  Left& of(const Client& client) { return left[client.client_cid.value]; }
  [[nodiscard]] std::uint64_t lost() const { return h.dropped(DropReason::kTxQueueFull); }

  Harness h;
  Client one{h.attached(0, 0)};
  Client two{h.attached(1, 1)};
  Client three{h.attached(2, 2)};
  std::map<std::uint64_t, Left> left;
  std::size_t heartbeats{0};
};

TEST_F(Fairness, WhatAsksForLessThanItsShareLosesNothingTenToOne) {
  for (int i = 0; i < 200; ++i) {
    offer("10.8.0.2", 29);
    offer("10.8.0.3", 3);
    round(8);
  }
  EXPECT_GE(of(two).counters.size() + 4, 600U) << "at most those of the last rounds wait";
  EXPECT_GE(of(one).counters.size(), 200 * (8 - 3) - 4U) << "the rest is the greedy one's";
  round(SIZE_MAX);
  EXPECT_EQ(of(two).counters.size(), 600U) << "none was lost";
  EXPECT_EQ(of(one).counters.size() + lost(), 200 * 29U)
      << "all that was lost was the greedy one's";
}

TEST_F(Fairness, ThoseWhoAskForMoreGetTheSame) {
  for (int i = 0; i < 300; ++i) {
    offer("10.8.0.2", 20);
    offer("10.8.0.3", 8);
    offer("10.8.0.4", 4);
    round(6);
  }
  for (const Client* client : {&one, &two, &three})
    EXPECT_NEAR(static_cast<double>(of(*client).counters.size()), 600, 30);
}

TEST_F(Fairness, TheSameMeansBytes) {
  for (int i = 0; i < 300; ++i) {
    offer("10.8.0.2", 16, 1000);
    offer("10.8.0.3", 16, 100);
    round(6);
  }
  const auto bytes = [&](const Client& client) { return static_cast<double>(of(client).bytes); };
  EXPECT_NEAR(bytes(one) / bytes(two), 1.0, 0.05);
}

TEST_F(Fairness, HeartbeatsAllLeaveAndGoFirst) {
  // The first of each left when its session was attached.
  const auto made = [&] { return h.count(bus::WorkerCounter::kHeartbeatsOut) - 3; };
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t before = made();
    h.advance(milliseconds(10));
    offer("10.8.0.2", 16);
    offer("10.8.0.3", 8);
    offer("10.8.0.4", 8);
    round(4);
    EXPECT_GE(heartbeats, before) << "those of a round leave with the next at the latest";
  }
  round(4);
  EXPECT_EQ(heartbeats, made());
  EXPECT_GE(heartbeats, 3 * 5U);
  EXPECT_GT(lost(), 0U);
}

TEST_F(Fairness, WhatTheControllerSendsGoesFirst) {
  offer("10.8.0.2", 32);
  round(0);
  rte_mbuf* frame = h.mbuf_of(frame_of(kRouterMac, inner_packet("192.0.2.1", "198.51.100.7")));
  frame->port = kOuterPort;
  ASSERT_TRUE(h.frames[0]->push(frame));
  h.outer.room = 1;
  h.workers[0]->poll_once(h.now);
  const auto sent = h.sent(kOuterPort);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].size(), net::kEthernetSize + 60);
}

TEST_F(Fairness, AShortShortageCostsNothingAndKeepsTheOrder) {
  for (std::size_t i = 0; i < 5; ++i) {
    offer("10.8.0.2", 16);
    offer("10.8.0.3", 16);
    round(i % 3);
  }
  round(7);
  round(SIZE_MAX);
  EXPECT_EQ(lost(), 0U);
  for (const Client* client : {&one, &two}) {
    EXPECT_EQ(of(*client).counters.size(), 80U);
    EXPECT_TRUE(std::ranges::is_sorted(of(*client).counters));
  }
}

TEST_F(Fairness, TheInnerPortIsSharedAsWell) {
  std::map<std::uint8_t, std::size_t> delivered;  // by the last byte of the source
  for (int i = 0; i < 100; ++i) {
    for (int n = 0; n < 29; ++n)
      h.put(one, one.data(inner_packet("10.8.0.2", "10.0.0.9")));
    for (int n = 0; n < 3; ++n)
      h.put(two, two.data(inner_packet("10.8.0.3", "10.0.0.9")));
    h.inner.room = i < 99 ? 8 : SIZE_MAX;
    h.workers[0]->poll_once(h.now);
    for (const ByteVector& packet : h.delivered())
      ++delivered[packet[15]];
  }
  EXPECT_EQ(delivered[3], 300U);
  EXPECT_EQ(delivered[2] + lost(), 100 * 29U);
}

TEST_F(Fairness, WhatWaitsForALinkThatGoesDownIsDropped) {
  offer("10.8.0.2", 32);
  round(0);
  h.outer.up = false;
  round(SIZE_MAX);
  EXPECT_EQ(h.dropped(DropReason::kLinkDown), 32U);
  h.outer.up = true;
  offer("10.8.0.2", 1);
  round(SIZE_MAX);
  EXPECT_EQ(of(one).counters.size(), 1U);
}

}  // namespace
}  // namespace jumpgate::test
