// A superseded session: its DATA is taken for a while, nothing else of it, and nothing is sent.
#include "proposal.hpp"

namespace jumpgate::test {
namespace {

using bus::ReportKind;

class Drain : public ::testing::Test {
 protected:
  Drain() {
    EXPECT_TRUE(h.command(client.ref, bus::DrainSession{}));
    h.sent(kOuterPort);
    h.reports();
  }

  Harness h;
  Client client = h.attached(4, 0);
};

TEST_F(Drain, DataIsTaken) {
  for (std::size_t i = 0; i < 5; ++i)
    h.put(client, client.data(to_server(i)));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 5U);
  const ByteVector twice = client.data(to_server());
  h.put(client, twice);
  h.put(client, twice);
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
  EXPECT_EQ(h.dropped(DropReason::kReplayDuplicate), 1U);
}

TEST_F(Drain, NothingElseIsTaken) {
  h.put(client, client.data(to_server()));
  h.put(client, client.heartbeat(true));
  h.put(client, client.data(to_server()));
  h.put(client, client.seal(wire::Type::kClose, ByteVector(wire::kCloseSize)));
  h.put(client, client.sealed_control(wire::Type::kReattach, client.jump_ids[0], 1, h.random));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 2U) << "whatever stands between them in a burst";
  EXPECT_EQ(h.dropped(DropReason::kSessionStateForbids), 3U);
  EXPECT_TRUE(h.reports().empty());
}

TEST_F(Drain, NothingIsSent) {
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2")));
  h.poll();
  EXPECT_EQ(h.dropped(DropReason::kPeerNotAttached), 1U);
  h.reports();
  for (int i = 0; i < 40; ++i) {
    h.advance(milliseconds(100));
    h.poll();
  }
  EXPECT_TRUE(h.sent(kOuterPort).empty()) << "no heartbeat";
  EXPECT_TRUE(h.reports().empty()) << "and no silence";
}

TEST_F(Drain, NothingFollowsFromWhatComes) {
  client.address = endpoint("198.51.100.7:40001");
  h.advance(seconds(10));
  h.put(client, client.data(to_server()));
  h.poll();
  EXPECT_EQ(h.delivered().size(), 1U);
  EXPECT_TRUE(h.reports().empty()) << "no new path, no end of a silence";
}

TEST_F(Drain, TakesNoNewEpochAndNoBinding) {
  const Client next = proposed(h, client, 2);
  EXPECT_FALSE(h.command(client.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  EXPECT_FALSE(h.command(client.ref, bus::Attach{Harness::path_to(client)}));
  EXPECT_FALSE(h.command(client.ref, bus::DrainSession{}));
}

TEST_F(Drain, ItsEndWipesTheSession) {
  ASSERT_TRUE(h.command(client.ref, bus::RemoveSession{.reason = Reason::kSuperseded}));
  h.put(client, client.data(to_server()));
  h.poll();
  EXPECT_TRUE(h.delivered().empty());
  EXPECT_EQ(h.dropped(DropReason::kCidUnknown), 1U);
}

TEST(DrainInAJump, TheFormerEpochDrainsForItsOwnTimeAndAProposalIsOver) {
  Harness h;
  Client former = h.attached(4, 0);
  Client current = jumped(h, former);
  Client next = proposed(h, current, 3);
  ASSERT_TRUE(h.command(current.ref, bus::ProposeEpoch{next.keys, next.gateway_cid}));
  h.put(next, next.data(to_server()));
  h.poll();
  ASSERT_EQ(h.count(bus::WorkerCounter::kHeld), 1U);
  ASSERT_TRUE(h.command(current.ref, bus::DrainSession{}));
  EXPECT_EQ(h.dropped(DropReason::kEpochUnknown), 1U) << "what was held for it";
  const auto through = [&](Client& client) {
    h.put(client, client.data(to_server()));
    h.poll();
    return h.delivered().size();
  };
  EXPECT_EQ(through(former), 1U);
  EXPECT_EQ(through(current), 1U);
  EXPECT_EQ(through(next), 0U);
  h.advance(seconds(2));
  h.poll();
  EXPECT_EQ(through(former), 0U);
  EXPECT_EQ(through(current), 1U);
}

}  // namespace
}  // namespace jumpgate::test
