#include "session/session_record.hpp"

#include <type_traits>

#include <gtest/gtest.h>

#include <jumpgate/limits.hpp>

#include "tests/support/session_owner.hpp"

namespace jumpgate::session {
namespace {

constexpr MonoNs kBorn{1'000'000'000'000};

class SessionRecordTest : public ::testing::Test {
 protected:
  std::expected<StateChange, FsmError> apply(Trigger trigger, Reason reason, MonoNs now) {
    return record_.apply(owner_.authority(), trigger, reason, now);
  }
  void attach(MonoNs now) {
    ASSERT_EQ(record_.commit_binding(owner_.authority(), 0), 1U);
    ASSERT_TRUE(apply(Trigger::kAttachOk, Reason::kAttachedToTransport, now));
  }
  void recover(MonoNs now) {
    ASSERT_TRUE(apply(Trigger::kInstability, Reason::kHeartbeatTimeout, now));
    ASSERT_TRUE(apply(Trigger::kSwitchStart, Reason::kDeadTransportRecovery, now));
  }

  testing::SessionOwner owner_;
  Policy policy_;
  SessionRecord record_{owner_.authority(), SessionId{{7}}, policy_, kBorn};
};

// Nobody but the owners can make an authority.
static_assert(!std::is_default_constructible_v<TransitionAuthority>);
static_assert(!std::is_copy_constructible_v<TransitionAuthority>);
static_assert(!std::is_aggregate_v<TransitionAuthority>);

TEST_F(SessionRecordTest, IsBornInBirthWithoutBinding) {
  EXPECT_EQ(record_.state(), State::kBirth);
  EXPECT_EQ(record_.state_version(), 1U);
  EXPECT_EQ(record_.binding_version(), 0U);
  EXPECT_EQ(record_.root_generation(), 0U);
  EXPECT_EQ(record_.policy_version(), policy_.version);
  EXPECT_EQ(record_.id(), SessionId{{7}});
  EXPECT_EQ(record_.next_deadline(), kBorn + limits::kHandshakeTimeout);
}

TEST_F(SessionRecordTest, EachTransitionRaisesTheVersionByOneAndReportsItself) {
  attach(kBorn + seconds(1));
  EXPECT_EQ(record_.state_version(), 2U);
  const auto change = apply(Trigger::kInstability, Reason::kTransportRetiring, kBorn + seconds(2));
  ASSERT_TRUE(change);
  EXPECT_EQ(*change, (StateChange{State::kAttached, State::kVolatile, Trigger::kInstability,
                                  Reason::kTransportRetiring, 3}));
  EXPECT_EQ(record_.entered_at(), kBorn + seconds(2));
}

TEST_F(SessionRecordTest, ARefusedTransitionChangesNothing) {
  attach(kBorn + seconds(1));
  const auto refused =
      apply(Trigger::kSwitchStart, Reason::kPolicyForcedRecovery, kBorn + seconds(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), FsmError::kTriggerNotAllowed);
  EXPECT_EQ(record_.state(), State::kAttached);
  EXPECT_EQ(record_.state_version(), 2U);
  EXPECT_EQ(record_.entered_at(), kBorn + seconds(1));
}

TEST_F(SessionRecordTest, AttachedNeedsABindingCommittedInThisState) {
  EXPECT_EQ(apply(Trigger::kAttachOk, Reason::kAttachedToTransport, kBorn).error(),
            FsmError::kBindingNotCommitted);
  attach(kBorn);
  recover(kBorn);
  EXPECT_EQ(apply(Trigger::kReattachOk, Reason::kReattachSuccess, kBorn).error(),
            FsmError::kBindingNotCommitted);
  EXPECT_EQ(record_.commit_binding(owner_.authority(), 1), 2U);
  EXPECT_TRUE(apply(Trigger::kReattachOk, Reason::kReattachSuccess, kBorn));
}

TEST_F(SessionRecordTest, AStaleBindingVersionIsRefused) {
  attach(kBorn);
  recover(kBorn);
  EXPECT_EQ(record_.commit_binding(owner_.authority(), 0).error(), CommitError::kStaleVersion);
  EXPECT_EQ(record_.commit_binding(owner_.authority(), 2).error(), CommitError::kStaleVersion);
  EXPECT_EQ(record_.binding_version(), 1U);
}

TEST_F(SessionRecordTest, ABindingIsCommittedInBirthAndRecoveringOnly) {
  attach(kBorn);
  EXPECT_EQ(record_.commit_binding(owner_.authority(), 1).error(), CommitError::kWrongState);
  ASSERT_TRUE(apply(Trigger::kInstability, Reason::kTransportDead, kBorn));
  EXPECT_EQ(record_.commit_binding(owner_.authority(), 1).error(), CommitError::kWrongState);
  ASSERT_TRUE(apply(Trigger::kTerminate, Reason::kPeerClosed, kBorn));
  EXPECT_EQ(record_.commit_binding(owner_.authority(), 1).error(), CommitError::kWrongState);
}

TEST_F(SessionRecordTest, GenerationsRiseByOneWithCompare) {
  EXPECT_EQ(record_.commit_generation(owner_.authority(), 0, {}).error(), CommitError::kWrongState);
  attach(kBorn);
  EXPECT_EQ(record_.commit_generation(owner_.authority(), 0, {}), 1U);
  EXPECT_EQ(record_.commit_generation(owner_.authority(), 0, {}).error(),
            CommitError::kStaleVersion);
  EXPECT_EQ(record_.root_generation(), 1U);
}

TEST_F(SessionRecordTest, TimeEndsBirth) {
  const MonoNs deadline = kBorn + limits::kHandshakeTimeout;
  EXPECT_EQ(record_.due(deadline - nanoseconds(1)), std::nullopt);
  EXPECT_EQ(record_.due(deadline), (DueTransition{Trigger::kTerminate, Reason::kHandshakeTimeout}));
}

TEST_F(SessionRecordTest, TimeEndsVolatileAndRecovering) {
  attach(kBorn);
  EXPECT_EQ(record_.due(kBorn + seconds(3600)), std::nullopt);
  ASSERT_TRUE(apply(Trigger::kInstability, Reason::kTransportDead, kBorn));
  const MonoNs volatile_end = kBorn + policy_.volatility.volatile_to_degraded;
  EXPECT_EQ(record_.due(volatile_end - nanoseconds(1)), std::nullopt);
  EXPECT_EQ(record_.due(volatile_end),
            (DueTransition{Trigger::kDegrade, Reason::kVolatilePersisted}));
  ASSERT_TRUE(apply(Trigger::kSwitchStart, Reason::kLossRecovery, kBorn));
  const MonoNs window_end = kBorn + policy_.switching.recovery_window;
  EXPECT_EQ(record_.due(window_end - nanoseconds(1)), std::nullopt);
  EXPECT_EQ(record_.due(window_end),
            (DueTransition{Trigger::kRecoveryFailed, Reason::kRecoveryWindowExceeded}));
}

TEST_F(SessionRecordTest, TheTransportlessClockRunsFromTheFirstLossUntilLife) {
  attach(kBorn);
  record_.mark_transport_lost(owner_.authority(), kBorn + seconds(10));
  record_.mark_transport_lost(owner_.authority(), kBorn + seconds(12));
  EXPECT_EQ(record_.lost_since(), kBorn + seconds(10));
  EXPECT_EQ(record_.transport_deadline(), kBorn + seconds(25));
  EXPECT_EQ(record_.due(kBorn + seconds(25)),
            (DueTransition{Trigger::kTerminate, Reason::kTransportTtlExceeded}));
  record_.mark_transport_alive(owner_.authority());
  EXPECT_EQ(record_.due(kBorn + seconds(25)), std::nullopt);
  EXPECT_EQ(record_.transport_deadline(), kNever);
}

TEST_F(SessionRecordTest, ReattachingStopsTheTransportlessClock) {
  attach(kBorn);
  recover(kBorn);
  record_.mark_transport_lost(owner_.authority(), kBorn);
  ASSERT_TRUE(record_.commit_binding(owner_.authority(), 1));
  ASSERT_TRUE(apply(Trigger::kReattachOk, Reason::kReattachSuccess, kBorn + seconds(1)));
  EXPECT_EQ(record_.lost_since(), std::nullopt);
  EXPECT_EQ(record_.transport_deadline(), kNever);
}

TEST_F(SessionRecordTest, TheLifetimeComesBeforeEveryOtherEnd) {
  attach(kBorn);
  const MonoNs end = kBorn + policy_.session.max_lifetime;
  ASSERT_TRUE(apply(Trigger::kInstability, Reason::kTransportDead, kBorn));
  record_.mark_transport_lost(owner_.authority(), kBorn);
  EXPECT_EQ(record_.due(end),
            (DueTransition{Trigger::kTerminate, Reason::kSessionLifetimeExceeded}));
  EXPECT_EQ(record_.due(end - nanoseconds(1)),
            (DueTransition{Trigger::kTerminate, Reason::kTransportTtlExceeded}));
}

TEST_F(SessionRecordTest, NothingIsDueAfterTheEnd) {
  ASSERT_TRUE(apply(Trigger::kTerminate, Reason::kOperatorTerminated, kBorn));
  EXPECT_EQ(record_.next_deadline(), kNever);
  EXPECT_EQ(record_.due(kBorn + seconds(1'000'000)), std::nullopt);
  record_.adopt_policy(owner_.authority(), policy_, kBorn + seconds(1));
  EXPECT_EQ(record_.next_deadline(), kNever) << "nor does a policy make anything due";
}

TEST_F(SessionRecordTest, AShorterPolicyCountsFromNowAndNeverEndsLater) {
  attach(kBorn);
  record_.mark_transport_lost(owner_.authority(), kBorn);
  Policy shorter = policy_;
  shorter.version = 2;
  shorter.session.transport_lost_ttl = seconds(5);
  shorter.session.max_lifetime = seconds(3600);
  record_.adopt_policy(owner_.authority(), shorter, kBorn + seconds(8));
  EXPECT_EQ(record_.policy_version(), 2U);
  EXPECT_EQ(record_.transport_deadline(), kBorn + seconds(13));
  EXPECT_EQ(record_.lifetime_deadline(), kBorn + seconds(3608));
  // Two seconds before the old end, five seconds from now would be later than the old end.
  Policy longer = policy_;
  record_.adopt_policy(owner_.authority(), longer, kBorn + seconds(9));
  EXPECT_EQ(record_.transport_deadline(), kBorn + seconds(15));
  record_.adopt_policy(owner_.authority(), shorter, kBorn + seconds(13));
  EXPECT_EQ(record_.transport_deadline(), kBorn + seconds(15));
}

TEST_F(SessionRecordTest, KeysEndBetweenLifetimeAndTransportlessTime) {
  record_.begin_keys(owner_.authority(), {policy_.keys, kBorn});
  attach(kBorn);
  const MonoNs end = kBorn + policy_.keys.reject_after;
  EXPECT_EQ(record_.keys_deadline(), end);
  EXPECT_EQ(record_.rekey_at(), kBorn + policy_.keys.rekey_after);
  EXPECT_EQ(record_.due(end - nanoseconds(1)), std::nullopt);
  record_.mark_transport_lost(owner_.authority(), kBorn);
  EXPECT_EQ(record_.due(end), (DueTransition{Trigger::kTerminate, Reason::kKeysExpired}));
  ASSERT_TRUE(
      record_.commit_generation(owner_.authority(), 0, {policy_.keys, kBorn + seconds(100)}));
  EXPECT_EQ(record_.keys_deadline(), end + seconds(100));
}

TEST_F(SessionRecordTest, AShorterPolicyGivesOldKeysItsWholeLength) {
  record_.begin_keys(owner_.authority(), {policy_.keys, kBorn});
  attach(kBorn);
  Policy shorter = policy_;
  shorter.keys.rekey_after = seconds(10);
  shorter.keys.reject_after = seconds(20);
  record_.adopt_policy(owner_.authority(), shorter, kBorn + seconds(100));
  EXPECT_EQ(record_.rekey_at(), kBorn + seconds(110));
  EXPECT_EQ(record_.keys_deadline(), kBorn + seconds(120));
  record_.adopt_policy(owner_.authority(), policy_, kBorn + seconds(101));
  EXPECT_EQ(record_.keys_deadline(), kBorn + seconds(180)) << "growth counts from the making";
  record_.adopt_policy(owner_.authority(), shorter, kBorn + seconds(170));
  EXPECT_EQ(record_.keys_deadline(), kBorn + seconds(180)) << "never later than it was";
}

TEST_F(SessionRecordTest, ALongerPolicyCountsFromTheBeginning) {
  attach(kBorn);
  recover(kBorn);
  Policy longer = policy_;
  longer.switching.recovery_window = seconds(20);
  record_.adopt_policy(owner_.authority(), longer, kBorn + seconds(3));
  EXPECT_EQ(record_.state_deadline(), kBorn + seconds(20));
}

}  // namespace
}  // namespace jumpgate::session
