/// What a recording is made of: inputs of the controller's core, and under each the exchanges of the
/// core with its ports while it worked on it.
///
/// Owner thread: any. Bound: none of its own. Failure: none.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "record/fields.hpp"

namespace jumpgate::record {

enum class Input : std::uint8_t {
  kStart,         // settings, configuration
  kControl,       // a control message
  kReport,        // an edge from a worker
  kAcknowledged,  // a command came back
  kTick,          // time passed, and something was due or came
  kLink,          // of a port
  kTerminate,     // by the operator, and so are the next six
  kAskRekey,
  kReloadBegun,
  kReload,
  kApplyPolicy,
  kRefused,
  kStop,
  kEnd,  // of the recording, not of the core
};

enum class Call : std::uint8_t {
  kObtain,  // a command; was there one?
  kSend,    // it
  kGiveBack,
  kRoutePeer,
  kUnroutePeer,
  kFigures,   // of a session's traffic
  kDatagram,  // did it leave?
  kAcquirePath,
  kReleasePath,
  kObtainJob,  // of the handshake threads; was there one?
  kSubmitJob,
  kPollJob,  // one is done: what it found out
  kReleaseJob,
  kPublishRoutes,  // prepared before; why not, when not
  kRandom,         // bytes drawn
  kEvent,          // its line
};

[[nodiscard]] std::string_view to_string(Input input);
[[nodiscard]] std::string_view to_string(Call call);

/// How the core's exchanges with its ports are kept, or compared with those that were kept.
class Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;
  /// The core is at work on an input of the recording; what it asks else is nobody's business.
  [[nodiscard]] virtual bool open() const = 0;
  /// That input is the first: the core is being made.
  [[nodiscard]] virtual bool starting() const = 0;
  /// Of the core: it looks a job's peer up without asking.
  [[nodiscard]] virtual bool has_peer(std::uint32_t peer) const = 0;
  /// `result` is what the port said; it may be replaced by what it had said when it was recorded.
  /// False: there is no answer, and the core is to get the emptiest.
  [[nodiscard]] virtual bool exchange(Call call, std::span<const std::uint8_t> asked,
                                      Bytes& result) = 0;
  /// The answer was none that a port gives: the core did not get it.
  virtual void nonsense(Call call) = 0;
};

}  // namespace jumpgate::record
