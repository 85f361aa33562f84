/// How a session ends: by a bound, the operator, its peer, a newer session, or the gateway's stop.
///
/// Owner thread: the controller. Bound: one RemoveSession a session; the stop ends kStopSlice
/// sessions a tick. Failure: without a free command the end waits for the next tick
/// (Session::doom, which each input's end looks at); the reason stays the first one.
#pragma once

#include <jumpgate/wire.hpp>

#include "ctl/core.hpp"

namespace jumpgate::ctl {

class Closing {
 public:
  explicit Closing(Core& core) : core_(core) {}

  /// Ends the session now, or as soon as a command is free. The peer is told unless the reason says
  /// that it knows.
  void terminate(Session& session, Reason reason, MonoNs now);

  /// A CLOSE over the traffic keys (the worker opened it); `reason` as the peer numbers it.
  void on_peer_closed(Session& session, std::uint64_t reason, MonoNs now);
  void on_control_close(Session& session, const wire::ControlClose& message, MonoNs now);
  /// The worker has wiped its keys: the slot is free.
  void on_removed(Session& session, MonoNs now);

  /// Ends all sessions, a slice each tick; no new ones from now on.
  void begin_stop() { core_.stopping = true; }
  void stop_slice(MonoNs now);
  [[nodiscard]] bool stopped() const { return core_.stopping && core_.sessions.size() == 0; }

 private:
  void send_control_close(Session& session, Reason reason);
  void finish(Session& session, Reason reason, bool told_worker, MonoNs now);

  Core& core_;
  SlotHandle stop_cursor_{0};
};

}  // namespace jumpgate::ctl
