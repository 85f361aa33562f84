/// States, triggers, reasons and event types: one list each. Enum, stable name and documentation are made from it;
/// so are the tables in spec/reasons.md and the metrics' labels. Numbers of reasons stand on the wire (CLOSE,
/// REATTACH, REFUSAL, REKEY_REPLY, HELLO_REFUSAL): never renumber, never reuse.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace jumpgate {

// X(enumerator, stable name, documentation)
#define JG_STATES(X)                                                                      \
  X(kBirth, "BIRTH", "Handshake answered, not yet confirmed by the peer; no binding.")    \
  X(kAttached, "ATTACHED", "Exactly one healthy binding.")                                \
  X(kVolatile, "VOLATILE",                                                                \
    "Trouble or a planned move seen; the retained binding goes on carrying data.")        \
  X(kDegraded, "DEGRADED",                                                                \
    "Recovery failed or is not possible now; at most the retained binding.")              \
  X(kRecovering, "RECOVERING", "A candidate path is being proved; ends by its deadline.") \
  X(kTerminated, "TERMINATED", "The end. Absorbing; no binding, keys wiped.")

#define JG_TRIGGERS(X)                                                                    \
  X(kAttachOk, "attach_ok", "Handshake confirmed by the peer.")                           \
  X(kInstability, "instability",                                                          \
    "Loss, silence, latency, death, retirement or rebinding of the path.")                \
  X(kSwitchStart, "switch_start", "A candidate exists; rate and policy allow to try it.") \
  X(kDegrade, "degrade", "Volatile for too long, or the switch rate is used up.")         \
  X(kReattachOk, "reattach_ok", "The candidate is validated and bound.")                  \
  X(kRecoveryFailed, "recovery_failed",                                                   \
    "Validation failed, no candidate, denied, or out of time.")                           \
  X(kTerminate, "terminate", "A bound is reached, or told to end.")

