// Propose, hold, commit, drain; rekey; replay windows.
#include <algorithm>

#include "proposal.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;
using bus::WorkerCounter;

TEST(Jump, IsConfirmedBehindAnotherSessionInTheBurst) {
  Harness h;
  Client other = h.attached(3, 1);
  const Client client = h.attached(4, 0);
  Client next = proposed(h, client, 2);
  ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  h.put(other, other.data(inner_packet("10.8.0.3", "10.0.0.9")));
  h.put(next, next.data(to_server()));
  h.poll();
  const auto confirmed = h.reports(ReportKind::kEpochConfirmed);
  ASSERT_EQ(confirmed.size(), 1U);
  EXPECT_EQ(confirmed[0].report.session, client.ref);
}

TEST(Jump, HeldUntilTheCommitThenInOrder) {
  Harness h;
  Client client = h.attached(4, 0);
  Client next = proposed(h, client, 2);
  ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  for (std::size_t i = 0; i < 40; ++i)
    h.put(next, next.data(to_server(i)));
  h.put(client, client.data(to_server(500)));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U) << "the current epoch goes on";
  EXPECT_EQ(h.count(WorkerCounter::kHeld), 40U);
  const auto confirmed = h.reports(ReportKind::kEpochConfirmed);
  ASSERT_EQ(confirmed.size(), 1U) << "once, whatever the batch";
  EXPECT_EQ(confirmed[0].report.value, 2U);

  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 1U) << "egress stays until the commit";

  ASSERT_TRUE(h.command(client.ref, commit_of(next)));
  const auto released = h.delivered();
  ASSERT_EQ(released.size(), 40U);
  for (std::size_t i = 0; i < released.size(); ++i)
    EXPECT_EQ(released[i].size(), 28 + i);
  const auto out = h.opened(next);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].prefix.type, wire::Type::kHeartbeat);
  EXPECT_EQ(out[0].to, next.address);

  h.put(next, next.data(to_server()));
  h.put(client, client.data(to_server()));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 2U) << "the old epoch drains";
  EXPECT_EQ(h.opened(next).size(), 1U);
  EXPECT_TRUE(h.reports(ReportKind::kNewPath).empty()) << "a draining epoch triggers no check";
}

TEST(Jump, DrainEndsAndIsReported) {
  Harness h;
  Client client = h.attached(4, 0);
  const Client next = proposed(h, client, 2);
  ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  ASSERT_TRUE(h.command(client.ref, commit_of(next)));
  h.opened(next);
  h.advance(milliseconds(390));  // of 2 x the initial 200 ms
  h.poll();
  h.opened(next);
  h.advance(milliseconds(9));
  h.put(client, client.data(to_server()));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
  h.advance(milliseconds(5));
  h.poll();
  const auto released = h.reports(ReportKind::kEpochReleased);
  ASSERT_EQ(released.size(), 1U);
  EXPECT_EQ(released[0].report.value, 1U);
  h.put(client, client.data(to_server()));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kCidUnknown), 1U);
  EXPECT_TRUE(h.reports(ReportKind::kUnknownCid).empty()) << "the session lives: no reset";
}

TEST(Jump, CancelDropsWhatIsHeld) {
  Harness h;
  const Client client = h.attached(4, 0);
  Client next = proposed(h, client, 2);
  ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  h.put(next, next.data(to_server()));
  h.poll();
  EXPECT_FALSE(h.command(client.ref, bus::CancelEpoch{9}));
  EXPECT_TRUE(h.command(client.ref, bus::CancelEpoch{2}));
  EXPECT_EQ(h.dropped(DropReason::kEpochUnknown), 1U);
  EXPECT_FALSE(h.command(client.ref, commit_of(next)));
  h.put(next, next.data(to_server()));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kCidUnknown), 1U);
}

TEST(Jump, HeldPacketsAreBounded) {
  Harness h;
  const Client client = h.attached(4, 0);
  Client next = proposed(h, client, 2);
  ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  for (int i = 0; i < 70; ++i)
    h.put(next, next.data(to_server()));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kHeldQueueFull), 6U);
  ASSERT_TRUE(h.command(client.ref, commit_of(next)));
  EXPECT_EQ(h.delivered().size(), 64U);
}

