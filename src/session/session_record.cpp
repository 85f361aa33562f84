#include "session/session_record.hpp"

#include <algorithm>

#include <jumpgate/limits.hpp>

#include "base/invariant.hpp"

namespace jumpgate::session {

SessionRecord::SessionRecord(const TransitionAuthority& /*authority*/, SessionId id,
                             const Policy& policy, MonoNs now)
    : id_(id),
      policy_version_(policy.version),
      created_at_(now),
      entered_at_(now),
      lifetime_deadline_(now + policy.session.max_lifetime),
      transport_lost_ttl_(policy.session.transport_lost_ttl),
      volatile_to_degraded_(policy.volatility.volatile_to_degraded),
      recovery_window_(policy.switching.recovery_window) {
  arm_state_deadline(now);
}

std::expected<StateChange, FsmError> SessionRecord::apply(const TransitionAuthority& /*authority*/,
                                                          Trigger trigger, Reason reason,
                                                          MonoNs now) {
  const auto next = next_state(state_, trigger, reason);
  if (!next) return std::unexpected(next.error());
  if (*next == State::kAttached && !committed_in_state_) {
    return std::unexpected(FsmError::kBindingNotCommitted);
  }
  JG_INVARIANT(now >= entered_at_);
  const StateChange change{state_, *next, trigger, reason, state_version_ + 1};
  state_ = change.now;
  state_version_ = change.state_version;
  entered_at_ = now;
  committed_in_state_ = false;
  if (state_ == State::kAttached) {
    lost_since_.reset();
    transport_deadline_ = kNever;
  }
  if (state_ == State::kTerminated) {
    lifetime_deadline_ = kNever;
    keys_ = {};
    transport_deadline_ = kNever;
  }
  arm_state_deadline(now);
  return change;
}

std::expected<std::uint64_t, CommitError> SessionRecord::commit_binding(
    const TransitionAuthority& /*authority*/, std::uint64_t expected) {
  if (state_ != State::kBirth && state_ != State::kRecovering) {
    return std::unexpected(CommitError::kWrongState);
  }
  if (expected != binding_version_) return std::unexpected(CommitError::kStaleVersion);
  committed_in_state_ = true;
  return ++binding_version_;
}

void SessionRecord::begin_keys(const TransitionAuthority& /*authority*/, const KeyDeadlines& keys) {
  JG_INVARIANT(state_ == State::kBirth && root_generation_ == 0);
  keys_ = keys;
}

std::expected<std::uint32_t, CommitError> SessionRecord::commit_generation(
    const TransitionAuthority& /*authority*/, std::uint32_t expected, const KeyDeadlines& keys) {
  if (!may_have_binding(state_)) return std::unexpected(CommitError::kWrongState);
  if (expected != root_generation_) return std::unexpected(CommitError::kStaleVersion);
  keys_ = keys;
  return ++root_generation_;
}

void SessionRecord::mark_transport_lost(const TransitionAuthority& /*authority*/, MonoNs now) {
  if (!may_have_binding(state_) || lost_since_.has_value()) return;
  lost_since_ = now;
  transport_deadline_ = now + transport_lost_ttl_;
}

void SessionRecord::mark_transport_alive(const TransitionAuthority& /*authority*/) {
  lost_since_.reset();
  transport_deadline_ = kNever;
}

void SessionRecord::adopt_policy(const TransitionAuthority& /*authority*/, const Policy& policy,
                                 MonoNs now) {
  policy_version_ = policy.version;
  transport_lost_ttl_ = policy.session.transport_lost_ttl;
  volatile_to_degraded_ = policy.volatility.volatile_to_degraded;
  recovery_window_ = policy.switching.recovery_window;
  if (state_ == State::kTerminated) return;
  lifetime_deadline_ = rebase(lifetime_deadline_, created_at_, policy.session.max_lifetime, now);
  keys_.adopt(policy.keys, now);
  if (lost_since_) {
    transport_deadline_ = rebase(transport_deadline_, *lost_since_, transport_lost_ttl_, now);
  }
  if (state_ == State::kVolatile) {
    state_deadline_ = rebase(state_deadline_, entered_at_, volatile_to_degraded_, now);
  }
  if (state_ == State::kRecovering) {
    state_deadline_ = rebase(state_deadline_, entered_at_, recovery_window_, now);
  }
}

MonoNs SessionRecord::next_deadline() const {
  return std::min({lifetime_deadline_, keys_.reject(), transport_deadline_, state_deadline_});
}

std::optional<DueTransition> SessionRecord::due(MonoNs now) const {
  if (now >= lifetime_deadline_) {
    return DueTransition{Trigger::kTerminate, Reason::kSessionLifetimeExceeded};
  }
  if (now >= keys_.reject()) {
    return DueTransition{Trigger::kTerminate, Reason::kKeysExpired};
  }
  if (now >= transport_deadline_) {
    return DueTransition{Trigger::kTerminate, Reason::kTransportTtlExceeded};
  }
  if (now < state_deadline_) return std::nullopt;
  switch (state_) {
    case State::kBirth:
      return DueTransition{Trigger::kTerminate, Reason::kHandshakeTimeout};
    case State::kVolatile:
      return DueTransition{Trigger::kDegrade, Reason::kVolatilePersisted};
    case State::kRecovering:
      return DueTransition{Trigger::kRecoveryFailed, Reason::kRecoveryWindowExceeded};
    case State::kAttached:
    case State::kDegraded:
    case State::kTerminated:
      break;  // no deadline of their own
  }
  return std::nullopt;
}

void SessionRecord::arm_state_deadline(MonoNs now) {
  switch (state_) {
    case State::kBirth:
      state_deadline_ = now + limits::kHandshakeTimeout;
      return;
    case State::kVolatile:
      state_deadline_ = now + volatile_to_degraded_;
      return;
    case State::kRecovering:
      state_deadline_ = now + recovery_window_;
      return;
    case State::kAttached:
    case State::kDegraded:
    case State::kTerminated:
      state_deadline_ = kNever;
      return;
  }
}

}  // namespace jumpgate::session
