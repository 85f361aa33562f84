/// What all parts of the controller share: its settings, its tables, its ports, and the few
/// operations through which everything goes: a transition with its event, a control message, keys
/// of an epoch, ids.
///
/// Owner thread: the controller. Bound: all tables have their size from Settings. Failure: stated
/// at each call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <jumpgate/reasons.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "audit/event_log.hpp"
#include "base/random.hpp"
#include "base/timer_wheel.hpp"
#include "base/token_bucket.hpp"
#include "crypto/connection_id.hpp"
#include "ctl/counters.hpp"
#include "ctl/handshake_job.hpp"
#include "ctl/peers.hpp"
#include "ctl/ports.hpp"
#include "ctl/session.hpp"
#include "ctl/session_store.hpp"
#include "session/policy_set.hpp"

namespace jumpgate::ctl {

/// Fixed for the life of the process.
struct Settings {
  std::uint8_t node_id{0};
  std::uint64_t owner_epoch{1};
  unsigned workers{1};
  std::uint32_t slots_per_worker{0};
  std::uint32_t max_sessions{0};
  std::uint32_t max_peers{0};
  std::uint16_t inner_mtu{0};
  std::vector<Suite> suites;
  std::uint32_t handshakes_per_second{1000};
  PublicKey public_key{};                                           // the gateway's
  std::array<std::uint8_t, crypto::CidCipher::kKeySize> cid_key{};  // fresh at each boot
  std::uint8_t id_key_phase{0};  // the other one than at the boot before
};

struct Ports {
  WorkerLink& workers;
  DatagramOut& datagrams;
  OuterPaths& paths;
  HandshakeQueue& handshakes;
  RouteBook& routes;
  audit::EventLog& events;
  base::RandomSource& random;
};

/// What a command's acknowledgement means: the high byte of its tag; the rest is an epoch or a
/// sequence number.
enum class Ack : std::uint8_t {
  kInstall = 1,
  kAttach,
  kPropose,
  kCommit,
  kCancelEpoch,
  kInstallGeneration,
  kConfirmGeneration,
  kCancelGeneration,
  kLiveness,
  kDrain,
  kRemove,
};

/// How long something waits that found no command free: one tick.
inline constexpr Duration kRetryDelay = milliseconds(1);

class Core {
 public:
  Core(Settings settings, const Ports& ports, session::PolicySet policies,
       crypto::ResetKey reset_key, MonoNs now);

  // ---- Commands: obtain before a transition, send after it.
  // -------------------------------------------------------
  /// Nothing when the pool is empty: counted, and the session is looked at again next tick.
  [[nodiscard]] bus::Command* obtain(Session& session, MonoNs now);
  /// The body stands in the command already.
  void send(Session& session, bus::Command* command, Ack ack, std::uint64_t number);
  template <class Body>
    requires(!bus::CarriesKeys<Body>)
  void send(Session& session, bus::Command* command, Ack ack, std::uint64_t number,
            const Body& body) {
    command->body = body;
    send(session, command, ack, number);
  }
  /// Gives back one that was not needed.
  void release(Session& session, bus::Command* command);

  // ---- Transitions and events
  // --------------------------------------------------------------------------------------
  /// An event of the same step that goes before its SessionStateChange.
  struct Preface {
    EventType type{};
    Reason reason{Reason::kNone};
    audit::EventDetail detail;
  };
  /// One step of the table with its one SessionStateChange. False when it is forbidden: counted and
  /// evented, and the state stays. Nobody may ask for such a one, so the session is to end.
  [[nodiscard]] bool transition(Session& session, Trigger trigger, Reason reason, MonoNs now,
                                const Preface* preface = nullptr);
  /// The switches of this minute are used up: VOLATILE -> DEGRADED; in other states nothing.
  [[nodiscard]] bool degrade_for_rate(Session& session, MonoNs now);
  /// From any state with a binding to RECOVERING, out of ATTACHED by way of VOLATILE for `cause`.
  [[nodiscard]] bool enter_recovering(Session& session, Reason cause, Reason start, MonoNs now);
  void emit(const Session& session, EventType type, Reason reason, const audit::EventDetail& detail,
            MonoNs now);

