/// One session as the controller keeps it: the FSM record, the binding, the keys, and at most one
/// pending change.
///
/// Owner thread: the controller. Bound: one object of fixed size a slot, no heap behind it. What is
/// secret wipes itself when the session's slot is freed, which is after the worker has released its
/// own copies.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "bus/messages.hpp"
#include "crypto/key_schedule.hpp"
#include "session/epoch_slots.hpp"
#include "session/key_ledger.hpp"
#include "session/session_record.hpp"
#include "session/switch_budget.hpp"

namespace jumpgate::ctl {

struct HandshakeJob;

/// What the gateway may send on: at most one a session.
struct Binding {
  ConnectionId gateway_cid;
  ConnectionId client_cid;
  bus::OuterPath path;
};

/// An address that got a challenge (spec/jump.md "Challenge").
struct Challenged {
  Endpoint remote;
  Endpoint local;
  PathToken token{};
  MonoNs first_sent{};
  std::uint8_t sent{0};
  std::uint8_t allowed{0};  // what three times its bytes, and the bound on repetitions, permit
  bool answered{false};     // in time, from this very address
  bool misplaced{false};    // its token came from elsewhere: evented once
  ConnectionId client_cid;  // as the answer names it
};

/// A pending exchange: REATTACH, in-place check or rebinding check, from the proposal to the
/// commit.
struct Exchange {
  wire::ChallengeKind kind{};
  std::uint64_t jump_seq{0};
  std::uint64_t challenge_seq{0};
  std::uint64_t epoch{0};
  std::uint64_t replaces{0};  // binding_version when it began: committed against this one alone
  ConnectionId gateway_cid;
  ConnectionId client_cid;  // of the REATTACH; zero when the gateway started the exchange
  std::array<ConnectionId, limits::kMaxJumpIds> jump_ids{};
  std::array<Challenged, limits::kMaxChallengedAddresses> addresses{};
  std::uint8_t address_count{0};
  bool installed{false};               // the worker has the proposed epoch's receive keys
  std::optional<std::uint8_t> winner;  // address to commit, when commands were lacking so far
  Reason cause{Reason::kNone};         // of the TransportSwitch
  MonoNs begun{};
  Duration resend_interval{};
  MonoNs resend_at{kNever};       // gateway-started: the next repetition
  MonoNs probe_deadline{kNever};  // rebinding: until then the old address may answer first

  /// The address that the exchange is about: of two, the one that came later.
  [[nodiscard]] const Endpoint& newest() const { return addresses[address_count - 1].remote; }
};

/// The one answer kept, for repetitions of the request it answered.
struct KeptAnswer {
  enum class Kind : std::uint8_t { kNone, kRefusal, kCommit };
  Kind kind{Kind::kNone};
  std::uint64_t jump_seq{0};
  std::uint64_t challenge_seq{0};
  PathToken token{};
  Endpoint remote;
  Endpoint local;
  ConnectionId client_cid;  // a refusal goes to it
  Reason reason{Reason::kNone};
  std::uint32_t retry_after_ms{0};
  std::uint8_t repeats{0};
  bool acknowledged{false};  // commit: the worker has applied it
};

/// A rekey from the client's REKEY to the first message under the new generation.
struct PendingRekey {
  enum class Stage : std::uint8_t { kComputing, kInstalling, kInstalled };
  Stage stage{Stage::kComputing};
  std::uint32_t generation{0};  // one above that of its beginning: committed against that alone
  std::uint64_t epoch{0};
  Reason reason{Reason::kNone};
  crypto::RootSecret root;
  crypto::ControlSecret control_send;
  PublicKey gateway_ephemeral{};
  MonoNs made_at{};
  session::KeyDeadlines keys;
  bool confirmed{false};  // the peer uses it; the worker is told as soon as a command is free
};

/// What the last REKEY got, for its repetitions.
struct KeptRekeyReply {
  std::uint64_t rekey_seq{0};
  wire::RekeyReply reply;
  bool ready{false};
  std::uint8_t repeats{0};
};

/// How the worker is to keep the session alive; what was sent last and what is wanted now.
struct Liveness {
  bool quick{false};
  bool reattach_wanted{false};  // and the narrower tolerance in force
  bool rekey_wanted{false};
  std::uint64_t policy_version{0};
  std::uint64_t carried{0};  // of the peer's quota by others
  bool operator==(const Liveness&) const = default;
};

struct Session {
  /// The client is asked for new keys, and not for their age alone, which has time.
  [[nodiscard]] bool rekey_is_urgent() const {
    return rekey_wanted != Reason::kNone && rekey_wanted != Reason::kTimeElapsed;
  }
  /// New keys are to be asked for. The first reason stands, but age gives way to any other.
  void want_rekey(Reason reason) {
    if (!rekey_is_urgent()) rekey_wanted = reason;
  }
  /// Heard within its threshold, over a link that is up, and every figure within its own.
  [[nodiscard]] bool path_is_healthy() const {
    return !silent && !link_down && volatile_for == Reason::kNone;
  }

