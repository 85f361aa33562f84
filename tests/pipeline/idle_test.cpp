// A worker without work sleeps, and nobody waits for it beyond the bounds of data/idle.hpp. Time is a number here: a
// round takes a microsecond, a sleep what was asked for.
#include <atomic>
#include <functional>

#include "harness.hpp"

namespace jumpgate::test {
namespace {

constexpr Duration kRound = microseconds(1);

struct IdleWorker : testing::Test {
  static data::WorkerLimits sleepy() {
    data::WorkerLimits limits = Harness::small();
    limits.idle_sleep = data::kMaxIdleSleep;
    return limits;
  }
  /// Runs the worker until `until`; `meanwhile` is called before each round.
  void run(MonoNs until, const std::function<void()>& meanwhile = [] {}) {
    std::atomic<bool> stop{false};
    h.workers[0]->run(
        stop,
        [&] {
          h.advance(kRound);
          meanwhile();
          stop = h.now >= until;
          return h.now;
        },
        [&](Duration wait) {
          sleeps.push_back(wait);
          h.advance(wait);
        });
  }
  void run_for(Duration time) { run(h.now + time); }

  Harness h{1, sleepy()};
  std::vector<Duration> sleeps;
};

TEST_F(IdleWorker, SleepsLongerAndLongerUpToTheBound) {
  Client client = h.attached(0, 0);
  h.put(client, client.data(to_server()));
  run_for(milliseconds(10));
  ASSERT_FALSE(sleeps.empty());
  EXPECT_EQ(sleeps.front(), data::kMinIdleSleep) << "the first after 80 us without work";
  EXPECT_TRUE(std::ranges::is_sorted(sleeps));
  EXPECT_EQ(sleeps.back(), data::kMaxIdleSleep);
  EXPECT_EQ(h.count(bus::WorkerCounter::kSleeps), sleeps.size());
}

TEST_F(IdleWorker, APacketACommandAndAFrameOfTheControllerEndIt) {
  Client client = h.attached(0, 0);
  const std::vector<std::function<void()>> works{
      [&] { h.put(client, client.data(to_server())); },
      [&] {
        bus::Command* command = h.commands[0]->obtain();
        ASSERT_NE(command, nullptr);
        command->session = client.ref;
        command->body = bus::Attach{Harness::path_to(client)};
        h.commands[0]->send(command);
      },
      [&] {
        rte_mbuf* frame = h.mbuf_of(frame_of(kRouterMac, to_server()));
        frame->port = kOuterPort;
        ASSERT_TRUE(h.frames[0]->push(frame));
      }};
  for (const auto& work : works) {
    run_for(milliseconds(10));
    ASSERT_EQ(sleeps.back(), data::kMaxIdleSleep);
    work();
    sleeps.clear();
    run_for(microseconds(79));
    EXPECT_TRUE(sleeps.empty()) << "it spins again";
    run_for(microseconds(10));
    ASSERT_FALSE(sleeps.empty());
    EXPECT_LT(sleeps.front(), microseconds(12)) << "and begins anew";
  }
}

TEST_F(IdleWorker, TrafficWithoutLongGapsNeverFindsItAsleep) {
  Client client = h.attached(0, 0);
  run_for(microseconds(1));
  h.put(client, client.data(to_server()));
  sleeps.clear();
  MonoNs next = h.now;
  run(h.now + milliseconds(20), [&] {
    if (h.now < next) return;
    next = h.now + microseconds(79);
    h.put(client, client.data(to_server()));
    (void)h.delivered();
  });
  EXPECT_TRUE(sleeps.empty());
  EXPECT_GT(h.count(bus::WorkerCounter::kOpened), 200U);
}

TEST_F(IdleWorker, HeartbeatsKeepTheirTime) {
  const Client client = h.attached(0, 0);
  run_for(milliseconds(100));
  (void)h.opened(client);
  std::vector<MonoNs> sent;
  // Traffic's memory lasts 3 s: until then each 500 ms.
  run(h.now + seconds(2), [&] {
    for (std::size_t i = h.opened(client).size(); i > 0; --i)
      sent.push_back(h.now);
  });
  ASSERT_GE(sent.size(), 3U);
  EXPECT_FALSE(sleeps.empty());
  for (std::size_t i = 1; i < sent.size(); ++i) {
    EXPECT_GE(sent[i] - sent[i - 1], milliseconds(498)) << i;
    // A tick of the timers, a sleep, and the round.
    EXPECT_LE(sent[i] - sent[i - 1], milliseconds(501) + data::kMaxIdleSleep + kRound) << i;
  }
}

TEST_F(IdleWorker, WhatAPortDidNotTakeKeepsItAwake) {
  Client client = h.attached(0, 0);
  run_for(milliseconds(10));
  h.inner.accepts = 0;
  for (int i = 0; i < 4; ++i)
    h.put(client, client.data(to_server()));
  sleeps.clear();
  run_for(milliseconds(10));
  EXPECT_TRUE(sleeps.empty());
  h.inner.accepts = 32;
  run_for(milliseconds(10));
  EXPECT_EQ(h.delivered().size(), 4U);
  EXPECT_FALSE(sleeps.empty());
}

TEST(Idle, AWorkerThatIsToSpinNeverSleeps) {
  data::Idle idle{Duration{}};
  EXPECT_EQ(idle.after_round({1}, true), Duration{});
  for (std::uint64_t second = 1; second < 100; ++second)
    EXPECT_EQ(idle.after_round({second * 1'000'000'000}, false), Duration{});
}

}  // namespace
}  // namespace jumpgate::test
