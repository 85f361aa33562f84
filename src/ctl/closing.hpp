/// How a session ends: by a bound, the operator, its peer, a newer session, or the gateway's stop.
///
/// Owner thread: the controller. Bound: one RemoveSession a session; a peer has one session that
/// drains, for limits::kDrainMax; the stop ends kStopSlice sessions a tick. Failure: without a free command the end waits for the next tick
/// (Session::doom, which each input's end looks at); the reason stays the first one.
#pragma once

#include <optional>

#include <jumpgate/wire.hpp>

#include "ctl/core.hpp"

namespace jumpgate::ctl {

class Closing {
 public:
  explicit Closing(Core& core) : core_(core) {}

  /// Ends the session now, or as soon as a command is free. The peer is told unless the reason says
  /// that it knows. Of a session that drains the drain is over.
  void terminate(Session& session, Reason reason, MonoNs now);
  /// The worker is to wipe a session that drains, now or as soon as a command is free. No effect on
  /// another.
  void end_drain(Session& session, MonoNs now);

  /// A CLOSE over the traffic keys (the worker opened it); `reason` as the peer numbers it.
  void on_peer_closed(Session& session, std::uint64_t reason, MonoNs now);
  void on_control_close(Session& session, const wire::ControlClose& message, MonoNs now);
  /// The worker has wiped its keys: the slot is free. The session that carries on for its peer, if
  /// any: what it shares a quota with is told.
  std::optional<bus::SessionRef> on_removed(Session& session, MonoNs now);

  /// Ends all sessions, a slice each tick; no new ones from now on.
  void begin_stop() { core_.stopping = true; }
  void stop_slice(MonoNs now);
  [[nodiscard]] bool stopped() const { return core_.stopping && core_.sessions.size() == 0; }

 private:
  /// Superseded: what the client sent by it before it knew is taken for limits::kDrainMax more.
  void drain(Session& session, bus::Command* command, MonoNs now);
  void send_control_close(Session& session, Reason reason);
  void finish(Session& session, Reason reason, bool told_worker, MonoNs now);
  /// What it has carried since the last call counts for its peer's quota.
  TrafficFigures charge(Session& session, Peer& peer);

  Core& core_;
  SlotHandle stop_cursor_{0};
};

}  // namespace jumpgate::ctl
