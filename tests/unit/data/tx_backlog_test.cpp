// The backlog of a port for itself: nothing is lost or doubled, its bounds, jumbo frames.
#include "data/tx_backlog.hpp"

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::data {
namespace {

constexpr std::uint8_t kControlLane = TxBacklog::kControlLane;

class Backlog : public ::testing::Test {
 protected:
  ~Backlog() override {
    std::uint8_t lane = 0;
    while (backlog.pop(lane) != nullptr) {
    }
  }
  rte_mbuf* frame(std::uint32_t size = 100) {
    frames.push_back(std::make_unique<rte_mbuf>());
    frames.back()->pkt_len = size;
    return frames.back().get();
  }
  rte_mbuf* pop() {
    std::uint8_t lane = 0;
    return backlog.pop(lane);
  }

  std::vector<std::unique_ptr<rte_mbuf>> frames;
  TxBacklog backlog;
};

TEST_F(Backlog, TheLongestLosesItsOldest) {
  std::vector<rte_mbuf*> greedy;
  for (std::size_t i = 0; i < TxBacklog::kData; ++i) {
    greedy.push_back(frame());
    EXPECT_EQ(backlog.push(greedy.back(), 1), nullptr);
  }
  rte_mbuf* more = frame();
  EXPECT_EQ(backlog.push(more, 1), more) << "its own newest, where it is the longest itself";
  EXPECT_EQ(backlog.push(frame(), 2), greedy[0]);
  EXPECT_EQ(backlog.push(frame(), 3), greedy[1]);
}

TEST_F(Backlog, ControlHasRoomOfItsOwnAndGoesFirst) {
  for (std::size_t i = 0; i < TxBacklog::kData; ++i)
    ASSERT_EQ(backlog.push(frame(), 1), nullptr);
  std::vector<rte_mbuf*> control;
  for (std::size_t i = 0; i < TxBacklog::kControl; ++i) {
    control.push_back(frame());
    ASSERT_EQ(backlog.push(control.back(), kControlLane), nullptr);
  }
  rte_mbuf* beyond = frame();
  EXPECT_EQ(backlog.push(beyond, kControlLane), beyond);
  for (rte_mbuf* each : control)
    EXPECT_EQ(pop(), each);
}

TEST_F(Backlog, AFrameLargerThanATurnLeavesToo) {
  rte_mbuf* jumbo = frame(9000);
  ASSERT_EQ(backlog.push(jumbo, 1), nullptr);
  EXPECT_EQ(pop(), jumbo);
  EXPECT_TRUE(backlog.empty());
}

TEST_F(Backlog, WhateverIsDoneEachFrameLeavesOnceAndInTheOrderOfItsLane) {
  std::mt19937 random(1);
  std::map<std::uint8_t, std::deque<rte_mbuf*>> model;
  const auto forget = [&](rte_mbuf* gone) {
    for (auto& [lane, queue] : model)
      if (!queue.empty() && queue.front() == gone) return queue.pop_front();
    for (auto& [lane, queue] : model)
      if (!queue.empty() && queue.back() == gone) return queue.pop_back();
    ADD_FAILURE() << "neither the oldest nor the newest of its lane";
  };
  for (int step = 0; step < 20'000; ++step) {
    // More comes than leaves, then less.
    const bool filling = step % 2000 < 1000;
    for (std::size_t n = random() % (filling ? 12 : 3); n > 0; --n) {
      const auto lane = static_cast<std::uint8_t>(random() % 8 == 0 ? kControlLane : random() % 5);
      rte_mbuf* one = frame(60 + static_cast<std::uint32_t>(random() % 1440));
      model[lane].push_back(one);
      if (rte_mbuf* lost = backlog.push(one, lane)) forget(lost);
    }
    std::array<std::pair<rte_mbuf*, std::uint8_t>, 8> taken{};
    std::size_t count = 0;
    while (count < taken.size() && !backlog.empty()) {
      std::uint8_t lane = 0;
      rte_mbuf* one = backlog.pop(lane);
      ASSERT_EQ(model[lane].front(), one);
      model[lane].pop_front();
      taken[count++] = {one, lane};
    }
    for (std::size_t back = count == 0 ? 0 : random() % (count + 1); back > 0; --back) {
      const auto [one, lane] = taken[--count];
      backlog.give_back(one, lane);
      model[lane].push_front(one);
    }
  }
  std::size_t waiting = 0;
  for (const auto& [lane, queue] : model)
    waiting += queue.size();
  while (pop() != nullptr)
    --waiting;
  EXPECT_EQ(waiting, 0U);
}

}  // namespace
}  // namespace jumpgate::data
