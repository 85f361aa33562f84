/// The session's state machine: the whole of it is the table `kTransitions` below.
///
/// How to read it: each line is one permitted move, written `from, trigger, to, the reasons it may
/// carry`. What has no line is forbidden: it is rejected and changes nothing. The same table is
/// printed in spec/session-fsm.md; tests/fsm compares the two, cell by cell.
///
/// Purpose: say which state follows. Keeping the state is SessionRecord's business.
/// Owner thread: any; pure and constexpr. Bound: 12 lines. Failure: an FsmError, never a state.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include <jumpgate/reasons.hpp>

namespace jumpgate::session {

/// Why a transition was refused.
enum class FsmError : std::uint8_t {
  kAlreadyTerminated,    // TERMINATED has no way out
  kTriggerNotAllowed,    // the state has no line for this trigger
  kReasonNotAllowed,     // the line exists, but not with this reason
  kBindingNotCommitted,  // SessionRecord only: ATTACHED without a new binding
};

std::string_view to_string(FsmError error);

/// The reasons each kind of move may carry.
inline constexpr std::array kAttachReasons{Reason::kAttachedToTransport};

inline constexpr std::array kInstabilityReasons{
    Reason::kLossThresholdExceeded,    Reason::kConsecutiveDropExceeded, Reason::kHeartbeatTimeout,
    Reason::kLatencyThresholdExceeded, Reason::kTransportDead,           Reason::kTransportRetiring,
    Reason::kTransportRebound};

inline constexpr std::array kSwitchStartReasons{
    Reason::kLossRecovery, Reason::kDeadTransportRecovery, Reason::kPolicyForcedRecovery,
    Reason::kInPlaceRecovery};

inline constexpr std::array kDegradeReasons{Reason::kVolatilePersisted, Reason::kSwitchRateLimited};

inline constexpr std::array kReattachReasons{Reason::kReattachSuccess};

inline constexpr std::array kRecoveryFailedReasons{
    Reason::kReattachValidationFailed, Reason::kNoCandidateTransports, Reason::kPolicyDenied,
    Reason::kRecoveryWindowExceeded};

inline constexpr std::array kTerminateReasons{
    Reason::kHandshakeTimeout,     Reason::kSessionLifetimeExceeded,
    Reason::kTransportTtlExceeded, Reason::kKeysExpired,
    Reason::kSecurityFailure,      Reason::kOperatorTerminated,
    Reason::kPeerClosed,           Reason::kSuperseded,
    Reason::kGatewayStopping,      Reason::kGatewayLostSession,
    Reason::kOwnershipLost,        Reason::kInternalInconsistency};

/// One line of the table.
struct Transition {
  State from;
  Trigger trigger;
  State to;
  std::span<const Reason> reasons;
};

// clang-format off
inline constexpr std::array kTransitions{
    //         from                trigger                   to                  reasons
    Transition{State::kBirth,      Trigger::kAttachOk,       State::kAttached,   kAttachReasons},
    Transition{State::kAttached,   Trigger::kInstability,    State::kVolatile,   kInstabilityReasons},
    Transition{State::kVolatile,   Trigger::kSwitchStart,    State::kRecovering, kSwitchStartReasons},
    Transition{State::kVolatile,   Trigger::kDegrade,        State::kDegraded,   kDegradeReasons},
    Transition{State::kDegraded,   Trigger::kSwitchStart,    State::kRecovering, kSwitchStartReasons},
    Transition{State::kRecovering, Trigger::kReattachOk,     State::kAttached,   kReattachReasons},
    Transition{State::kRecovering, Trigger::kRecoveryFailed, State::kDegraded,   kRecoveryFailedReasons},
    // Every state but TERMINATED itself may be ended.
    Transition{State::kBirth,      Trigger::kTerminate,      State::kTerminated, kTerminateReasons},
    Transition{State::kAttached,   Trigger::kTerminate,      State::kTerminated, kTerminateReasons},
    Transition{State::kVolatile,   Trigger::kTerminate,      State::kTerminated, kTerminateReasons},
    Transition{State::kDegraded,   Trigger::kTerminate,      State::kTerminated, kTerminateReasons},
    Transition{State::kRecovering, Trigger::kTerminate,      State::kTerminated, kTerminateReasons},
};
// clang-format on

/// Some line of the table allows it.
constexpr bool moves_a_session(Reason reason) {
  for (const Transition& line : kTransitions) {
    for (const Reason allowed : line.reasons) {
      if (allowed == reason) return true;
    }
  }
  return false;
}

/// The reasons of all transitions, each once.
inline constexpr auto kTransitionReasons = [] {
  constexpr auto kCount =
      static_cast<std::size_t>(std::ranges::count_if(kAllReasons, moves_a_session));
  std::array<Reason, kCount> reasons{};
  std::ranges::copy_if(kAllReasons, reasons.begin(), moves_a_session);
  return reasons;
}();

/// The state that follows, or why none does. Changes nothing.
constexpr std::expected<State, FsmError> next_state(State state, Trigger trigger, Reason reason) {
  if (state == State::kTerminated) return std::unexpected(FsmError::kAlreadyTerminated);
  for (const Transition& line : kTransitions) {
    if (line.from != state || line.trigger != trigger) continue;
    for (const Reason allowed : line.reasons) {
      if (allowed == reason) return line.to;
    }
    return std::unexpected(FsmError::kReasonNotAllowed);
  }
  return std::unexpected(FsmError::kTriggerNotAllowed);
}

/// A REATTACH is considered in these states only (spec/jump.md "Order of verdicts").
constexpr bool allows_reattach(State state) {
  return state == State::kAttached || state == State::kVolatile || state == State::kDegraded ||
         state == State::kRecovering;
}

/// BIRTH and TERMINATED have no binding.
constexpr bool may_have_binding(State state) {
  return allows_reattach(state);
}

namespace checks {

constexpr bool is_deterministic() {
  for (const Transition& a : kTransitions) {
    int lines = 0;
    for (const Transition& b : kTransitions) {
      if (a.from == b.from && a.trigger == b.trigger) ++lines;
    }
    if (lines != 1) return false;
  }
  return true;
}

constexpr bool every_state_can_end() {
  for (const State state : kAllStates) {
    if (state == State::kTerminated) continue;
    if (next_state(state, Trigger::kTerminate, Reason::kInternalInconsistency) !=
        State::kTerminated) {
      return false;
    }
  }
  return true;
}

constexpr bool terminated_is_absorbing() {
  for (const Transition& line : kTransitions) {
    if (line.from == State::kTerminated) return false;
  }
  return true;
}

constexpr bool attached_is_entered_only_from(State a, State b) {
  for (const Transition& line : kTransitions) {
    if (line.to == State::kAttached && line.from != a && line.from != b) return false;
  }
  return true;
}

constexpr bool recovering_is_entered_only_from(State a, State b) {
  for (const Transition& line : kTransitions) {
    if (line.to == State::kRecovering && line.from != a && line.from != b) return false;
  }
  return true;
}

constexpr bool no_line_stays_or_returns_to_birth() {
  for (const Transition& line : kTransitions) {
    if (line.from == line.to || line.to == State::kBirth) return false;
  }
  return true;
}

constexpr bool each_reason_belongs_to_one_trigger() {
  for (const Transition& a : kTransitions) {
    for (const Transition& b : kTransitions) {
      if (a.trigger == b.trigger) continue;
      for (const Reason reason : a.reasons) {
        for (const Reason other : b.reasons) {
          if (reason == other) return false;
        }
      }
    }
  }
  return true;
}

}  // namespace checks

static_assert(checks::is_deterministic(), "one line at most for each state and trigger");
static_assert(checks::every_state_can_end(), "whatever the state, an inconsistency can end it");
static_assert(checks::terminated_is_absorbing(), "nothing leads out of TERMINATED");
static_assert(checks::attached_is_entered_only_from(State::kBirth, State::kRecovering),
              "a path that heals is proved again, through RECOVERING");
static_assert(checks::recovering_is_entered_only_from(State::kVolatile, State::kDegraded),
              "no switch straight out of ATTACHED");
static_assert(checks::no_line_stays_or_returns_to_birth(), "no transition to the same state");
static_assert(checks::each_reason_belongs_to_one_trigger(), "a reason tells its trigger");

}  // namespace jumpgate::session
