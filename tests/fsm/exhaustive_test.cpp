// Every state x trigger x reason, against a table written by hand from the rules.
#include <array>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "session/fsm.hpp"
#include "session/session_record.hpp"
#include "tests/support/session_owner.hpp"

namespace jumpgate::session {
namespace {

constexpr MonoNs kStart{1'000'000'000'000};

// By hand, and to be changed by hand only: never generated from the code it judges.
struct Row {
  State from;
  Trigger trigger;
  State to;
  std::set<Reason> reasons;
};

const std::vector<Row>& expected_rows() {
  using enum State;
  using enum Trigger;
  using enum Reason;
  static const std::set<Reason> moving{kLossRecovery, kDeadTransportRecovery, kPolicyForcedRecovery,
                                       kInPlaceRecovery};
  static const std::set<Reason> ending{
      kHandshakeTimeout, kSessionLifetimeExceeded, kTransportTtlExceeded, kKeysExpired,
      kSecurityFailure,  kOperatorTerminated,      kPeerClosed,           kSuperseded,
      kGatewayStopping,  kGatewayLostSession,      kOwnershipLost,        kInternalInconsistency};
  static const std::vector<Row> rows{
      {kBirth, kAttachOk, kAttached, {kAttachedToTransport}},
      {kAttached,
       kInstability,
       kVolatile,
       {kLossThresholdExceeded, kConsecutiveDropExceeded, kHeartbeatTimeout,
        kLatencyThresholdExceeded, kTransportDead, kTransportRetiring, kTransportRebound}},
      {kVolatile, kSwitchStart, kRecovering, moving},
      {kVolatile, kDegrade, kDegraded, {kVolatilePersisted, Reason::kSwitchRateLimited}},
      {kDegraded, kSwitchStart, kRecovering, moving},
      {kRecovering, kReattachOk, kAttached, {kReattachSuccess}},
      {kRecovering,
       kRecoveryFailed,
       kDegraded,
       {kReattachValidationFailed, kNoCandidateTransports, kPolicyDenied, kRecoveryWindowExceeded}},
      {kBirth, kTerminate, kTerminated, ending},
      {kAttached, kTerminate, kTerminated, ending},
      {kVolatile, kTerminate, kTerminated, ending},
      {kDegraded, kTerminate, kTerminated, ending},
      {kRecovering, kTerminate, kTerminated, ending},
  };
  return rows;
}

std::optional<State> expected_next(State from, Trigger trigger, Reason reason) {
  for (const Row& row : expected_rows()) {
    if (row.from == from && row.trigger == trigger && row.reasons.contains(reason)) return row.to;
  }
  return std::nullopt;
}

// A fresh record brought into a state along the table.
class Walker {
 public:
  explicit Walker(State state) {
    using enum State;
    if (state == kBirth) return;
    if (state == kTerminated) {
      step(Trigger::kTerminate, Reason::kPeerClosed);
      return;
    }
    bind();
    step(Trigger::kAttachOk, Reason::kAttachedToTransport);
    if (state == kAttached) return;
    step(Trigger::kInstability, Reason::kTransportDead);
    if (state == kVolatile) return;
    step(Trigger::kSwitchStart, Reason::kDeadTransportRecovery);
    if (state == kRecovering) return;
    step(Trigger::kRecoveryFailed, Reason::kNoCandidateTransports);
  }
  std::expected<StateChange, FsmError> apply(Trigger trigger, Reason reason, MonoNs now) {
    return record.apply(owner_.authority(), trigger, reason, now);
  }
  void bind() { ASSERT_TRUE(record.commit_binding(owner_.authority(), record.binding_version())); }

 private:
  void step(Trigger trigger, Reason reason) { ASSERT_TRUE(apply(trigger, reason, kStart)); }
  testing::SessionOwner owner_;

