// Heartbeats, silence, new paths and limits, with time passed in.
#include "harness.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;

TEST(Heartbeat, QuickThenIdle) {
  Harness h;
  const Client client = h.attached(0, 0);
  std::size_t quick = 0;
  for (int i = 0; i < 100; ++i) {
    h.advance(milliseconds(100));
    h.poll();
    quick += h.opened(client).size();
  }
  // Traffic's memory of 3 s, then a few announcements of the idle pace.
  EXPECT_GE(quick, 6U);
  EXPECT_LE(quick, 11U);
  h.advance(seconds(10));
  h.poll();
  EXPECT_TRUE(h.opened(client).empty()) << "idle: 25 s";
  h.advance(seconds(20));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 1U);
}

TEST(Heartbeat, DataOfEitherWayQuickensIt) {
  for (const bool out : {false, true}) {
    SCOPED_TRACE(out);
    Harness h;
    Client client = h.attached(0, 0);
    for (int i = 0; i < 100; ++i) {
      h.advance(milliseconds(100));
      h.poll();
    }
    h.sent(kOuterPort);
    if (out)
      h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
    else
      h.put(client, client.data(to_server()));
    h.poll();
    h.advance(milliseconds(10));
    h.poll();
    const auto left = h.opened(client);
    ASSERT_FALSE(left.empty());
    EXPECT_EQ(left.back().prefix.type, wire::Type::kHeartbeat) << "at once";
  }
}

TEST(Heartbeat, SaysWhatWasReceivedAndAnswersAtMostTenASecond) {
  Harness h;
  Client client = h.attached(0, 0);
  h.put(client, client.data(to_server()));
  client.counter += 4;  // lost
  h.put(client, client.heartbeat(true));
  h.put(client, client.heartbeat(true));
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 1U);
  const auto heartbeat = wire::decode_heartbeat(out[0].plaintext);
  ASSERT_TRUE(heartbeat);
  EXPECT_EQ(heartbeat->received_highest, 6U);
  EXPECT_EQ(heartbeat->received_count, 3U);
  EXPECT_EQ(heartbeat->echo_time_us, 1'000U);
  h.advance(milliseconds(101));
  h.put(client, client.heartbeat(true));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 1U);
}

TEST(Heartbeat, WishesOfAClientAreIgnoredAndNoIntervalIsNone) {
  Harness h;
  Client client = h.attached(0, 0);
  ByteVector plain(wire::kHeartbeatSize);
  plain[0] = 3;  // reattach_wanted, rekey_wanted; next_interval_ms stays 0
  plain[4] = 1;
  h.put(client, client.seal(wire::Type::kHeartbeat, plain));
  h.poll();
  EXPECT_EQ(h.count(bus::WorkerCounter::kHeartbeatsIn), 1U);
  EXPECT_EQ(h.all_drops(), 0U);
}

