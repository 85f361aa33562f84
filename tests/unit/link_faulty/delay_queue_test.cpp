#include "link_faulty/delay_queue.hpp"

#include <array>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::link_faulty {
namespace {

using Frame = std::vector<std::byte>;
using Out = std::array<std::span<const std::byte>, 8>;

constexpr MonoNs at_ms(std::int64_t ms) {
  return MonoNs{} + milliseconds(ms);
}

TEST(DelayQueue, LeavesInOrderOfTimeThenArrival) {
  DelayQueue queue(4, 16);
  ASSERT_TRUE(queue.push(at_ms(5), Frame(1, std::byte{1})));
  ASSERT_TRUE(queue.push(at_ms(3), Frame(2, std::byte{2})));
  ASSERT_TRUE(queue.push(at_ms(5), Frame(3, std::byte{3})));
  EXPECT_EQ(queue.next_due(), at_ms(3));

  Out out;
  ASSERT_EQ(queue.take_due(at_ms(5), out), 3U);
  EXPECT_EQ(out[0].size(), 2U);
  EXPECT_EQ(out[1].size(), 1U);
  EXPECT_EQ(out[2].size(), 3U);
  EXPECT_EQ(out[2].back(), std::byte{3});
  EXPECT_EQ(queue.next_due(), kNever);
}

TEST(DelayQueue, KeepsWhatIsNotDue) {
  DelayQueue queue(4, 16);
  ASSERT_TRUE(queue.push(at_ms(5), Frame(1)));
  Out out;
  EXPECT_EQ(queue.take_due(at_ms(5) - nanoseconds(1), out), 0U);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.take_due(at_ms(5), out), 1U);
}

TEST(DelayQueue, RefusesBeyondItsBound) {
  DelayQueue queue(2, 16);
  ASSERT_TRUE(queue.push(at_ms(1), Frame(16)));
  ASSERT_TRUE(queue.push(at_ms(1), Frame(16)));
  EXPECT_FALSE(queue.push(at_ms(1), Frame(1)));

  Out out;
  ASSERT_EQ(queue.take_due(at_ms(1), out), 2U);
  EXPECT_FALSE(queue.push(at_ms(1), Frame(1))) << "taken frames are still read by their taker";
  queue.release();
  EXPECT_TRUE(queue.push(at_ms(1), Frame(1)));
}

TEST(DelayQueue, RefusesFramesThatDoNotFit) {
  DelayQueue queue(2, 16);
  EXPECT_FALSE(queue.push(at_ms(1), Frame(17)));
  EXPECT_FALSE(queue.push(at_ms(1), Frame{}));
  EXPECT_EQ(queue.size(), 0U);
}

TEST(DelayQueue, TakesNoMoreThanAskedFor) {
  DelayQueue queue(16, 4);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(queue.push(at_ms(1), Frame(1, static_cast<std::byte>(i))));
  }
  Out out;
  EXPECT_EQ(queue.take_due(at_ms(1), out), 8U);
  EXPECT_EQ(queue.take_due(at_ms(1), out), 2U);
  EXPECT_EQ(out[1].front(), std::byte{9});
}

}  // namespace
}  // namespace jumpgate::link_faulty