TEST(Jump, AThirdEpochCutsTheDrain) {
  Harness h;
  Client client = h.attached(4, 0);
  for (std::uint64_t epoch = 2; epoch < 6; ++epoch) {
    const Client next = proposed(h, client, epoch);
    ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
    ASSERT_TRUE(h.command(client.ref, commit_of(next)));
    h.opened(next);
    client = next;
  }
  EXPECT_EQ(h.count(WorkerCounter::kDrainsCut), 3U);
  EXPECT_EQ(h.reports(ReportKind::kEpochReleased).size(), 3U);
}

TEST(Jump, RefusedCommandsChangeNothing) {
  Harness h;
  Client client = h.attached(4, 0);
  const Client next = proposed(h, client, 2);
  EXPECT_FALSE(h.command(client.ref, commit_of(next))) << "nothing was proposed";
  Client clash = proposed(h, client, 5);  // the phase of epoch 1
  EXPECT_FALSE(h.command(client.ref, bus::ProposeEpoch{clash.keys, clash.gateway_cid}));
  Client former = proposed(h, client, 0);
  EXPECT_FALSE(h.command(client.ref, bus::ProposeEpoch{former.keys, former.gateway_cid}));
  Client foreign = next;
  foreign.keys.suite = Suite::kNone;
  EXPECT_FALSE(h.command(client.ref, bus::ProposeEpoch{foreign.keys, foreign.gateway_cid}));
  EXPECT_FALSE(h.command(client.ref, bus::Attach{Harness::path_to(next)})) << "it has a binding";
  bus::SessionRef other = client.ref;
  other.life = 7;
  EXPECT_FALSE(h.command(other, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  other = client.ref;
  other.slot = 1'000'000;
  EXPECT_FALSE(h.command(other, bus::RemoveSession{}));
  // With a proposal, over paths that no datagram can go.
  ASSERT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  bus::Commit commit = commit_of(next);
  commit.path.port = 2;
  EXPECT_FALSE(h.command(client.ref, commit));
  commit = commit_of(next);
  commit.path.local = endpoint("[2001:db8::1]:51820");
  EXPECT_FALSE(h.command(client.ref, commit));
  commit.path.local = commit.path.remote = {};
  EXPECT_FALSE(h.command(client.ref, commit));
  commit = commit_of(next);
  commit.epoch = 3;
  EXPECT_FALSE(h.command(client.ref, commit)) << "of another proposal";
  h.put(client, client.data(to_server()));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
  EXPECT_EQ(h.opened(client).size(), 1U);
}

TEST(Rekey, NextGenerationIsReceivedAtOnceAndSentAfterTheConfirmation) {
  Harness h;
  Client client = h.attached(4, 0);
  Client renewed = client;
  renewed.generation = 1;
  renewed.keys = h.make_keys(2, 1, Suite::kAes256Gcm);
  renewed.counter = 0;
  h.random.fill(renewed.control);
  ASSERT_TRUE(h.command(client.ref, bus::InstallGeneration{{1, renewed.control}, renewed.keys}));
  h.put(renewed, renewed.data(to_server()));
  h.put(renewed, renewed.data(to_server()));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 2U) << "the same binding: nothing is held";
  EXPECT_EQ(h.reports(ReportKind::kEpochConfirmed).size(), 1U);
  h.put(renewed,
        renewed.sealed_control(wire::Type::kControlClose, client.gateway_cid, 9, h.random));
  h.put(client, client.sealed_control(wire::Type::kRekey, client.gateway_cid, 8, h.random));
  h.poll();
  const auto control = h.reports(ReportKind::kControl);
  ASSERT_EQ(control.size(), 2U);
  EXPECT_EQ(control[0].report.generation, 1U);
  EXPECT_EQ(control[1].report.generation, 0U);
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_EQ(h.opened(client).size(), 1U);
  ASSERT_TRUE(h.command(client.ref, bus::ConfirmGeneration{2}));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_EQ(h.opened(renewed).size(), 2U) << "a heartbeat and the packet";

  h.advance(milliseconds(500));
  h.poll();
  EXPECT_EQ(h.reports(ReportKind::kEpochReleased).size(), 1U);
  auto& shard = const_cast<data::Shard&>(h.workers[0]->shard());
  const auto* record = reinterpret_cast<const std::uint8_t*>(&shard.sessions.record(4));
  const std::span<const std::uint8_t> kept(record, sizeof(data::SlotRecord));
  EXPECT_TRUE(std::ranges::search(kept, client.control).empty()) << "it is wiped";
  EXPECT_FALSE(std::ranges::search(kept, renewed.control).empty());
  h.put(client, client.sealed_control(wire::Type::kRekey, client.gateway_cid, 8, h.random));
  h.put(client, client.data(to_server()));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kEpochUnknown), 2U) << "the old control key went with its epoch";
}

