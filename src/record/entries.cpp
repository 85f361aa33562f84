#include "record/entries.hpp"

namespace jumpgate::record {

std::string_view to_string(Input input) {
  switch (input) {
    case Input::kStart:
      return "start";
    case Input::kControl:
      return "control message";
    case Input::kReport:
      return "report";
    case Input::kAcknowledged:
      return "acknowledgement";
    case Input::kTick:
      return "tick";
    case Input::kLink:
      return "link";
    case Input::kTerminate:
      return "terminate";
    case Input::kAskRekey:
      return "rekey";
    case Input::kReloadBegun:
      return "beginning of a reload";
    case Input::kReload:
      return "reload";
    case Input::kApplyPolicy:
      return "policy";
    case Input::kRefused:
      return "refused policy";
    case Input::kStop:
      return "stop";
    case Input::kEnd:
      return "end";
  }
  return "unknown input";
}

std::string_view to_string(Call call) {
  switch (call) {
    case Call::kObtain:
      return "asks for a command";
    case Call::kSend:
      return "sends a command";
    case Call::kGiveBack:
      return "gives a command back";
    case Call::kRoutePeer:
      return "routes a peer";
    case Call::kUnroutePeer:
      return "unroutes a peer";
    case Call::kFigures:
      return "asks for traffic figures";
    case Call::kDatagram:
      return "sends a datagram";
    case Call::kAcquirePath:
      return "acquires a path";
    case Call::kReleasePath:
      return "releases a path";
    case Call::kObtainJob:
      return "asks for a handshake job";
    case Call::kSubmitJob:
      return "submits a handshake job";
    case Call::kPollJob:
      return "takes a handshake job that is done";
    case Call::kReleaseJob:
      return "releases a handshake job";
    case Call::kPublishRoutes:
      return "publishes routes";
    case Call::kRandom:
      return "draws random bytes";
    case Call::kEvent:
      return "publishes an event";
  }
  return "does something unknown";
}

}  // namespace jumpgate::record
