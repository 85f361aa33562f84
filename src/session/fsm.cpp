#include "session/fsm.hpp"

namespace jumpgate::session {

std::string_view to_string(FsmError error) {
  switch (error) {
    case FsmError::kAlreadyTerminated:
      return "already_terminated";
    case FsmError::kTriggerNotAllowed:
      return "trigger_not_allowed";
    case FsmError::kReasonNotAllowed:
      return "reason_not_allowed";
    case FsmError::kBindingNotCommitted:
      return "binding_not_committed";
  }
  return "?";
}

}  // namespace jumpgate::session
