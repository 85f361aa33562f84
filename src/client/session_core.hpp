/// What the parts of one session share: record, keys, epochs, binding, and the two ways out.
///
/// Purpose: Jumper, Rekeyer and Heartbeats each own their exchange; the state they act on is here,
/// and every change of it goes through a function that makes its event.
/// Owner thread: the client's loop. Bound: one object a session (two at most while one succeeds
/// another). Failure: a refused transition or commit is a fault of our own and ends the session
/// with internal_inconsistency.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "base/random.hpp"
#include "base/rtt_estimator.hpp"
#include "client/keyring.hpp"
#include "client/output.hpp"
#include "client/tunnel.hpp"
#include "client/uplinks.hpp"
#include "session/key_ledger.hpp"
#include "session/path_quality.hpp"
#include "session/policy.hpp"
#include "session/session_record.hpp"
#include "session/switch_budget.hpp"

namespace jumpgate::client {

/// The engine's surroundings, shared by all its sessions.
struct World {
  Output& output;
  base::RandomSource& random;
  Uplinks& uplinks;
  DropCounters& drops;
  net::OuterClass outer_class;  // of DATA's outer headers
  bool probe_path_mtu{false};   // false: each path carries an Ethernet's 1500
};

/// What the handshake leaves for a session.
struct WelcomeResult {
  wire::WelcomePayload payload;
  std::uint8_t id_key_phase{0};
  ConnectionId client_cid;
  std::uint64_t hello_counter{0};
  UplinkId uplink{kNoUplink};
  Endpoint gateway;
  Duration rtt{};
  crypto::RootSecret root;
};

/// How a control message came in, and under which root generation's key it opened.
struct Arrival {
  wire::Prefix prefix;
  std::uint32_t generation{0};
  UplinkId uplink{kNoUplink};
  Endpoint from;
};

struct TrafficTotals {
  std::uint64_t rx_packets{0};
  std::uint64_t rx_bytes{0};
  std::uint64_t tx_packets{0};
  std::uint64_t tx_bytes{0};
};

class SessionCore {
  session::TransitionAuthority authority_;  // before the record, which is made with it

 public:
  SessionCore(World& surroundings, Aead& aead, WelcomeResult&& welcome, MonoNs now);

  // ---- State
  [[nodiscard]] State state() const { return record.state(); }
  [[nodiscard]] bool over() const { return record.state() == State::kTerminated; }
  /// An event of the same step that goes before its SessionStateChange (spec/events.md "Order").
  struct Preface {
    EventType type{};
    Reason reason{Reason::kNone};
    audit::EventDetail detail;
    UplinkId uplink{kNoUplink};
  };
  /// Applies a transition and makes its event. False when the table forbids it: told, and the session
  /// has ended, since nobody may ask for such a one.
  [[nodiscard]] bool transition(Trigger trigger, Reason reason, MonoNs now,
                                const Preface* preface = nullptr);
  /// ATTACHED -> VOLATILE; in other states nothing. False as above.
  [[nodiscard]] bool declare_unstable(Reason cause, MonoNs now);
  /// Ends the session; keys are wiped. Once.
  void terminate(Reason reason, MonoNs now);
  /// Ends it for its successor. What is on its way to it is taken until drain_deadline.
  void supersede(MonoNs now);
  void declare_lost(MonoNs now);
  /// The retained binding carries packets, and well: a fresh proof over it may end the trouble.
  [[nodiscard]] bool path_is_healthy() const { return !lost && volatile_for == Reason::kNone; }
  /// It carries the session still, and badly.
  [[nodiscard]] bool path_is_bad() const { return !lost && volatile_for != Reason::kNone; }
  void declare_alive();
  /// The record's versions, each against the one that its exchange began in.
  [[nodiscard]] auto commit_binding(std::uint64_t expected) {
    return record.commit_binding(authority_, expected);
  }
  [[nodiscard]] auto commit_generation(std::uint32_t expected, MonoNs now) {
    return record.commit_generation(authority_, expected, {policy.keys, now});
  }

  /// A debug build stops where an invariant is broken: after each input.
  void check();