  // ---- What else changes a record
  // ----------------------------------------------------------------------------------
  // Only the core has the right to, and of these none is a transition.
  [[nodiscard]] Session* create(SessionId id, std::uint32_t peer, std::uint8_t preferred,
                                MonoNs now) {
    return sessions.create(authority_, id, peer, preferred, policy_of(peer), now);
  }
  void begin_keys(Session& session, MonoNs now) {
    session.record.begin_keys(authority_, {policy_of(session).keys, now});
  }
  [[nodiscard]] auto commit_binding(Session& session, std::uint64_t expected) {
    return session.record.commit_binding(authority_, expected);
  }
  [[nodiscard]] auto commit_generation(Session& session, std::uint32_t expected,
                                       const session::KeyDeadlines& keys) {
    return session.record.commit_generation(authority_, expected, keys);
  }
  void mark_transport_lost(Session& session, MonoNs now) {
    session.record.mark_transport_lost(authority_, now);
  }
  void mark_transport_alive(Session& session) { session.record.mark_transport_alive(authority_); }
  /// The session goes by its policy in force, and so do the keys it is making.
  void adopt_policy(Session& session, MonoNs now);
  /// Keys of an epoch are there: KeyInstalled. Their end is told once: KeyExpired.
  void keys_installed(Session& session, std::uint64_t epoch, std::uint32_t generation, MonoNs now);
  void keys_expired(Session& session, std::uint64_t epoch, Reason reason, MonoNs now);
  void all_keys_expired(Session& session, Reason reason, MonoNs now);
  /// About the node, not about a session.
  void emit_node(EventType type, Reason reason, const audit::EventDetail& detail, MonoNs now);
  /// Security events, at most ten a second in all; what was left out is counted into the next one.
  void emit_security(const Session* session, EventType type, Reason reason, const Endpoint& from,
                     MonoNs now);

  // ---- Messages
  // ----------------------------------------------------------------------------------------------------
  /// Seals under the session's present generation and sends; false when it did not leave.
  bool send_control(const Session& session, wire::Type type, ConnectionId to_cid,
                    std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                    const Endpoint& local, const Endpoint& remote);

  /// Ends the object; counts a slot whose connection ids are used up with it.
  void destroy(Session& session);

  // ---- Ids and keys
  // ------------------------------------------------------------------------------------------------
  /// A fresh id of the session's slot; nothing when its generations are used up.
  [[nodiscard]] std::optional<ConnectionId> issue_id(const Session& session);
  /// As many jump ids as the policy has candidates; false when generations are used up.
  [[nodiscard]] bool issue_jump_ids(const Session& session,
                                    std::array<ConnectionId, limits::kMaxJumpIds>& ids);
  [[nodiscard]] wire::IssuedId with_token(ConnectionId cid) const;
  [[nodiscard]] wire::JumpIds with_tokens(
      const std::array<ConnectionId, limits::kMaxJumpIds>& ids) const;
  /// Both write into a command's body: a key is never copied to anywhere else.
  void derive_epoch(const Session& session, const crypto::RootSecret& root,
                    const session::KeyLedger::Entry& epoch, std::uint64_t binding_version,
                    bus::EpochKeys& out) const;
  void derive_control(const Session& session, const crypto::RootSecret& root,
                      std::uint32_t generation, bus::ControlReceiveKey& out) const;

  // ---- Bookkeeping at the end of each input
  // ------------------------------------------------------------------------
  /// Tells the worker how to keep the session alive, when that has changed.
  void sync_liveness(Session& session, MonoNs now);
  /// Bytes of the peer's sessions that count for its quota before one that begins now.
  [[nodiscard]] std::uint64_t carried_so_far(const Peer& peer) const;
  /// A worker says that so much of the peer's quota is used up: once for each share and quota it is
  /// told.
  void on_quota(const Session& session, std::uint64_t percent, MonoNs now);
  /// Arms the session's timer at its next deadline.
  void arm(Session& session);
  [[nodiscard]] bus::LivenessPolicy liveness_policy(const Session& session) const;
  /// The one in force for the session's peer: of its profile, or the base.
  [[nodiscard]] const session::Policy& policy_of(const Session& session) const {
    return policy_of(session.peer);
  }
  [[nodiscard]] const session::Policy& policy_of(std::uint32_t peer) const {
    return policies.of(peers.config(peer).profile);
  }
  [[nodiscard]] std::string_view peer_name(const Session& session) const {
    return peers.config(session.peer).name;
  }

  const Settings settings;
  const Ports ports;
  session::PolicySet policies;
  Counters counters;
  SessionStore sessions;
  PeerTable peers;
  base::TimerWheel wheel;
  const crypto::ResetKey reset_key;
  bool stopping{false};
  std::uint64_t attached{0};  // sessions in ATTACHED

 private:
  void emit_rejected(const Session& session, Trigger trigger, Reason reason, MonoNs now);

  session::TransitionAuthority authority_;
  crypto::CidCipher cid_cipher_;
  base::TokenBucket security_events_;
  std::uint64_t security_suppressed_{0};
  base::TokenBucket rejection_events_;
  std::uint64_t rejections_suppressed_{0};
};

/// Of the ReattachResult that ends the session's exchange; `from` is the address it speaks of.
[[nodiscard]] audit::ReattachDetail result_detail(const Session& session, const Exchange& exchange,
                                                  const Endpoint& from, MonoNs now);

}  // namespace jumpgate::ctl