// X(enumerator, number, stable name, documentation)
#define JG_REASONS(X)                                                                              \
  X(kNone, 0, "none", "No reason applies.")                                                        \
  /* attach */                                                                                     \
  X(kAttachedToTransport, 1, "attached_to_transport",                                              \
    "The handshake was confirmed over this path.")                                                 \
  /* instability */                                                                                \
  X(kLossThresholdExceeded, 10, "loss_threshold_exceeded",                                         \
    "Loss over the window exceeds the policy.")                                                    \
  X(kConsecutiveDropExceeded, 11, "consecutive_drop_exceeded",                                     \
    "Too many consecutive packets lost.")                                                          \
  X(kHeartbeatTimeout, 12, "heartbeat_timeout",                                                    \
    "Authenticated silence beyond the threshold in force.")                                        \
  X(kLatencyThresholdExceeded, 13, "latency_threshold_exceeded", "Latency beyond the policy.")     \
  X(kTransportDead, 14, "transport_dead",                                                          \
    "The path is known to be dead (link down, probe unanswered).")                                 \
  X(kTransportRetiring, 15, "transport_retiring", "A planned move away from this path.")           \
  X(kTransportRebound, 16, "transport_rebound", "Authentic traffic from a new address.")           \
  /* switch start */                                                                               \
  X(kLossRecovery, 20, "loss_recovery", "Moving because of loss or latency.")                      \
  X(kDeadTransportRecovery, 21, "dead_transport_recovery",                                         \
    "Moving because the path is silent or dead.")                                                  \
  X(kPolicyForcedRecovery, 22, "policy_forced_recovery",                                           \
    "Moving because policy or a person says so.")                                                  \
  X(kInPlaceRecovery, 23, "in_place_recovery", "Fresh proof over the retained path.")              \
  /* degrade */                                                                                    \
  X(kVolatilePersisted, 30, "volatile_persisted", "Volatile for longer than the policy allows.")   \
  X(kSwitchRateLimited, 31, "switch_rate_limited", "Switches per minute used up.")                 \
  /* recovery ends */                                                                              \
  X(kReattachSuccess, 40, "reattach_success", "Validated and bound.")                              \
  X(kReattachValidationFailed, 41, "reattach_validation_failed",                                   \
    "The candidate failed validation.")                                                            \
  X(kNoCandidateTransports, 42, "no_candidate_transports", "No candidate is left to try.")         \
  X(kPolicyDenied, 43, "policy_denied", "Policy forbids it.")                                      \
  X(kRecoveryWindowExceeded, 44, "recovery_window_exceeded", "The recovery window ran out.")       \
  /* termination */                                                                                \
  X(kHandshakeTimeout, 50, "handshake_timeout", "The peer never confirmed the handshake.")         \
  X(kSessionLifetimeExceeded, 51, "session_lifetime_exceeded",                                     \
    "The session reached its lifetime.")                                                           \
  X(kTransportTtlExceeded, 52, "transport_ttl_exceeded", "Without a live transport for too long.") \
  X(kKeysExpired, 53, "keys_expired", "The keys reached their limit and were not renewed.")        \
  X(kSecurityFailure, 54, "security_failure", "Authentic and fresh input broke a security rule.")  \
  X(kOperatorTerminated, 55, "operator_terminated",                                                \
    "Ended by the operator, or the peer was revoked.")                                             \
  X(kPeerClosed, 56, "peer_closed", "Closed by the other side.")                                   \
  X(kSuperseded, 57, "superseded", "The peer's newer session reached ATTACHED.")                   \
  X(kGatewayStopping, 58, "gateway_stopping", "The gateway is going down in good order.")          \
  X(kGatewayLostSession, 59, "gateway_lost_session",                                               \
    "A stateless reset: the gateway knows no such session.")                                       \
  X(kOwnershipLost, 60, "ownership_lost", "Another node owns the session now.")                    \
  X(kInternalInconsistency, 61, "internal_inconsistency", "An invariant was found broken.")        \
  /* verdicts of a reattach (spec/jump.md "Order of verdicts") */                                  \
  X(kUnknownSession, 70, "unknown_session", "No such session.")                                    \
  X(kInvalidStateForReattach, 71, "invalid_state_for_reattach", "The state does not allow it.")    \
  X(kSessionExpired, 72, "session_expired", "The session's lifetime is over.")                     \
  X(kBadProof, 73, "bad_proof", "Proof of possession failed.")                                     \
  X(kReplayDetected, 74, "replay_detected", "Not fresh: the jump_seq is not above the last.")      \
  X(kStaleBindingVersion, 75, "stale_binding_version",                                             \
    "The peer's binding_version is not the current one.")                                          \
  X(kNotOwner, 76, "not_owner", "This node does not own the session.")                             \
  X(kCooldownActive, 77, "cooldown_active", "Too soon after the last switch.")                     \
  X(kInvalidTransportCandidate, 78, "invalid_transport_candidate",                                 \
    "Policy does not allow this transport.")                                                       \
  X(kPathNotValidated, 79, "path_not_validated", "The candidate did not answer its challenge.")    \
  X(kStaleRequest, 80, "stale_request", "The answer came later than the proof may be old.")        \
  X(kAtomicityFailed, 81, "atomicity_failed",                                                      \
    "The commit could not be applied whole, so not at all.")                                       \
  X(kAttemptsExhausted, 82, "attempts_exhausted", "Too many reattach attempts a minute.")          \
  /* handshake refusals */                                                                         \
  X(kHelloCounterLow, 90, "hello_counter_low",                                                     \
    "The HELLO counter is not above the highest accepted.")                                        \
  X(kNoCommonSuite, 91, "no_common_suite", "No AEAD suite in common.")                             \
  X(kCapacityExhausted, 92, "capacity_exhausted", "A configured limit is reached.")                \
  X(kUnknownPeer, 94, "unknown_peer", "No peer with this key is configured.")                      \
  X(kVersionUnsupported, 95, "version_unsupported", "No protocol version in common.")              \
  /* rekey */                                                                                      \
  X(kTimeElapsed, 100, "time_elapsed", "Keys reached their age.")                                  \
  X(kUsageLimit, 101, "usage_limit", "Keys reached their packet or block count.")                  \
  X(kTransportChange, 102, "transport_change", "Keys renewed with a new transport.")               \
  X(kPolicyTrigger, 103, "policy_trigger", "Keys renewed because policy or the operator says so.") \
  X(kSecurityEvent, 104, "security_event", "Keys renewed after a security event.")                 \
  X(kRekeyPending, 105, "rekey_pending", "Another change is pending.")                             \
  X(kWrongGeneration, 106, "wrong_generation", "The root generation is not the next one.")         \
  X(kCancelledByJump, 107, "cancelled_by_jump", "A jump cancelled an unconfirmed rekey.")          \
  /* policy */                                                                                     \
  X(kPolicyValid, 110, "policy_valid", "The policy was validated whole and applied.")              \
  X(kPolicyInvalid, 111, "policy_invalid", "The policy was refused; the last good one stays.")     \
  /* key lifecycle */                                                                              \
  X(kEpochInstalled, 120, "epoch_installed", "Traffic keys of a new epoch were installed.")        \
  X(kDrainOver, 121, "drain_over", "The previous epoch's drain is over; its keys are wiped.")      \
  X(kSessionEnded, 122, "session_ended", "The session ended; its keys are wiped.")                 \
  /* quota */                                                                                      \
  X(kQuotaNearlyUsed, 130, "quota_nearly_used", "The peer has used 80 % of its quota.")            \
  X(kQuotaUsedUp, 131, "quota_used_up", "The peer has used all of its quota; its data is dropped.")

