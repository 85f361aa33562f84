/// REATTACH: the verdicts in their order, then an exchange (spec/jump.md "What the gateway does").
///
/// Owner thread: the controller. Bound: limits::kMaxReattachAttemptsPerMin attempts a session, one
/// answer each, at most kMaxAnswerRepeats repetitions. Failure: verdicts 1 to 6 are silent, 7 to 9
/// answer with a sealed REFUSAL; a missing command is silence, so that the client's repetition
/// finds everything as it was.
#pragma once

#include <jumpgate/wire.hpp>

#include "ctl/core.hpp"
#include "ctl/exchange.hpp"
#include "ctl/rekey.hpp"

namespace jumpgate::ctl {

class Jumps {
 public:
  Jumps(Core& core, Exchanges& exchanges, Rekeys& rekeys)
      : core_(core), exchanges_(exchanges), rekeys_(rekeys) {}

  /// `generation`: of the control key that opened the message.
  void on_reattach(Session& session, const wire::Reattach& message, std::uint32_t generation,
                   const Endpoint& from, const Endpoint& to, MonoNs now);

 private:
  void repeat(Session& session, const wire::Reattach& message, const Endpoint& from,
              const Endpoint& to, MonoNs now);
  void deny(Session& session, const wire::Reattach& message, Reason reason, Duration retry_after,
            const Endpoint& from, const Endpoint& to, MonoNs now);
  void accept(Session& session, const wire::Reattach& message, const Endpoint& from,
              const Endpoint& to, MonoNs now);

  Core& core_;
  Exchanges& exchanges_;
  Rekeys& rekeys_;
};

}  // namespace jumpgate::ctl