  // ---- Epochs
  [[nodiscard]] Epoch* current() { return tunnel.find(current_epoch); }
  [[nodiscard]] Epoch* next() { return next_epoch ? tunnel.find(*next_epoch) : nullptr; }
  /// The epoch traffic is sent in: the next one from the moment its route is proved or announced.
  [[nodiscard]] Epoch* sending() { return send_in_next && next() != nullptr ? next() : current(); }
  [[nodiscard]] const Route& route() { return current()->info().route; }
  [[nodiscard]] UplinkId current_uplink() const { return bound_uplink; }
  /// Above all numbers so far, and of another phase than the epoch in force.
  [[nodiscard]] bool may_install(std::uint64_t number) const;
  /// Installs the next epoch, in place of a former one; null when its number may not be. A draining
  /// epoch of the same phase ends.
  Epoch* install_next(const EpochInfo& info, std::uint64_t owner, MonoNs now);
  /// No jump is being answered: back to the epoch in force, but not from a rekey's. That one is
  /// heard by the gateway over the same path, and only in it does the gateway learn that the client
  /// has the new keys.
  void leave_next();
  void drop_next(MonoNs now);
  /// Keys of an epoch are in use: KeyInstalled. Their end is told once: KeyExpired.
  void keys_installed(const EpochInfo& info, MonoNs now);
  /// Next becomes current, the old one drains; no event, no transition.
  void promote_next(MonoNs now);
  /// Ends the drain when its time is over.
  void expire(MonoNs now);
  /// Of a session that is over: no key is left.
  void wipe_keys(MonoNs now);

  // ---- Sending
  void send_control(UplinkId uplink, const Endpoint& to, wire::Type type, const wire::IssuedId& id,
                    std::uint8_t id_key_phase,
                    std::span<const std::uint8_t, wire::kControlPayloadSize> payload);
  /// Seals and sends a small traffic message (HEARTBEAT, CLOSE). False at the key's hard limit.
  bool send_small(Epoch& epoch, wire::Type type, std::span<const std::uint8_t> plaintext);

  /// A client id in use neither in this session nor, in all likelihood, anywhere.
  [[nodiscard]] ConnectionId fresh_cid();
  void emit(EventType type, Reason reason, MonoNs now, const audit::EventDetail& detail = {},
            UplinkId uplink = kNoUplink);
  void emit(const Preface& event, MonoNs now) {
    emit(event.type, event.reason, now, event.detail, event.uplink);
  }
  /// Round trip to wait for over an uplink: its own estimate, else the session's.
  [[nodiscard]] Duration rtt_over(UplinkId uplink);

  World& world;
  session::Policy policy;
  session::SessionRecord record;
  session::SwitchBudget budget;
  Suite suite;
  Keyring keys;
  Tunnel tunnel;
  std::uint64_t owner_epoch;
  std::uint64_t hello_counter;
  std::uint64_t current_epoch;
  UplinkId bound_uplink;
  std::optional<std::uint64_t> previous_epoch;
  std::optional<std::uint64_t> next_epoch;
  std::uint64_t highest_epoch;
  bool send_in_next{false};
  MonoNs drain_deadline{kNever};
  wire::JumpIds jump_ids;
  std::uint8_t jump_id_phase;
  base::RttEstimator rtt;
  session::PathQuality quality;        // of the retained binding's path
  bool lost{false};                    // the retained binding is declared lost
  Reason volatile_for{Reason::kNone};  // the signal that stands against its path
  Reason trouble{Reason::kNone};       // the cause of the present VOLATILE
  Reason end_reason{Reason::kNone};
  Reason peer_reason{Reason::kNone};  // of the gateway's CLOSE
  TrafficTotals totals;
  std::uint64_t jumps{0};
  std::uint64_t control_close_seq{0};
  TunnelSetup setup;

 private:
  /// The transition and its events.
  void end(Reason reason, MonoNs now);
  [[nodiscard]] bool step(Trigger trigger, Reason reason, MonoNs now, const Preface* preface);
  void release_previous(MonoNs now);
  void keys_expired(std::uint64_t epoch, Reason reason, MonoNs now);

  std::uint64_t told_version_{1};  // of the last SessionStateChange
  session::KeyLedger told_keys_;
};

}  // namespace jumpgate::client