// X(enumerator, stable name, is security event)
#define JG_EVENT_TYPES(X)                                                    \
  X(kSessionCreated, "SessionCreated", false)                                \
  X(kSessionStateChange, "SessionStateChange", false)                        \
  X(kTransitionRejected, "TransitionRejected", false)                        \
  X(kTransportAttached, "TransportAttached", false)                          \
  X(kTransportSwitch, "TransportSwitch", false)                              \
  X(kTransportSwitchDenied, "TransportSwitchDenied", false)                  \
  X(kTransportSwitchFailed, "TransportSwitchFailed", false)                  \
  X(kReattachAttempt, "ReattachAttempt", false)                              \
  X(kReattachResult, "ReattachResult", false)                                \
  X(kSessionTerminated, "SessionTerminated", false)                          \
  X(kKeyInstalled, "KeyInstalled", false)                                    \
  X(kKeyRotated, "KeyRotated", false)                                        \
  X(kKeyExpired, "KeyExpired", false)                                        \
  X(kRekeyDenied, "RekeyDenied", false)                                      \
  X(kSecurityReplayDetected, "SecurityReplayDetected", true)                 \
  X(kSecurityValidationFailed, "SecurityValidationFailed", true)             \
  X(kSecurityKeyCompromiseSuspected, "SecurityKeyCompromiseSuspected", true) \
  X(kPolicyApplied, "PolicyApplied", false)                                  \
  X(kPolicyRejected, "PolicyRejected", false)                                \
  X(kOwnershipChanged, "OwnershipChanged", false)                            \
  X(kQuotaReached, "QuotaReached", false)                                    \
  X(kEventsLost, "EventsLost", false)

enum class State : std::uint8_t {
#define X(e, name, doc) e,
  JG_STATES(X)
#undef X
};

enum class Trigger : std::uint8_t {
#define X(e, name, doc) e,
  JG_TRIGGERS(X)
#undef X
};

enum class Reason : std::uint16_t {
#define X(e, number, name, doc) e = (number),
  JG_REASONS(X)
#undef X
};

enum class EventType : std::uint8_t {
#define X(e, name, security) e,
  JG_EVENT_TYPES(X)
#undef X
};

inline constexpr std::array kAllStates{
#define X(e, name, doc) State::e,
    JG_STATES(X)
#undef X
};
inline constexpr std::array kAllTriggers{
#define X(e, name, doc) Trigger::e,
    JG_TRIGGERS(X)
#undef X
};
inline constexpr std::array kAllReasons{
#define X(e, number, name, doc) Reason::e,
    JG_REASONS(X)
#undef X
};
inline constexpr std::array kAllEventTypes{
#define X(e, name, security) EventType::e,
    JG_EVENT_TYPES(X)
#undef X
};

constexpr std::string_view to_string(State s) {
  switch (s) {
#define X(e, name, doc) \
  case State::e:        \
    return name;
    JG_STATES(X)
#undef X
  }
  return "?";
}

constexpr std::string_view to_string(Trigger t) {
  switch (t) {
#define X(e, name, doc) \
  case Trigger::e:      \
    return name;
    JG_TRIGGERS(X)
#undef X
  }
  return "?";
}

constexpr std::string_view to_string(Reason r) {
  switch (r) {
#define X(e, number, name, doc) \
  case Reason::e:               \
    return name;
    JG_REASONS(X)
#undef X
  }
  return "?";
}

constexpr std::string_view describe(Reason r) {
  switch (r) {
#define X(e, number, name, doc) \
  case Reason::e:               \
    return doc;
    JG_REASONS(X)
#undef X
  }
  return "?";
}

constexpr std::string_view to_string(EventType t) {
  switch (t) {
#define X(e, name, security) \
  case EventType::e:         \
    return name;
    JG_EVENT_TYPES(X)
#undef X
  }
  return "?";
}

constexpr bool is_security(EventType t) {
  switch (t) {
#define X(e, name, security) \
  case EventType::e:         \
    return security;
    JG_EVENT_TYPES(X)  // NOLINT(bugprone-branch-clone): a line for each type of the list
#undef X
  }
  return false;
}

/// The reason behind a number read from the wire; nothing for a number not in the list.
constexpr std::optional<Reason> reason_from_number(std::uint16_t number) {
  for (const Reason r : kAllReasons) {
    if (static_cast<std::uint16_t>(r) == number) return r;
  }
  return std::nullopt;
}

}  // namespace jumpgate
