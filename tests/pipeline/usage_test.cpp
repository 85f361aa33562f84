// What keys are used up by: what is counted, where it ends, and that each limit is told once (spec/keys.md "Limits").
#include "harness.hpp"

namespace jumpgate::test {
namespace {

class Usage : public testing::Test {
 protected:
  static constexpr std::uint64_t kRekey = 0, kHard = 1, kFailures = 2;  // as kKeyUsage says them
  static constexpr std::size_t kHeaders = 28;

  void attach() { client = h.attached(0, 0); }
  /// The limits are out of a test's reach: the epoch is put before them by hand.
  data::Epoch& epoch() {
    return const_cast<data::Shard&>(h.workers[0]->shard()).sessions.current(0);
  }
  /// How many packets of so many bytes in all pass.
  std::size_t in(std::size_t bytes = 64) {
    h.put(client, client.data(to_server(bytes - kHeaders)));
    h.poll();
    return h.delivered().size();
  }
  std::size_t out(std::size_t bytes = 64) {
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", bytes - kHeaders)));
    h.poll();
    return h.opened(client).size();
  }
  std::vector<std::uint64_t> told() {
    std::vector<std::uint64_t> limits;
    for (const Taken& taken : h.reports(bus::ReportKind::kKeyUsage)) {
      EXPECT_EQ(taken.report.epoch, client.keys.epoch);
      limits.push_back(taken.report.value);
    }
    return limits;
  }
  using Limits = std::vector<std::uint64_t>;

  Harness h;
  Client client;
};

TEST_F(Usage, RekeyLimitIsToldOnce) {
  h.policy.rekey_packets = 10;
  attach();
  for (int i = 0; i < 9; ++i)
    in();
  EXPECT_EQ(told(), Limits{});
  in();
  EXPECT_EQ(told(), Limits{kRekey});
  for (int i = 0; i < 20; ++i)
    in();
  EXPECT_EQ(told(), Limits{});
}

TEST_F(Usage, OfWhatIsSentIsToldWithoutAnAnswer) {
  h.policy.rekey_packets = 10;
  attach();  // and its heartbeat
  for (int i = 0; i < 8; ++i)
    out();
  EXPECT_EQ(told(), Limits{});
  out();
  EXPECT_EQ(told(), Limits{kRekey});
}

TEST_F(Usage, BlocksCountBegunOnesTooAndOneForAnEmptyMessage) {
  h.policy.rekey_blocks = 100;
  attach();
  in(50 * 16 - 15);
  in(49 * 16);
  EXPECT_EQ(told(), Limits{});
  h.put(client, client.data({}));
  in();
  EXPECT_EQ(told(), Limits{kRekey});
}

TEST_F(Usage, BlocksOfEachKeyCountForItself) {
  h.policy.rekey_blocks = 100;
  attach();  // and its heartbeat: two blocks
  in(90 * 16);
  out(90 * 16);
  EXPECT_EQ(told(), Limits{});
  out(8 * 16);
  EXPECT_EQ(told(), Limits{kRekey});
}

TEST_F(Usage, OfTheLastSessionInABurstIsToldAsWell) {
  h.policy.rekey_packets = 2;
  attach();
  h.attached(1, 1);
  for (const char* to : {"10.8.0.2", "10.8.0.3"})
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", to)));
  h.poll();
  EXPECT_EQ(told(), (Limits{kRekey, kRekey}));
}

TEST_F(Usage, APolicysLowerLimitCountsAtOnce) {
  attach();
  in();
  bus::LivenessPolicy lower = h.policy;
  lower.rekey_packets = 2;
  ASSERT_TRUE(h.command(client.ref, bus::SetLiveness{.policy = lower}));
  in();
  EXPECT_EQ(told(), Limits{kRekey});
}

TEST_F(Usage, WhatTheFullRingDidNotTakeIsToldWithTheNextPacket) {
  h.policy.rekey_packets = 1;
  attach();
  h.reports();
  epoch().rekey_reported = false;
  epoch().notice_packets = 0;
  for (bus::Report filler; h.report_channels[0]->push(filler);) {
  }
  in();
  h.reports();
  in();
  EXPECT_EQ(told(), Limits{kRekey});
}

TEST_F(Usage, AKeyThatHasReceivedAllItMayIsToldOfAndOpensNothing) {
  attach();
  epoch().received_blocks = limits::kRekeyAfterBlocks;
  EXPECT_EQ(in(), 1U);
  EXPECT_EQ(told(), Limits{kRekey});
  epoch().received_blocks = limits::kHardLimitBlocks - 1;
  EXPECT_EQ(in(), 1U);
  EXPECT_EQ(told(), Limits{kHard});
  EXPECT_EQ(in(), 0U);
  EXPECT_EQ(h.dropped(DropReason::kKeyLimitReached), 1U);
  EXPECT_EQ(out(), 1U) << "the other way has a key of its own";
  EXPECT_EQ(told(), Limits{}) << "once";
}

TEST_F(Usage, AKeyThatHasSentAllItMayIsToldOfAndSealsNothing) {
  for (const bool packets : {true, false}) {
    SCOPED_TRACE(packets ? "packets" : "blocks");
    client = packets ? h.attached(0, 0) : h.attached(1, 1);
    data::Epoch& used =
        const_cast<data::Shard&>(h.workers[0]->shard()).sessions.current(client.ref.slot);
    (packets ? used.send_counter : used.sent_blocks) =
        (packets ? limits::kHardLimitPackets : limits::kHardLimitBlocks) - 1;
    const char* to = packets ? "10.8.0.2" : "10.8.0.3";
    for (int i = 0; i < 3; ++i)
      h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", to)));
    h.poll();
    EXPECT_EQ(h.sent(kOuterPort).size(), 1U);
    EXPECT_EQ(told(), (Limits{kRekey, kHard}));
  }
  EXPECT_EQ(h.dropped(DropReason::kKeyLimitReached), 4U);
}

TEST_F(Usage, FailedOpensAreCountedAndToldOfAndEndNothing) {
  attach();
  epoch().failed_opens = limits::kMaxFailedOpens - 1;
  ByteVector forged = client.seal_at(wire::Type::kData, to_server(), 77);
  forged.back() ^= 1;
  EXPECT_EQ(in(), 1U);
  EXPECT_EQ(told(), Limits{});
  h.put(client, forged);
  EXPECT_EQ(in(), 1U);
  EXPECT_EQ(told(), Limits{kFailures});
  EXPECT_EQ(in(), 1U);
  EXPECT_EQ(told(), Limits{});
}

}  // namespace
}  // namespace jumpgate::test
