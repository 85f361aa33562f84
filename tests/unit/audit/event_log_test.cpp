#include "audit/event_log.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::audit {
namespace {

Event event_at(std::uint64_t ns) {
  Event event;
  event.mono = MonoNs{ns};
  event.type = EventType::kSessionStateChange;
  event.policy_version = 3;
  return event;
}

std::vector<Event> take_all(EventLog& log) {
  std::vector<Event> out(64);
  out.resize(log.take(out));
  return out;
}

TEST(EventLog, NumbersRiseByOneFromTheFirst) {
  EventLog log(8, 40);
  EXPECT_TRUE(log.publish(event_at(1)));
  EXPECT_TRUE(log.publish(event_at(2)));
  const auto events = take_all(log);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].seq, 40U);
  EXPECT_EQ(events[1].seq, 41U);
  EXPECT_EQ(events[1].mono, MonoNs{2});
  EXPECT_EQ(log.next_seq(), 42U);
}

TEST(EventLog, AFullRingLosesExactlyWhatItCountsAndSaysSo) {
  EventLog log(4);
  for (std::uint64_t i = 0; i < 4; ++i)
    EXPECT_TRUE(log.publish(event_at(i)));
  for (std::uint64_t i = 0; i < 3; ++i)
    EXPECT_FALSE(log.publish(event_at(i)));
  EXPECT_EQ(log.lost(), 3U);
  EXPECT_EQ(take_all(log).size(), 4U);
  EXPECT_TRUE(log.publish(event_at(9)));
  const auto events = take_all(log);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].type, EventType::kEventsLost);
  EXPECT_EQ(events[0].seq, 8U);
  EXPECT_EQ(events[0].policy_version, 3U);
  const auto& lost = std::get<LostDetail>(events[0].detail);
  EXPECT_EQ(lost.count, 3U);
  EXPECT_EQ(lost.first_seq, 5U);
  EXPECT_EQ(lost.last_seq, 7U);
  EXPECT_EQ(events[1].seq, 9U);
}

TEST(EventLog, OnePlaceIsNotEnoughToGoOnAfterALoss) {
  EventLog log(2);
  ASSERT_TRUE(log.publish(event_at(1)));
  ASSERT_TRUE(log.publish(event_at(2)));
  ASSERT_FALSE(log.publish(event_at(3)));
  std::vector<Event> one(1);
  ASSERT_EQ(log.take(one), 1U);
  EXPECT_FALSE(log.publish(event_at(4)));
  EXPECT_EQ(log.lost(), 2U);
  log.flush_loss(MonoNs{5}, 7);  // the announcement alone fits
  const auto events = take_all(log);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(std::get<LostDetail>(events[1].detail).count, 2U);
  EXPECT_EQ(events[1].policy_version, 7U);
}

TEST(EventLog, NothingIsAnnouncedWithoutALoss) {
  EventLog log(4);
  log.flush_loss(MonoNs{1}, 1);
  EXPECT_TRUE(take_all(log).empty());
}

// Every number is either in a taken event or in a range an EventsLost names, each exactly once.
TEST(EventLog, TwoThreadsAccountForEveryNumber) {
  EventLog log(16);
  constexpr std::uint64_t kEvents = 50'000;
  std::thread publisher([&log] {
    for (std::uint64_t i = 0; i < kEvents; ++i)
      log.publish(event_at(i));
  });
  std::uint64_t expected = 1;
  std::uint64_t lost = 0;
  std::vector<Event> out(5);
  const auto drain = [&] {
    const std::size_t count = log.take(out);
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto* detail = std::get_if<LostDetail>(&out[i].detail)) {
        EXPECT_EQ(detail->first_seq, expected);
        EXPECT_EQ(detail->last_seq - detail->first_seq + 1, detail->count);
        expected += detail->count;
        lost += detail->count;
      }
      EXPECT_EQ(out[i].seq, expected);
      ++expected;
    }
    return count;
  };
  for (std::uint64_t taken = 0; taken < 16;)
    taken += drain();
  publisher.join();
  while (drain() != 0) {
  }
  log.flush_loss(MonoNs{}, 1);
  drain();
  EXPECT_EQ(lost, log.lost());
  EXPECT_EQ(expected, log.next_seq());
}

}  // namespace
}  // namespace jumpgate::audit
