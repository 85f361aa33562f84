// Two workers polled by turns: packets reach the owner from either queue.
#include "harness.hpp"

namespace jumpgate::test {
namespace {

using bus::WorkerCounter;

TEST(HandOff, OuterPacketsReachTheOwner) {
  Harness h(2);
  Client client = h.attached(3, 0, Suite::kAes256Gcm, false, 1);
  for (int i = 0; i < 10; ++i)
    h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")), 0);
  h.put(client, client.sealed_control(wire::Type::kReattach, client.jump_ids[2], 1, h.random), 0);
  h.poll(0);
  EXPECT_EQ(h.count(WorkerCounter::kHandedOff, 0), 11U);
  EXPECT_TRUE(h.delivered().empty());
  h.poll(1);
  EXPECT_EQ(h.count(WorkerCounter::kTakenOver, 1), 11U);
  EXPECT_EQ(h.delivered().size(), 10U);
  EXPECT_EQ(h.reports(bus::ReportKind::kControl, 1).size(), 1U);
}

TEST(HandOff, InnerPacketsReachTheOwner) {
  Harness h(2);
  const Client client = h.attached(3, 0, Suite::kAes256Gcm, true, 1);
  for (int i = 0; i < 10; ++i)
    h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.2", 10, 64)), 0);
  h.poll(0);
  h.poll(1);
  const auto out = h.opened(client);
  ASSERT_EQ(out.size(), 10U);
  EXPECT_EQ(out[0].plaintext, inner_packet("10.0.0.9", "10.8.0.2", 10, 63)) << "one hop, not two";
}

TEST(HandOff, HairpinBetweenWorkers) {
  Harness h(2);
  Client one = h.attached(0, 0, Suite::kAes256Gcm, false, 0);
  const Client two = h.attached(0, 1, Suite::kAes256Gcm, false, 1);
  h.put(one, one.data(inner_packet("10.8.0.2", "10.8.0.3")), 1);
  h.poll(1);
  h.poll(0);
  h.poll(1);
  EXPECT_EQ(h.opened(two).size(), 1U);
}

TEST(HandOff, ToAWorkerThatThereIsNotIsRefused) {
  Harness h(2);
  Client client = h.attached(3, 0);
  client.gateway_cid = h.make_cid({.worker = 2, .slot = 3, .life = 1});
  h.peers->set(1, {.worker = 2, .slot = 3, .life = 1});
  h.put(client, client.data(to_server()));
  h.put(kInnerPort, frame_of(kInnerMac, inner_packet("10.0.0.9", "10.8.0.3")));
  h.poll(0);
  EXPECT_EQ(h.dropped(DropReason::kCidInvalid), 1U);
  EXPECT_EQ(h.dropped(DropReason::kPeerNotAttached), 1U);
  EXPECT_EQ(h.count(WorkerCounter::kHandedOff), 0U);
}

TEST(HandOff, AFullRingIsCounted) {
  Harness h(2);
  Client client = h.attached(3, 0, Suite::kAes256Gcm, false, 1);
  for (int i = 0; i < 150; ++i)
    h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")), 0);
  h.poll(0);
  EXPECT_GT(h.dropped(DropReason::kHandoffQueueFull, 0), 0U);
  EXPECT_EQ(h.dropped(DropReason::kHandoffQueueFull, 0) + h.count(WorkerCounter::kHandedOff, 0),
            150U);
  h.poll(1);
  EXPECT_EQ(h.delivered().size(), h.count(WorkerCounter::kHandedOff, 0));
}

TEST(HandOff, AFullRingHasRoomForHeartbeatsAndControlMessages) {
  Harness h(2);
  Client client = h.attached(3, 0, Suite::kAes256Gcm, false, 1);
  for (int i = 0; i < 150; ++i)
    h.put(client, client.data(inner_packet("10.8.0.2", "10.0.0.9")), 0);
  for (int i = 0; i < 8; ++i)
    h.put(client, client.heartbeat(), 0);
  h.put(client, client.sealed_control(wire::Type::kReattach, client.jump_ids[2], 1, h.random), 0);
  h.poll(0);
  EXPECT_GT(h.dropped(DropReason::kHandoffQueueFull, 0), 0U);
  h.poll(1);
  EXPECT_EQ(h.count(WorkerCounter::kHeartbeatsIn, 1), 8U);
  EXPECT_EQ(h.reports(bus::ReportKind::kControl, 1).size(), 1U);
}

}  // namespace
}  // namespace jumpgate::test
