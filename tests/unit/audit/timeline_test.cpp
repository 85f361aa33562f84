#include "audit/timeline.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/log_text.hpp"

namespace jumpgate::audit {
namespace {

constexpr const char* kAlice = "ab010000000000000000000000000000";

std::vector<SessionTimeline> timeline(const LogText& log, const std::string& target) {
  Timeline timeline(target);
  log.feed(timeline);
  return timeline.sessions();
}

TEST(Timeline, RebuildsALifeAmongOthers) {
  LogText log;
  log.attach(1);
  log.attach(2);
  log.jump(1, 2, 1);
  log.end(1, 5, Reason::kOperatorTerminated);
  const auto sessions = timeline(log, kAlice);
  ASSERT_EQ(sessions.size(), 1U);
  const SessionTimeline& told = sessions[0];
  EXPECT_EQ(told.peer, "alice");
  EXPECT_TRUE(told.from_birth);
  EXPECT_EQ(told.entries.size(), 14U);
  EXPECT_EQ(told.state, State::kTerminated);
  EXPECT_EQ(told.end_reason, Reason::kOperatorTerminated);
  EXPECT_EQ(told.switches, 1U);
  EXPECT_EQ(told.faults, 0U);
  EXPECT_EQ(told.entries[4].state, State::kAttached);
  EXPECT_EQ(told.entries[5].state, State::kVolatile);
}

TEST(Timeline, CountsTheTimeInEachState) {
  LogText log;
  log.attach(1);      // BIRTH at 1 ms, ATTACHED at 2 ms
  log.jump(1, 2, 1);  // VOLATILE at 6 ms, RECOVERING at 7 ms, ATTACHED at 9 ms
  const auto told = timeline(log, "alice").at(0);
  const auto in = [&](State state) { return told.in_state_ns.at(static_cast<std::size_t>(state)); };
  EXPECT_EQ(in(State::kBirth), 1'000'000U);
  EXPECT_EQ(in(State::kAttached), 4'000'000U + 2'000'000U);
  EXPECT_EQ(in(State::kVolatile), 1'000'000U);
  EXPECT_EQ(in(State::kRecovering), 2'000'000U);
}

TEST(Timeline, APeersSessionsFollowOneAnother) {
  LogText log;
  log.attach(1);
  log.attach(2);
  log.restart();
  log.attach(1);
  const auto sessions = timeline(log, "alice");
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_TRUE(sessions[0].cut_off);
  EXPECT_FALSE(sessions[1].cut_off);
}

TEST(Timeline, SaysWhereNumbersAreMissing) {
  LogText log;
  log.attach(1);
  log.skip(2);
  log.of(1, 2, EventType::kKeyRotated, Reason::kTimeElapsed, KeyDetail{.epoch = 2});
  const auto told = timeline(log, "alice").at(0);
  EXPECT_EQ(told.entries.back().missing_before, 2U);
  EXPECT_EQ(told.rekeys, 1U);
}

TEST(Timeline, SaysWhatALossTookThatWasTold) {
  LogText log;
  log.attach(1);
  log.skip(3);
  log.loss(5, 7, 3);
  log.of(1, 2, EventType::kKeyRotated, Reason::kTimeElapsed, KeyDetail{.epoch = 2});
  EXPECT_EQ(timeline(log, "alice").at(0).entries.back().missing_before, 3U);
}

TEST(Timeline, CountsContradictionsAndLinesItCanNotRead) {
  LogText log;
  log.attach(1);
  log.change(1, 9, State::kAttached, Trigger::kInstability, State::kVolatile,
             Reason::kHeartbeatTimeout);
  log.lines.push_back("{\"schema\":1,");
  Timeline timeline("alice");
  log.feed(timeline);
  EXPECT_EQ(timeline.sessions().at(0).faults, 1U);
  EXPECT_EQ(timeline.unreadable(), 1U);
}

TEST(Timeline, ASessionMetInMidLifeSaysSo) {
  LogText log;
  log.attach(1);
  log.jump(1, 2, 1);
  log.lines.erase(log.lines.begin(), log.lines.begin() + 5);
  const auto told = timeline(log, "alice").at(0);
  EXPECT_FALSE(told.from_birth);
  EXPECT_EQ(told.faults, 0U);
  EXPECT_EQ(told.state, State::kAttached);
}

TEST(Timeline, NobodyElseIsInIt) {
  LogText log;
  log.attach(1);
  EXPECT_TRUE(timeline(log, "bob").empty());
  EXPECT_TRUE(timeline(log, "ab020000000000000000000000000000").empty());
}

}  // namespace
}  // namespace jumpgate::audit
