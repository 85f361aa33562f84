// The way of a session's packets, told stage by stage; and nothing where nobody looks.
#include <map>

#include "bus/trace_channel.hpp"
#include "harness.hpp"
#include "net/filter_image.hpp"
#include "net/frames.hpp"
#include "net/parts.hpp"

namespace jumpgate::test {
namespace {

using bus::TraceEnd;
using bus::TraceStage;

std::uint8_t stages(std::initializer_list<TraceStage> passed) {
  unsigned bits = 0;
  for (const TraceStage stage : passed)
    bits |= 1U << static_cast<unsigned>(stage);
  return static_cast<std::uint8_t>(bits);
}

class Trace : public testing::Test {
 protected:
  void look_at(const Client& client, std::uint32_t packets, Duration time = seconds(10)) {
    ASSERT_TRUE(h.traces[0]->request(
        {.session = client.ref, .serial = ++serial, .packets = packets, .until = h.now + time}));
  }
  std::vector<bus::TracedPacket> records() {
    std::vector<bus::TracedPacket> all;
    for (bus::TracedPacket record; h.traces[0]->take(record);)
      all.push_back(record);
    return all;
  }

  Harness h;
  Client one{h.attached(0, 0)};
  Client two{h.attached(1, 1)};
  std::uint32_t serial{0};
};

TEST_F(Trace, OutOfTheTunnel) {
  look_at(one, 10);
  h.put(one, one.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.put(two, two.data(inner_packet("10.8.0.3", "10.0.0.9")));
  h.poll();
  const auto all = records();
  ASSERT_EQ(all.size(), 1U) << "of that session alone";
  const bus::TracedPacket& packet = all[0];
  EXPECT_EQ(packet.serial, serial);
  EXPECT_EQ(packet.number, 1U);
  EXPECT_EQ(packet.at, h.now);
  EXPECT_FALSE(packet.out);
  EXPECT_EQ(packet.type, wire::Type::kData);
  EXPECT_EQ(packet.outer_from, one.address);
  EXPECT_EQ(packet.outer_to, one.gateway);
  EXPECT_EQ(packet.outer_length, 60 + wire::kTrafficOverhead);
  EXPECT_EQ(packet.counter, 0U);
  EXPECT_EQ(packet.inner_from, endpoint("10.8.0.2:7"));
  EXPECT_EQ(packet.inner_to, endpoint("10.0.0.9:7"));
  EXPECT_EQ(packet.inner_length, 60U);
  EXPECT_EQ(packet.protocol, net::kProtocolUdp);
  EXPECT_EQ(packet.stages,
            stages({TraceStage::kReceived, TraceStage::kOpened, TraceStage::kForwarded}));
  EXPECT_EQ(packet.end, TraceEnd::kSent);
  EXPECT_EQ(packet.port, kInnerPort);
}

TEST_F(Trace, APacketInTwoPartsIsFollowedInTheOneThatCameLast) {
  ByteVector packet = inner_packet("fd00:8::2", "fd00:a::9", 1232);
  ByteVector tail(net::kMaxTail);
  tail.resize(net::split_in_parts(packet, 1200, tail));
  packet.resize(1200);
  for (const bool tail_first : {false, true}) {
    look_at(one, 10);
    const ByteVector head_message = one.data(packet);
    const ByteVector tail_message = one.data(tail);
    h.put(one, tail_first ? tail_message : head_message);
    h.put(one, tail_first ? head_message : tail_message);
    h.poll();
    const auto all = records();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].end, TraceEnd::kHeld);
    EXPECT_EQ(all[1].end, TraceEnd::kSent);
    EXPECT_EQ(all[1].inner_from, endpoint("[fd00:8::2]:7"));
    EXPECT_EQ(all[1].inner_length, 1280U);
    EXPECT_EQ(all[1].stages,
              stages({TraceStage::kReceived, TraceStage::kOpened, TraceStage::kForwarded}));
  }
}

TEST_F(Trace, IntoTheTunnel) {
  look_at(one, 10);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("fd00:a::9", "fd00:8::2")));
  h.poll();
  const auto all = records();
  ASSERT_EQ(all.size(), 1U);
  const bus::TracedPacket& packet = all[0];
  EXPECT_TRUE(packet.out);
  EXPECT_EQ(packet.inner_from, endpoint("[fd00:a::9]:7"));
  EXPECT_EQ(packet.inner_to, endpoint("[fd00:8::2]:7"));
  EXPECT_EQ(packet.outer_to, one.address);
  EXPECT_EQ(packet.outer_length, 80 + wire::kTrafficOverhead);
  EXPECT_EQ(packet.counter, h.opened(one)[0].prefix.counter);
  EXPECT_EQ(packet.stages, stages({TraceStage::kForwarded, TraceStage::kSealed}));
  EXPECT_EQ(packet.end, TraceEnd::kSent);
  EXPECT_EQ(packet.port, kOuterPort);
}

