/// The gateway's controller, sans-I/O: the only writer of every session's FSM record.
///
///   worker reports ----+                       +---> commands to workers (WorkerLink)
///   acknowledgements --+--> Controller --------+---> datagrams (DatagramOut)
///   handshake jobs ----+    one input at a     +---> events (audit::EventLog)
///   operator, time ----+    time, with `now`   +---> handshake jobs (HandshakeQueue)
///
/// For each input: deadlines that are due first, then policy, then the transition, then its event,
/// then one command. Owner thread: one. Bound: every table has its size from Settings; tick() does
/// at most kTimersPerTick timers, kJobsPerTick handshake results and one slice of whatever goes
/// over all sessions. Failure: each input has one visible outcome: a message, an event or a
/// counter.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "bus/messages.hpp"
#include "config/gateway_config.hpp"
#include "ctl/closing.hpp"
#include "ctl/core.hpp"
#include "ctl/exchange.hpp"
#include "ctl/handshake.hpp"
#include "ctl/input_tap.hpp"
#include "ctl/jump.hpp"
#include "ctl/lifetime.hpp"
#include "ctl/path_checks.hpp"
#include "ctl/port_links.hpp"
#include "ctl/rekey.hpp"
#include "ctl/reload.hpp"
#include "ctl/reset.hpp"
#include "ctl/views.hpp"

namespace jumpgate::ctl {

class Controller {
 public:
  static constexpr std::size_t kTimersPerTick = 2048;
  static constexpr std::size_t kJobsPerTick = 64;

  /// `config` gives peers and policy; its routes are published here for the first time.
  Controller(const Settings& settings, const Ports& ports,
             std::shared_ptr<const config::GatewayConfig> config, crypto::ResetKey reset_key,
             MonoNs now);
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;
  ~Controller() = default;

  /// Why the first routes could not be published; nothing when they were.
  [[nodiscard]] const std::expected<void, std::string>& started() const { return started_; }

  /// Told of each input from now on; nullptr: nobody.
  void set_tap(InputTap* tap) { tap_ = tap; }

  // ---- Inputs
  // ------------------------------------------------------------------------------------------------------
  /// A HELLO as it came.
  void on_handshake(std::span<const std::uint8_t> datagram, const Endpoint& from,
                    const Endpoint& to, std::uint8_t worker, MonoNs now);
  /// The plaintext of an authentic control message; the report names session, type, generation and
  /// addresses.
  void on_control(const bus::Report& report,
                  std::span<const std::uint8_t, wire::kControlPayloadSize> payload, MonoNs now);
  /// Every other report about sessions: edges, unknown ids. Reports with frames are not the core's.
  void on_report(const bus::Report& report, MonoNs now);
  /// A command came back; the object stays the caller's.
  void on_acknowledged(const bus::Command& command, MonoNs now);
  /// The link of one of the gateway's ports came up or went down.
  void on_link(std::uint8_t port, bool up);
  /// Time passes: call at least every few milliseconds.
  void tick(MonoNs now);

  // ---- Operator
  // ----------------------------------------------------------------------------------------------------
  /// Ends a session by order; false when it has ended already.
  bool terminate(const SessionId& id, MonoNs now);
  /// Asks a session's client for new keys by order (Rekeys::ask).
  [[nodiscard]] std::expected<Reason, std::string> ask_rekey(const SessionId& id, MonoNs now);
  /// A reload in three steps, of which the second is for another thread: the basis (Reloads::begin),
  [[nodiscard]] std::optional<ReloadBasis> begin_reload(MonoNs now);
  /// the plan (plan_reload); any thread, one at a time,
  [[nodiscard]] std::expected<ReloadPlan, std::string> plan_reload(
      const ReloadBasis& basis, std::shared_ptr<const config::GatewayConfig> next) const;
  /// and the swap. The plan then holds what it took the place of.
  [[nodiscard]] std::expected<std::vector<std::string>, std::string> reload(ReloadPlan& plan,
                                                                            MonoNs now);
  /// All three at once: for tests and the simulation.
  [[nodiscard]] std::expected<std::vector<std::string>, std::string> reload(
      std::shared_ptr<const config::GatewayConfig> next, MonoNs now);
  /// A policy with its profiles alone; the fields that changed (Reloads::apply_policy).
  [[nodiscard]] std::expected<std::vector<std::string>, std::string> apply_policy(
      const session::PolicySet& next, std::string how, PolicyApplication application, MonoNs now);
  [[nodiscard]] const session::PolicySet& policies() const { return core_.policies; }
  [[nodiscard]] const PolicyHistory& policy_history() const { return reloads_.history(); }
  /// Sessions are still being given the newest policy.
  [[nodiscard]] bool policy_sweeping() const { return reloads_.sweeping(); }
  /// A new configuration or policy was not valid: said as an event, nothing changed (Reloads::refuse).
  void reload_refused(std::string_view field, MonoNs now);
  /// No new sessions; the running ones end, a slice each tick, with a CLOSE to each peer.
  void begin_stop();
  [[nodiscard]] bool stopped() const { return closing_.stopped(); }

  [[nodiscard]] Views views() { return Views(core_); }
  [[nodiscard]] const Counters& counters() const { return core_.counters; }
  [[nodiscard]] const config::GatewayConfig& config() const { return reloads_.current(); }
  /// No timer fires before this time.
  [[nodiscard]] MonoNs next_wake() const { return core_.wheel.next_wake(); }
  /// For tests and the simulation: reading only.
  [[nodiscard]] const Session* find(const SessionId& id) { return core_.sessions.find(id); }
  [[nodiscard]] std::uint32_t session_count() const { return core_.sessions.size(); }
  [[nodiscard]] std::uint32_t peer_count() const { return core_.peers.size(); }
  [[nodiscard]] std::uint64_t session_looks() const { return core_.sessions.looks(); }
  [[nodiscard]] std::uint64_t peer_looks() const { return core_.peers.looks(); }

 private:
  void judge_control(Session& session, const bus::Report& report,
                     std::span<const std::uint8_t, wire::kControlPayloadSize> payload, MonoNs now);
  void refused_by_worker(Session& session, Ack ack, std::uint64_t number, MonoNs now);
  void settle(const bus::SessionRef& ref, MonoNs now);

  InputTap* tap_{nullptr};
  Core core_;
  Closing closing_;
  std::expected<void, std::string> started_;
  Handshakes handshakes_;
  Rekeys rekeys_;
  Exchanges exchanges_;
  Jumps jumps_;
  PathChecks path_checks_;
  PortLinks links_;
  Lifetimes lifetimes_;
  Resets resets_;
  Reloads reloads_;
};

}  // namespace jumpgate::ctl
