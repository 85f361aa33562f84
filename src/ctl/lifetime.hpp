/// What time does to a session: its deadlines, in their order, and the work that waits for a later
/// tick.
///
/// Owner thread: the controller. Bound: one timer a session, armed at its earliest deadline; a due
/// timer costs a handful of comparisons. Failure: none; an end that finds no command is tried again
/// next tick.
#pragma once

#include "ctl/closing.hpp"
#include "ctl/core.hpp"
#include "ctl/exchange.hpp"
#include "ctl/handshake.hpp"
#include "ctl/rekey.hpp"

namespace jumpgate::ctl {

class Lifetimes {
 public:
  Lifetimes(Core& core, Closing& closing, Handshakes& handshakes, Exchanges& exchanges,
            Rekeys& rekeys)
      : core_(core),
        closing_(closing),
        handshakes_(handshakes),
        exchanges_(exchanges),
        rekeys_(rekeys) {}

  /// Applies every deadline that is due: before any message of the session is judged, too. False:
  /// the session has ended, and the reference may be dead; or it is to end, and takes nothing in.
  [[nodiscard]] bool expire(Session& session, MonoNs now);
  /// The session's timer fired.
  void on_timer(Session& session, MonoNs now);

 private:
  Core& core_;
  Closing& closing_;
  Handshakes& handshakes_;
  Exchanges& exchanges_;
  Rekeys& rekeys_;
};

}  // namespace jumpgate::ctl