TEST(Silence, IsReportedOnceAndTakenBack) {
  Harness h;
  Client client = h.attached(0, 0);
  h.put(client, client.heartbeat());
  h.poll();
  for (int i = 0; i < 19; ++i) {
    h.advance(milliseconds(100));
    h.poll();
  }
  EXPECT_TRUE(h.reports(ReportKind::kSilence).empty());
  for (int i = 0; i < 10; ++i) {
    h.advance(milliseconds(100));
    h.poll();
  }
  const auto silence = h.reports(ReportKind::kSilence);
  ASSERT_EQ(silence.size(), 1U);
  EXPECT_GE(silence[0].report.value, 2'000'000'000U);
  EXPECT_LE(silence[0].report.value, 2'110'000'000U);
  EXPECT_EQ(silence[0].report.cid, client.gateway_cid) << "names the binding it speaks of";
  ByteVector replayed = client.seal_at(wire::Type::kData, to_server(), 0);
  h.put(client, replayed);
  h.poll();
  EXPECT_TRUE(h.reports(ReportKind::kAlive).empty()) << "a replay is not heard";
  h.put(client, client.heartbeat());
  h.poll();
  EXPECT_EQ(h.reports(ReportKind::kAlive).size(), 1U);
}

TEST(Silence, IsOwedWhileTheRingIsFull) {
  Harness h;
  h.attached(0, 0);
  bus::Report filler;
  while (h.report_channels[0]->push(filler)) {
  }
  for (int i = 0; i < 30; ++i) {
    h.advance(milliseconds(100));
    h.poll();
  }
  h.reports();
  h.advance(milliseconds(11));
  h.poll();
  EXPECT_EQ(h.reports(ReportKind::kSilence).size(), 1U);
  h.advance(milliseconds(11));
  h.poll();
  EXPECT_TRUE(h.reports(ReportKind::kSilence).empty());
}

TEST(Silence, IsTheLastWordWhenAnAliveIsStillOwed) {
  Harness h;
  Client client = h.attached(0, 0);
  for (int i = 0; i < 30; ++i) {
    h.advance(milliseconds(100));
    h.poll();
  }
  ASSERT_EQ(h.reports(ReportKind::kSilence).size(), 1U);
  bus::Report filler;
  while (h.report_channels[0]->push(filler)) {
  }
  h.put(client, client.heartbeat());
  h.poll();
  for (int i = 0; i < 30; ++i) {
    h.advance(milliseconds(100));
    h.poll();
  }
  h.reports();
  h.advance(milliseconds(11));
  h.poll();
  const auto paid = h.reports();
  ASSERT_FALSE(paid.empty());
  EXPECT_EQ(paid.back().report.kind, ReportKind::kSilence);
}

TEST(NewPath, IsToldAndEgressStays) {
  Harness h;
  Client client = h.attached(0, 0);
  const ByteVector late = client.data(to_server());
  Client moved = client;
  moved.address = endpoint("198.51.100.7:40001");
  h.put(moved, moved.data(to_server()));
  h.put(moved, late);  // not above the highest
  h.put(moved, moved.data(to_server()));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  const auto paths = h.reports(ReportKind::kNewPath);
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_EQ(paths[0].report.from, moved.address);
  EXPECT_EQ(paths[0].report.session, client.ref);
  EXPECT_EQ(paths[0].report.cid, client.gateway_cid);
  for (const Opened& message : h.opened(client))
    EXPECT_EQ(message.to, client.address);
  h.advance(milliseconds(1'001));
  h.put(moved, moved.data(to_server()));
  h.poll();
  EXPECT_EQ(h.reports(ReportKind::kNewPath).size(), 1U) << "said again: the report may be lost";
}

TEST(NewPath, BytesOfAllItsPacketsCount) {
  Harness h;
  Client moved = h.attached(0, 0);
  moved.address = endpoint("198.51.100.7:40001");
  const auto told = [&] {
    std::uint64_t bytes = 0;
    for (const auto& path : h.reports(ReportKind::kNewPath))
      bytes += path.report.value;
    return bytes;
  };
  // Two of 64 bytes pay for a challenge that neither pays for alone.
  const auto heartbeat = [&] {
    ByteVector plain(wire::kHeartbeatSize);
    plain[4] = 2;
    h.put(moved, moved.seal(wire::Type::kHeartbeat, plain));
  };
  heartbeat();
  heartbeat();
  h.poll();
  EXPECT_EQ(told(), 64U);
  h.advance(milliseconds(101));
  heartbeat();
  h.poll();
  EXPECT_EQ(told(), 128U) << "those that were not told at once are told with the next";
  h.advance(milliseconds(101));
  heartbeat();
  h.poll();
  EXPECT_EQ(told(), 0U) << "enough is told: once a second from here on";
  h.advance(seconds(1));
  heartbeat();
  h.poll();
  EXPECT_EQ(told(), 128U);
}

TEST(NewPath, AHeartbeatAsTheClientPadsItIsEnough) {
  Harness h;
  Client moved = h.attached(0, 0);
  moved.address = endpoint("198.51.100.7:40001");
  const auto told = [&] {
    ByteVector plain(2 * wire::kHeartbeatSize);
    plain[4] = 2;
    h.put(moved, moved.seal(wire::Type::kHeartbeat, plain));
    h.poll();
    return h.reports(ReportKind::kNewPath).size();
  };
  EXPECT_EQ(told(), 1U);
  h.advance(milliseconds(101));
  EXPECT_EQ(told(), 0U);
}

TEST(NewPath, NotForReplaysNorForgeries) {
  Harness h;
  Client client = h.attached(0, 0);
  const ByteVector message = client.data(to_server());
  h.put(client, message);
  h.poll();
  Client thief = client;
  thief.address = endpoint("203.0.113.1:1");
  h.put(thief, message);
  ByteVector forged = client.seal_at(wire::Type::kData, to_server(), 77);
  forged.back() ^= 1;
  h.put(thief, forged);
  h.poll();
  EXPECT_TRUE(h.reports(ReportKind::kNewPath).empty());
}

TEST(NewPath, NotForWhatIsNotAboveTheHighest) {
  Harness h;
  Client client = h.attached(0, 0);
  const ByteVector late = client.data(to_server());
  h.put(client, client.data(to_server()));
  h.poll();
  Client moved = client;
  moved.address = endpoint("198.51.100.7:40001");
  h.put(moved, late);
  h.poll();
  EXPECT_TRUE(h.reports(ReportKind::kNewPath).empty())
      << "a packet held back on the old path is no news of a new one";
}

TEST(Close, IsReported) {
  Harness h;
  Client client = h.attached(0, 0);
  ByteVector plaintext(wire::kCloseSize);
  wire::encode_close({.reason = Reason::kPeerClosed},
                     std::span<std::uint8_t, wire::kCloseSize>(plaintext.data(), wire::kCloseSize));
  h.put(client, client.seal(wire::Type::kClose, plaintext));
  h.poll();
  const auto closed = h.reports(ReportKind::kPeerClosed);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].report.value, static_cast<std::uint64_t>(Reason::kPeerClosed));
}

TEST(Liveness, WishesStandInTheNextHeartbeat) {
  Harness h;
  const Client client = h.attached(0, 0);
  ASSERT_TRUE(h.command(
      client.ref,
      bus::SetLiveness{
          .policy = h.policy, .quick = true, .reattach_wanted = true, .rekey_wanted = true}));
  h.advance(milliseconds(501));
  h.poll();
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 1U);
  const auto heartbeat = wire::decode_heartbeat(out[0].plaintext);
  ASSERT_TRUE(heartbeat);
  EXPECT_TRUE(heartbeat->reattach_wanted);
  EXPECT_TRUE(heartbeat->rekey_wanted);
}

TEST(Liveness, ANewPolicysIntervalsAreInForceAtOnce) {
  Harness h;
  const Client client = h.attached(0, 0);
  bus::LivenessPolicy policy = h.policy;
  policy.interval = milliseconds(200);
  policy.idle_interval = seconds(5);
  ASSERT_TRUE(h.command(client.ref, bus::SetLiveness{.policy = policy}));
  h.advance(milliseconds(210));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 1U);
  for (int i = 0; i < 50; ++i) {
    h.advance(milliseconds(100));
    h.poll();
  }
  h.opened(client);
  h.advance(seconds(3));
  h.poll();
  EXPECT_TRUE(h.opened(client).empty()) << "idle: it is not quick for ever";
  h.advance(seconds(2));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 1U);
}

}  // namespace
}  // namespace jumpgate::test