 public:
  SessionRecord record{owner_.authority(), SessionId{{1}}, Policy{}, kStart};
};

TEST(Exhaustive, TheTableAllowsWhatTheRulesAllowAndNothingElse) {
  int allowed = 0;
  for (const State state : kAllStates) {
    for (const Trigger trigger : kAllTriggers) {
      for (const Reason reason : kAllReasons) {
        const auto expected = expected_next(state, trigger, reason);
        const auto next = next_state(state, trigger, reason);
        ASSERT_EQ(next.has_value(), expected.has_value())
            << to_string(state) << " " << to_string(trigger) << " " << to_string(reason);
        if (expected) {
          EXPECT_EQ(*next, *expected);
          ++allowed;
        }
      }
    }
  }
  EXPECT_EQ(allowed, 1 + 7 + 4 + 2 + 4 + 1 + 4 + 5 * 12);
}

TEST(Exhaustive, ARefusalNamesItsCause) {
  for (const State state : kAllStates) {
    for (const Trigger trigger : kAllTriggers) {
      bool has_line = false;
      for (const Reason reason : kAllReasons) {
        has_line = has_line || expected_next(state, trigger, reason).has_value();
      }
      for (const Reason reason : kAllReasons) {
        const auto next = next_state(state, trigger, reason);
        if (next) continue;
        const FsmError cause = state == State::kTerminated ? FsmError::kAlreadyTerminated
                               : has_line                  ? FsmError::kReasonNotAllowed
                                                           : FsmError::kTriggerNotAllowed;
        ASSERT_EQ(next.error(), cause)
            << to_string(state) << " " << to_string(trigger) << " " << to_string(reason);
      }
    }
  }
}

TEST(Exhaustive, TheRecordFollowsTheTableAndKeepsItsVersions) {
  for (const State state : kAllStates) {
    for (const Trigger trigger : kAllTriggers) {
      for (const Reason reason : kAllReasons) {
        Walker walker(state);
        ASSERT_EQ(walker.record.state(), state);
        const auto expected = expected_next(state, trigger, reason);
        if (expected == State::kAttached) walker.bind();
        const std::uint64_t before = walker.record.state_version();
        const auto change = walker.apply(trigger, reason, kStart + seconds(1));
        ASSERT_EQ(change.has_value(), expected.has_value());
        EXPECT_EQ(walker.record.state(), expected.value_or(state));
        EXPECT_EQ(walker.record.state_version(), before + (expected ? 1 : 0));
        EXPECT_EQ(walker.record.entered_at(), expected ? kStart + seconds(1) : kStart);
        if (!change) continue;
        EXPECT_EQ(*change, (StateChange{state, *expected, trigger, reason, before + 1}));
      }
    }
  }
}

TEST(RandomWalk, KeepsTheInvariantsWhateverComes) {
  std::mt19937_64 random(7);
  for (int run = 0; run < 300; ++run) {
    testing::SessionOwner owner;
    const SessionId id{{static_cast<std::uint8_t>(run)}};
    SessionRecord record(owner.authority(), id, Policy{}, kStart);
    MonoNs now = kStart;
    std::uint64_t bindings = 0;
    bool attached_by_commit = false;
    for (int step = 0; step < 400; ++step) {
      now = now + milliseconds(static_cast<std::int64_t>(random() % 3000));
      const std::uint64_t version = record.state_version();
      const State before = record.state();
      if (random() % 3 == 0) {
        const std::uint64_t expected = random() % 4 == 0 ? random() % 8 : record.binding_version();
        const bool current = expected == record.binding_version();
        const auto committed = record.commit_binding(owner.authority(), expected);
        if (committed) {
          ASSERT_TRUE(current);
          ASSERT_EQ(*committed, ++bindings);
          attached_by_commit = true;
        }
      }
      const auto due = record.due(now);
      const Trigger trigger = due ? due->trigger : kAllTriggers[random() % kAllTriggers.size()];
      const Reason reason = due ? due->reason : kAllReasons[random() % kAllReasons.size()];
      const auto change = record.apply(owner.authority(), trigger, reason, now);
      ASSERT_EQ(record.id(), id);
      ASSERT_EQ(record.binding_version(), bindings);
      if (due) {
        ASSERT_TRUE(change) << "what time asks for is always possible";
      }
      ASSERT_EQ(record.state_version(), version + (change ? 1 : 0));
      if (!change) {
        ASSERT_EQ(record.state(), before);
        continue;
      }
      if (change->now == State::kAttached) {
        ASSERT_TRUE(attached_by_commit);
      }
      attached_by_commit = false;
      ASSERT_NE(before, State::kTerminated);
      ASSERT_FALSE(before == State::kVolatile && change->now == State::kAttached);
      if (change->now == State::kRecovering) {
        ASSERT_LE(record.state_deadline(), now + Policy{}.switching.recovery_window);
      }
      if (change->now != State::kTerminated) {
        ASSERT_NE(record.lifetime_deadline(), kNever);
      }
    }
  }
}

}  // namespace
}  // namespace jumpgate::session