TEST(Rekey, CancelledByAJump) {
  Harness h;
  Client client = h.attached(4, 0);
  const bus::EpochKeys keys = h.make_keys(2, 1, Suite::kAes256Gcm);
  ASSERT_TRUE(h.command(client.ref, bus::InstallGeneration{{1, {}}, keys}));
  const Client next = proposed(h, client, 3);
  EXPECT_FALSE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}))
      << "at most one change is pending";
  EXPECT_TRUE(h.command(client.ref, bus::CancelGeneration{1}));
  EXPECT_TRUE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  EXPECT_FALSE(
      h.command(client.ref, bus::InstallGeneration{{1, {}}, h.make_keys(4, 1, keys.suite)}))
      << "the other way round neither";
}

TEST(Rekey, CommandsOfAnotherGenerationAreRefused) {
  Harness h;
  const Client client = h.attached(4, 0);
  const bus::EpochKeys keys = h.make_keys(2, 1, Suite::kAes256Gcm);
  EXPECT_FALSE(h.command(client.ref, bus::InstallGeneration{{2, {}}, keys}));
  ASSERT_TRUE(h.command(client.ref, bus::InstallGeneration{{1, {}}, keys}));
  EXPECT_FALSE(h.command(client.ref, bus::ConfirmGeneration{3}));
  EXPECT_FALSE(h.command(client.ref, bus::CancelGeneration{2}));
  EXPECT_TRUE(h.command(client.ref, bus::ConfirmGeneration{2}));
}

TEST(Windows, SpareOnesRunOutEachSlotsOwnNever) {
  data::WorkerLimits limits = Harness::small();
  limits.slots = 2;
  limits.extra_windows = 1;
  Harness h(1, limits);
  const Client one = h.attached(0, 0);
  const Client next = proposed(h, one, 2);
  ASSERT_TRUE(h.command(one.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  ASSERT_TRUE(h.command(one.ref, commit_of(next)));
  const Client third = proposed(h, one, 3);
  EXPECT_TRUE(h.command(one.ref, bus::ProposeEpoch{third.keys, third.gateway_cid}))
      << "its own draining epoch gives its window";
  EXPECT_EQ(h.count(WorkerCounter::kDrainsCut), 1U);
  // One session has all the spare windows: another one still finds its own.
  (void)h.sent(kOuterPort);  // the new binding's first heartbeat
  const Client two = h.attached(1, 1);
  const Client other = proposed(h, two, 2);
  EXPECT_FALSE(h.command(two.ref, bus::ProposeEpoch{other.keys, other.gateway_cid}))
      << "none is spare, and nothing drains";
  ASSERT_TRUE(h.command(one.ref, bus::CancelEpoch{3}));
  EXPECT_FALSE(h.command(two.ref, bus::ProposeEpoch{other.keys, other.gateway_cid}))
      << "what was free again is the first slot's own";
  ASSERT_TRUE(h.command(one.ref, bus::RemoveSession{}));
  EXPECT_TRUE(h.command(two.ref, bus::ProposeEpoch{other.keys, other.gateway_cid}));
}

}  // namespace
}  // namespace jumpgate::test
