/// A session's record: identity, state, versions, and the deadlines that follow from policy.
///
/// Purpose: the one place where a session's state is kept (spec/session-fsm.md).
/// Owner thread: the gateway's controller, or the client's engine; nobody else can change it, since
/// every mutation asks for a TransitionAuthority. Bound: one fixed-size object a session.
/// Failure: a refused transition or commit returns an error and has changed nothing.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include <jumpgate/reasons.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "session/fsm.hpp"
#include "session/key_deadlines.hpp"
#include "session/policy.hpp"
#include "session/transition_authority.hpp"

namespace jumpgate::session {

/// One applied transition: what its event says.
struct StateChange {
  State previous;
  State now;
  Trigger trigger;
  Reason reason;
  std::uint64_t state_version;
  bool operator==(const StateChange&) const = default;
};

/// A transition that time alone asks for.
struct DueTransition {
  Trigger trigger;
  Reason reason;
  bool operator==(const DueTransition&) const = default;
};

/// Why a commit of a binding or of a root generation was refused.
enum class CommitError : std::uint8_t {
  kStaleVersion,  // the expected version is not the current one
  kWrongState,    // a binding is made in BIRTH and RECOVERING only, keys while alive only
};

class SessionRecord {
 public:
  /// A session in BIRTH with state_version 1, binding_version 0 (none yet), root generation 0.
  SessionRecord(const TransitionAuthority& authority, SessionId id, const Policy& policy,
                MonoNs now);
  // There is one record of a session, and another's written over it would be a change that nobody
  // had the right to.
  SessionRecord(const SessionRecord&) = delete;
  SessionRecord& operator=(const SessionRecord&) = delete;
  SessionRecord(SessionRecord&&) = delete;
  SessionRecord& operator=(SessionRecord&&) = delete;
  ~SessionRecord() = default;

  /// Moves along the table. Entering ATTACHED needs a binding committed since the present state
  /// was entered (`kBindingNotCommitted`), so the two change together or not at all.
  [[nodiscard]] std::expected<StateChange, FsmError> apply(const TransitionAuthority& authority,
                                                           Trigger trigger, Reason reason,
                                                           MonoNs now);

  /// binding_version + 1, if it is `expected`; returns the new one. The first binding is 1.
  [[nodiscard]] std::expected<std::uint64_t, CommitError> commit_binding(
      const TransitionAuthority& authority, std::uint64_t expected);

  /// The keys of generation 0 are there: their time runs from `keys`.
  void begin_keys(const TransitionAuthority& authority, const KeyDeadlines& keys);
  /// root generation + 1, if it is `expected`; returns the new one. `keys`: of the new generation.
  [[nodiscard]] std::expected<std::uint32_t, CommitError> commit_generation(
      const TransitionAuthority& authority, std::uint32_t expected, const KeyDeadlines& keys);

  /// The retained binding is declared lost: the transportless clock starts, unless it runs already.
  void mark_transport_lost(const TransitionAuthority& authority, MonoNs now);
  /// Authentic traffic is back on the retained binding, or a new one is bound.
  void mark_transport_alive(const TransitionAuthority& authority);

  /// A new policy, strictly: deadlines that grow count from where they began, deadlines that shrink
  /// count from now and never end later than before. What has happened is not judged again.
  void adopt_policy(const TransitionAuthority& authority, const Policy& policy, MonoNs now);

  [[nodiscard]] const SessionId& id() const { return id_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::uint64_t state_version() const { return state_version_; }
  [[nodiscard]] std::uint64_t binding_version() const { return binding_version_; }
  [[nodiscard]] std::uint32_t root_generation() const { return root_generation_; }
  [[nodiscard]] std::uint64_t policy_version() const { return policy_version_; }
  [[nodiscard]] MonoNs created_at() const { return created_at_; }
  [[nodiscard]] MonoNs entered_at() const { return entered_at_; }
  [[nodiscard]] std::optional<MonoNs> lost_since() const { return lost_since_; }

  /// When the lifetime ends.
  [[nodiscard]] MonoNs lifetime_deadline() const { return lifetime_deadline_; }
  /// When the keys want renewal, and when they end the session; kNever before there are any.
  [[nodiscard]] MonoNs rekey_at() const { return keys_.rekey(); }
  [[nodiscard]] MonoNs keys_deadline() const { return keys_.reject(); }
  /// When a session without transport ends; kNever while its transport lives.
  [[nodiscard]] MonoNs transport_deadline() const { return transport_deadline_; }
  /// End of the state itself: handshake timeout in BIRTH, volatile_to_degraded in VOLATILE, the
  /// recovery window in RECOVERING; else kNever.
  [[nodiscard]] MonoNs state_deadline() const { return state_deadline_; }
  /// The earliest of the four: when to look at `due` again.
  [[nodiscard]] MonoNs next_deadline() const;
  /// What time asks for now: the lifetime first, then the keys, then the transportless TTL, then the
  /// state's own.
  [[nodiscard]] std::optional<DueTransition> due(MonoNs now) const;

 private:
  void arm_state_deadline(MonoNs now);

  SessionId id_;
  State state_{State::kBirth};
  bool committed_in_state_{false};
  std::uint32_t root_generation_{0};
  std::uint64_t state_version_{1};
  std::uint64_t binding_version_{0};
  std::uint64_t policy_version_;
  MonoNs created_at_;
  MonoNs entered_at_;
  std::optional<MonoNs> lost_since_;
  MonoNs lifetime_deadline_;
  KeyDeadlines keys_;
  MonoNs transport_deadline_{kNever};
  MonoNs state_deadline_{kNever};
  Duration transport_lost_ttl_;
  Duration volatile_to_degraded_;
  Duration recovery_window_;
};

}  // namespace jumpgate::session
