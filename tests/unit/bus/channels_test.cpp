// The channels between the planes: their bounds are exact, keys do not stay in them, and nothing
// that waits in them is lost when they end.
#include <algorithm>
#include <array>

#include <gtest/gtest.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "bus/command_channel.hpp"
#include "bus/frame_channel.hpp"
#include "bus/peer_slots.hpp"
#include "bus/report_channel.hpp"
#include "bus/ring.hpp"
#include "bus/session_counters.hpp"
#include "bus/zone.hpp"

namespace jumpgate::bus {
namespace {

class Packets : public testing::Test {
 protected:
  void SetUp() override {
    pool = rte_pktmbuf_pool_create("bus_pool", 63, 0, 0, 256, 0);
    ASSERT_NE(pool, nullptr);
  }
  void TearDown() override { rte_mempool_free(pool); }
  rte_mempool* pool{nullptr};
};

TEST(Ring, HoldsItsDepthAndNotOneMore) {
  for (const std::size_t depth : {1U, 2U, 63U, 64U, 65U}) {
    auto ring = Ring<std::uint32_t>::create("ring", depth, -1);
    ASSERT_TRUE(ring) << ring.error();
    for (std::uint32_t i = 0; i < depth; ++i)
      EXPECT_TRUE(ring->push(i));
    EXPECT_FALSE(ring->push(99)) << depth;
    for (std::uint32_t i = 0, value = 0; i < depth; ++i) {
      ASSERT_TRUE(ring->pop(value));
      EXPECT_EQ(value, i);
    }
    std::uint32_t nothing = 0;
    EXPECT_FALSE(ring->pop(nothing));
  }
}

TEST(Ring, ANameTakenTwiceIsAnErrorInWords) {
  auto one = Ring<std::uint32_t>::create("same", 4, -1);
  ASSERT_TRUE(one);
  const auto two = Ring<std::uint32_t>::create("same", 4, -1);
  ASSERT_FALSE(two);
  EXPECT_NE(two.error().find("same"), std::string::npos);
}

TEST(Zone, TooMuchIsAnErrorInWords) {
  const auto zone = Zone::create("vast", std::size_t{1} << 40, -1, false);
  ASSERT_FALSE(zone);
  EXPECT_NE(zone.error().find("vast"), std::string::npos);
}

TEST(CommandChannel, HoldingOneIsTheCreditForBothWays) {
  auto made = CommandChannel::create(0, 4, -1);
  ASSERT_TRUE(made) << made.error();
  CommandChannel& channel = **made;
  std::array<Command*, 4> held{};
  for (Command*& command : held)
    ASSERT_NE(command = channel.obtain(), nullptr);
  EXPECT_EQ(channel.obtain(), nullptr) << "the pool is the bound";
  for (Command* command : held)
    channel.send(command);
  for (Command* sent : held) {
    Command* received = channel.receive();
    ASSERT_EQ(received, sent) << "in order";
    channel.acknowledge(received);
  }
  EXPECT_EQ(channel.receive(), nullptr);
  for (Command* sent : held) {
    ASSERT_EQ(channel.poll_ack(), sent);
    channel.release(sent);
  }
  EXPECT_EQ(channel.available(), 4U);
}

TEST(CommandChannel, KeysGoWithTheAcknowledgement) {
  auto made = CommandChannel::create(0, 1, -1);
  ASSERT_TRUE(made);
  Command* command = (*made)->obtain();
  InstallSession body;
  body.epoch.receive.key.fill(0x77);
  body.epoch.send.key.fill(0x77);
  body.control.key.fill(0x77);
  command->body = body;
  (*made)->send(command);
  (*made)->acknowledge((*made)->receive());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&command->body);
  EXPECT_EQ(std::count(bytes, bytes + sizeof(command->body), 0x77), 0);
  ASSERT_EQ((*made)->poll_ack(), command);
  // The same for one that was never sent.
  command->body = body;
  (*made)->release(command);
  EXPECT_EQ(std::count(bytes, bytes + sizeof(command->body), 0x77), 0);
}

TEST_F(Packets, WhatNobodyTookIsFreed) {
  {
    auto frames = FrameChannel::create(0, 8, -1);
    auto reports = ReportChannel::create(0, 8, -1);
    ASSERT_TRUE(frames && reports);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE((*frames)->push(rte_pktmbuf_alloc(pool)));
      Report report;
      report.mbuf = i == 1 ? nullptr : rte_pktmbuf_alloc(pool);
      ASSERT_TRUE((*reports)->push(report));
    }
    EXPECT_EQ(rte_mempool_in_use_count(pool), 5U);
  }
  EXPECT_EQ(rte_mempool_in_use_count(pool), 0U);
}

TEST(PeerSlots, NamesAnySessionThatCanExist) {
  auto made = PeerSlots::create(3, -1);
  ASSERT_TRUE(made);
  PeerSlots& peers = **made;
  EXPECT_FALSE(peers.get(0));
  const SessionRef smallest{};
  const SessionRef largest{.worker = limits::kMaxWorkers - 1,
                           .slot = limits::kMaxSlotsPerWorker - 1,
                           .life = UINT32_MAX};
  peers.set(0, smallest);
  peers.set(2, largest);
  EXPECT_EQ(peers.get(0), smallest) << "the first session is not nobody";
  EXPECT_EQ(peers.get(2), largest);
  EXPECT_FALSE(peers.get(1));
  peers.clear(0);
  EXPECT_FALSE(peers.get(0));
  peers.set(3, smallest);
  EXPECT_FALSE(peers.get(3)) << "beyond the bound nothing is kept";
}

TEST(SessionCounters, StartAtNothing) {
  auto made = SessionCounterTable::create(0, 5, -1);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->size(), 5U);
  (**made)[4].rx_packets.add(3);
  (**made)[4].rx_packets.add(4);
  EXPECT_EQ((**made)[4].rx_packets.get(), 7U);
  EXPECT_EQ((**made)[3].rx_packets.get(), 0U);
}

}  // namespace
}  // namespace jumpgate::bus