TEST_F(Trace, ADropHasItsReasonAndHowFarItCame) {
  look_at(one, 10);
  const ByteVector good = one.data(inner_packet("10.8.0.2", "10.0.0.9"));
  ByteVector forged = one.data(inner_packet("10.8.0.2", "10.0.0.9"));
  forged.back() ^= 1;
  h.put(one, good);
  h.put(one, good);
  h.put(one, forged);
  h.put(one, one.data(inner_packet("10.8.0.2", "203.0.113.50")));
  h.poll();
  std::map<DropReason, std::uint8_t> dropped;
  for (const bus::TracedPacket& packet : records())
    if (packet.end == TraceEnd::kDropped) dropped[packet.reason] = packet.stages;
  const std::uint8_t received = stages({TraceStage::kReceived});
  const std::uint8_t opened = stages({TraceStage::kReceived, TraceStage::kOpened});
  EXPECT_EQ(dropped, (std::map<DropReason, std::uint8_t>{{DropReason::kReplayDuplicate, received},
                                                         {DropReason::kAuthFailed, received},
                                                         {DropReason::kInnerNoRoute, opened}}));
  h.reports();
}

TEST_F(Trace, WhatAFilterDeniesIsShownBothWays) {
  const net::FilterSet none{.name = "none", .otherwise = net::FilterAction::kDeny};
  auto image = net::FilterImage::build({&none, 1}, {0});
  ASSERT_TRUE(image);
  const net::Published<net::FilterImage> filters(h.quiescence, std::move(*image));
  h.shared->inner.filters = &filters;
  look_at(one, 10);
  h.put(one, one.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  h.shared->inner.filters = nullptr;
  const auto all = records();
  ASSERT_EQ(all.size(), 2U);
  for (const bus::TracedPacket& packet : all) {
    EXPECT_EQ(packet.end, TraceEnd::kDropped);
    EXPECT_EQ(packet.reason, DropReason::kFilterDenied);
    EXPECT_EQ(packet.inner_to, endpoint(packet.out ? "10.8.0.2:7" : "10.0.0.9:7"));
  }
  EXPECT_NE(all[0].out, all[1].out);
  h.reports();
}

TEST_F(Trace, HeartbeatsAndControlMessages) {
  look_at(one, 10);
  h.put(one, one.heartbeat(true));
  h.put(one, one.sealed_control(wire::Type::kReattach, one.jump_ids[0], 7, h.random));
  h.poll();
  std::map<std::pair<wire::Type, bool>, TraceEnd> ends;
  for (const bus::TracedPacket& packet : records())
    ends[{packet.type, packet.out}] = packet.end;
  EXPECT_EQ(ends, (std::map<std::pair<wire::Type, bool>, TraceEnd>{
                      {{wire::Type::kHeartbeat, false}, TraceEnd::kTaken},
                      {{wire::Type::kHeartbeat, true}, TraceEnd::kSent},
                      {{wire::Type::kReattach, false}, TraceEnd::kToController}}));
  h.reports();
}

TEST_F(Trace, EndsAfterSoManyPackets) {
  look_at(one, 5);
  for (int i = 0; i < 40; ++i)
    h.put(one, one.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.poll();
  const auto all = records();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all.back().number, 5U);
  EXPECT_FALSE(h.workers[0]->shard().tracer.on());
}

TEST_F(Trace, EndsAtItsTimeAndWithItsSession) {
  look_at(one, 5, seconds(1));
  h.poll();
  EXPECT_TRUE(h.workers[0]->shard().tracer.on());
  h.advance(seconds(1));
  h.poll();
  EXPECT_FALSE(h.workers[0]->shard().tracer.on());
  look_at(one, 5);
  h.poll();
  ASSERT_TRUE(h.command(one.ref, bus::RemoveSession{.reason = Reason::kNone, .send_close = false}));
  h.install(0, 0, Suite::kAes256Gcm, false, 0, 2);
  h.poll();
  EXPECT_FALSE(h.workers[0]->shard().tracer.on()) << "the slot lives another life";
}

TEST_F(Trace, ANewRequestTakesThePlaceOfTheFormer) {
  look_at(one, 5);
  h.put(one, one.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.poll();
  look_at(two, 5);
  h.put(one, one.data(inner_packet("10.8.0.2", "10.0.0.9")));
  h.put(two, two.data(inner_packet("10.8.0.3", "10.0.0.9")));
  h.poll();
  const auto all = records();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].serial, 2U);
}

TEST_F(Trace, AReaderThatIsGoneCostsNothing) {
  for (int turn = 0; turn < 3; ++turn) {
    ASSERT_TRUE(h.traces[0]->request({.session = one.ref,
                                      .serial = 1,
                                      .packets = bus::TraceChannel::kMaxPackets,
                                      .until = h.now + seconds(10)}));
    for (int i = 0; i < 600; ++i) {
      h.put(one, one.data(inner_packet("10.8.0.2", "10.0.0.9")));
      if (i % 32 == 31) h.poll();
    }
    h.poll();
  }
  EXPECT_EQ(h.delivered().size(), 1800U);
}

}  // namespace
}  // namespace jumpgate::test
