// What a tick of the controller does is bounded by constants: counted, not timed, with more sessions than any bound.
#include <gtest/gtest.h>

#include "ctl/controller.hpp"
#include "phases.hpp"

namespace jumpgate::bench {
namespace {

// Looks at slots of the session store, of which each unit of a tick's work takes so many.
constexpr std::uint64_t kLooksPerInput = 2;  // to find it, and to settle it
constexpr std::uint64_t kLooksPerJob = 4;    // and the peer's BIRTH, and whether the id is free
constexpr std::uint64_t kLooksPerTimer = 3;  // its slot, itself after a retry, and to settle it
constexpr std::uint64_t kInputs = 2 * limits::kReportsPerTick * kLooksPerInput;
constexpr std::uint64_t kJobs = ctl::Controller::kJobsPerTick * kLooksPerJob;
constexpr std::uint64_t kTimers = ctl::Controller::kTimersPerTick * kLooksPerTimer;
// Stop; links and policy, each settled; removed peers, of the request and of the tick.
constexpr std::uint64_t kSlices = 512 + 2 * (1024 + 256) + 2 * 2 * 256;
constexpr std::uint64_t kMostLooks = kInputs + kJobs + kTimers + kSlices;
// Messages and events that one unit can cause: a REATTACH that takes the place of another, the end of an exchange and
// of its session.
constexpr std::uint64_t kUnits = 2 * limits::kReportsPerTick + ctl::Controller::kJobsPerTick +
                                 ctl::Controller::kTimersPerTick + 512 + 1024 + 3 * 256;
constexpr std::uint64_t kMostOfEach = 10 * kUnits;

// One look for each session would be more than a tick may do.
constexpr std::uint32_t kSessions = 12'000;
static_assert(kSessions > kMostLooks);

class WorkOfATick : public ::testing::Test {
 protected:
  void create() { expect_bounded(phases_.create(), kSessions); }
  /// Done, and no tick did more than its bound.
  static void expect_bounded(const Phase& phase, std::uint64_t at_least) {
    EXPECT_TRUE(phase.ended);
    EXPECT_GE(phase.done, at_least);
    EXPECT_LE(phase.most.looks, kMostLooks);
    EXPECT_LE(phase.most.commands, kUnits);
    EXPECT_LE(phase.most.datagrams, kMostOfEach);
    EXPECT_LE(phase.most.events, kMostOfEach);
  }

  Stage stage_{kSessions, policy_of_the_day()};
  Phases phases_{stage_, kSessions};
};

TEST_F(WorkOfATick, IsBoundedWhateverHappensToAll) {
  create();
  expect_bounded(phases_.unrest(), kSessions / 20);
  expect_bounded(phases_.storm(), kSessions / 2);
  expect_bounded(phases_.rekey_storm(), kSessions / 2);
  expect_bounded(phases_.link_flaps(), kSessions);
  expect_bounded(phases_.strict_policy(), kSessions);
  expect_bounded(phases_.mass_expiry(), kSessions);
}

TEST_F(WorkOfATick, IsBoundedWhenTheGatewayStops) {
  create();
  expect_bounded(phases_.stop(), kSessions);
}

TEST_F(WorkOfATick, IsBoundedWhenAllIsDueAtOnce) {
  create();
  expect_bounded(phases_.late_expiry(), kSessions);
}

// Who the peers are is planned elsewhere, and swapped.
TEST_F(WorkOfATick, IsNoneWhenAReloadChangesNoPeerOrAll) {
  create();
  for (const Phase& phase : {phases_.reload_unchanged(), phases_.reload_changed()}) {
    EXPECT_TRUE(phase.ended);
    EXPECT_EQ(phase.most, Work{});
  }
}

TEST_F(WorkOfATick, IsBoundedWhenAReloadRemovesAllPeers) {
  create();
  const Phase phase = phases_.reload_removed();
  expect_bounded(phase, kSessions);
  // Found, ended and left by two slices; forgotten when the worker has wiped their sessions.
  EXPECT_LE(phase.most.peers, 3 * 2 * 256 + limits::kReportsPerTick);
  static_assert(kSessions > 3 * 2 * 256 + limits::kReportsPerTick);
}

TEST_F(WorkOfATick, IsNoneWhenNothingHappens) {
  create();
  const MonoNs until = stage_.now() + seconds(5);
  const Phase quiet = stage_.run({}, [&] { return stage_.now() >= until; }, seconds(10));
  EXPECT_GT(quiet.ticks.count(), 1'000U);
  EXPECT_EQ(quiet.most, Work{});
}

}  // namespace
}  // namespace jumpgate::bench