  Session(const session::TransitionAuthority& authority, const bus::SessionRef& at, SessionId id,
          std::uint32_t peer_index, const session::Policy& policy, MonoNs now)
      : ref(at), record(authority, id, policy, now), peer(peer_index) {}

  bus::SessionRef ref;
  session::SessionRecord record;
  std::uint64_t told_version{1};  // of the last SessionStateChange
  std::uint32_t peer;
  Suite suite{};
  Reason last_reason{Reason::kNone};   // of the last transition
  Reason peer_reason{Reason::kNone};   // of the peer's CLOSE
  bool installed{false};               // the worker was told of it: it ends by RemoveSession
  bool silent{false};                  // the worker reported silence of the bound path
  Reason volatile_for{Reason::kNone};  // the worker's signal on the bound path that stands
  bool link_down{false};               // of the port that the bound path leaves by
  bool healing{false};                 // the retained path deserves an in-place check

  // Handshake.
  HandshakeJob* job{nullptr};  // holds WELCOME until the worker has the session
  bool welcome_ready{false};   // WELCOME waits for a command
  std::uint64_t hello_counter{0};
  Endpoint hello_from;
  Endpoint hello_to;

  // Binding and keys.
  std::optional<Binding> binding;
  ConnectionId first_gateway_cid;  // of WELCOME
  ConnectionId first_client_cid;   // of HELLO
  std::array<ConnectionId, limits::kMaxJumpIds> jump_ids{};
  bool attach_acknowledged{false};
  crypto::RootSecret root;
  crypto::ControlSecret control_send;
  session::EpochSlots epochs{1};
  session::KeyLedger told_keys;
  Reason rekey_wanted{Reason::kNone};  // why the client is asked for new keys; kNone: it is not
  bus::LivenessPolicy liveness;        // of the policy that the session goes by

  // Changes.
  std::optional<Exchange> exchange;
  std::optional<PendingRekey> rekey;
  KeptAnswer answer;
  KeptRekeyReply rekey_reply;
  std::uint64_t last_jump_seq{0};
  std::uint64_t last_challenge_seq{0};
  std::uint64_t last_close_seq{0};
  std::uint64_t own_close_seq{0};
  session::SwitchBudget budget;
  std::optional<bus::OuterPath> former_path;  // until the worker has left it
  std::uint64_t charged{0};                   // bytes that its peer's quota has seen
  std::uint64_t cancel_epoch{0};              // proposal to be wiped as soon as a command is free
  Endpoint rebind_seen;  // an unknown address, and the authentic bytes reported from it
  std::uint64_t rebind_bytes{0};
  Endpoint rebind_refused;  // failed a rebinding check lately
  MonoNs rebind_refused_until{};

  // Liveness and timers.
  Liveness told;
  MonoNs retry_at{kNever};     // something waits for a command
  MonoNs drained_at{kNever};   // superseded: the worker is told to remove it
  MonoNs in_place_at{kNever};  // not before: the next in-place check
  Reason doom{Reason::kNone};  // ends for it with this input, or when a command is free
};

}  // namespace jumpgate::ctl
