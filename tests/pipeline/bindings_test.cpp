// What a new binding begins with, and what it has no more of the former one (spec/jump.md, spec/heartbeat.md).
#include "proposal.hpp"
#include "session/liveness.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;

class Binding : public testing::Test {
 protected:
  void jump() { client = jumped(h, client); }
  void pass(Duration time) {
    for (Duration passed; passed < time; passed = passed + milliseconds(100)) {
      h.advance(milliseconds(100));
      h.poll();
    }
    h.sent(kOuterPort);  // heartbeats
  }
  /// The client's heartbeat, the echo of one that the gateway sent so long ago.
  void echo_after(Duration round_trip) {
    h.advance(round_trip);
    h.put(client, client.heartbeat({.next_interval_ms = 500,
                                    .send_time_us = 2,
                                    .echo_time_us = session::wire_time_us(h.now) -
                                                    static_cast<std::uint32_t>(round_trip.us()),
                                    .received_highest = wire::kNothingReceived}));
    h.poll();
    h.sent(kOuterPort);
  }
  /// An authentic message of 64 bytes from elsewhere, and what is told of it.
  std::vector<Taken> stray_from(std::string_view from) {
    Client stray = client;
    stray.address = endpoint(from);
    ByteVector plaintext(wire::kHeartbeatSize);
    plaintext[4] = 2;
    h.put(stray, stray.seal(wire::Type::kHeartbeat, plaintext));
    h.poll();
    client.counter = stray.counter;
    return h.reports(ReportKind::kNewPath);
  }
  [[nodiscard]] std::uint32_t srtt_us() const { return (*h.session_counters[0])[4].srtt_us.get(); }

  Harness h;
  Client client{h.attached(4, 0)};
};

TEST_F(Binding, ItsSilenceIsToldThoughTheFormersWas) {
  pass(seconds(3));
  ASSERT_EQ(h.reports(ReportKind::kSilence).size(), 1U);
  jump();
  pass(milliseconds(1'900));
  EXPECT_TRUE(h.reports(ReportKind::kSilence).empty()) << "it counts from the commit";
  pass(seconds(1));
  const auto silence = h.reports(ReportKind::kSilence);
  ASSERT_EQ(silence.size(), 1U);
  EXPECT_EQ(silence[0].report.cid, client.gateway_cid);
}

TEST_F(Binding, ItsFirstRoundTripTakesThePlaceOfTheFormers) {
  echo_after(milliseconds(100));
  ASSERT_EQ(srtt_us(), 100'000U);
  jump();
  EXPECT_EQ(srtt_us(), 100'000U) << "kept for the drain";
  echo_after(milliseconds(10));
  EXPECT_EQ(srtt_us(), 10'000U);
  echo_after(milliseconds(90));
  EXPECT_EQ(srtt_us(), 20'000U) << "smoothed from there on";
}

TEST_F(Binding, TheFormersDrainIsTwiceItsRoundTripAndItsJitter) {
  echo_after(milliseconds(400));  // and 200 of jitter
  Client former = client;
  jump();
  h.advance(milliseconds(990));
  h.poll();  // a drain that were over ends after the round's packets
  h.advance(milliseconds(9));
  h.put(former, former.data(to_server()));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
  h.advance(milliseconds(5));
  h.poll();
  EXPECT_EQ(h.reports(ReportKind::kEpochReleased).size(), 1U);
}

TEST_F(Binding, HeartbeatsOfADrainingEpochSayNothingOfIt) {
  Client former = client;
  jump();
  h.advance(milliseconds(20));
  h.put(former, former.heartbeat({.reply_wanted = true,
                                  .next_interval_ms = 500,
                                  .send_time_us = 2,
                                  .echo_time_us = session::wire_time_us(h.now) - 10'000,
                                  .received_highest = wire::kNothingReceived}));
  h.poll();
  EXPECT_EQ(h.count(bus::WorkerCounter::kHeartbeatsIn), 1U);
  EXPECT_EQ(srtt_us(), 0U);
  EXPECT_TRUE(h.opened(client).empty()) << "nor are they answered";
}

TEST_F(Binding, PacketsOfADrainingEpochAreNotHeardOnIt) {
  echo_after(milliseconds(1'400));  // so that the drain outlasts the silence
  Client former = client;
  jump();
  h.reports();
  for (int i = 0; i < 22; ++i) {
    h.advance(milliseconds(100));
    h.put(former, former.data(to_server()));
    h.poll();
  }
  EXPECT_EQ(h.delivered().size(), 22U);
  EXPECT_EQ(h.reports(ReportKind::kSilence).size(), 1U);
}

TEST_F(Binding, AnAddressBesideItIsToldAtOnceThoughOneBesideTheFormerJustWas) {
  ASSERT_EQ(stray_from("198.51.100.7:40001").size(), 1U);
  jump();
  EXPECT_EQ(stray_from("198.51.100.7:40002").size(), 1U);
}

TEST_F(Binding, BytesToldBesideTheFormerBuyNothingBesideIt) {
  ASSERT_EQ(stray_from("198.51.100.7:40001").size(), 1U);
  h.advance(milliseconds(101));
  ASSERT_EQ(stray_from("198.51.100.7:40001").size(), 1U);
  jump();
  ASSERT_EQ(stray_from("198.51.100.7:40001").size(), 1U);
  h.advance(milliseconds(101));
  EXPECT_EQ(stray_from("198.51.100.7:40001").size(), 1U) << "not enough is told yet";
}

TEST_F(Binding, JumpIdsOfTheFormerLeadHereAndOlderOnesNowhere) {
  const Client first = client;
  const auto reattach = [&] {
    h.put(client, client.sealed_control(wire::Type::kReattach, first.jump_ids[1], 1, h.random));
    h.poll();
    return h.reports(ReportKind::kControl).size();
  };
  jump();
  EXPECT_EQ(reattach(), 1U);
  jump();
  EXPECT_EQ(reattach(), 0U);
  EXPECT_EQ(h.dropped(DropReason::kCidUnknown), 1U);
}

TEST_F(Binding, TheControlKeyOutlivesTheFormersDrain) {
  jump();
  pass(seconds(1));
  ASSERT_EQ(h.reports(ReportKind::kEpochReleased).size(), 1U);
  h.put(client, client.sealed_control(wire::Type::kReattach, client.jump_ids[0], 1, h.random));
  h.poll();
  EXPECT_EQ(h.reports(ReportKind::kControl).size(), 1U) << "it may jump again";
}

TEST_F(Binding, ItsNextHopIsTheOneThatIsResolved) {
  jump();
  h.neighbours->clear_mac(kRouterNeighbour);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  const auto unresolved = h.reports(ReportKind::kResolve);
  ASSERT_EQ(unresolved.size(), 1U);
  EXPECT_EQ(unresolved[0].report.address, client.address.address);
}

}  // namespace
}  // namespace jumpgate::test
