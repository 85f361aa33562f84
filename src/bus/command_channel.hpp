/// Commands from the controller to one worker, and their acknowledgements back.
///
/// Purpose: each Command lives in one pool; to hold one is the credit for both rings, since each
/// ring has room for the whole pool. So send() and acknowledge() can not fail. Owner threads:
/// obtain, send, poll_ack and release are the controller's; receive and acknowledge the worker's.
/// The pool's free list is the controller's alone. Bound: `commands` objects. Failure: obtain()
/// returns nullptr, the controller tries again next tick. Keys: commands carry them, so the pool
/// lies in locked memory; the worker wipes a body before it acknowledges, the controller may wipe
/// one it never sent by release().
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bus/messages.hpp"
#include "bus/ring.hpp"
#include "bus/zone.hpp"

namespace jumpgate::bus {

/// Overwrites the body, keys included, and leaves a RemoveSession without meaning in it.
void wipe_body(Command& command);

class CommandChannel {
 public:
  static std::size_t footprint(std::size_t commands);
  static std::expected<std::unique_ptr<CommandChannel>, std::string> create(unsigned worker,
                                                                            std::size_t commands,
                                                                            int socket);
  CommandChannel(const CommandChannel&) = delete;
  CommandChannel& operator=(const CommandChannel&) = delete;
  ~CommandChannel() = default;

  // ---- controller ----
  [[nodiscard]] Command* obtain();
  void send(Command* command);
  [[nodiscard]] Command* poll_ack();
  void release(Command* command);
  [[nodiscard]] std::size_t available() const { return free_.size(); }

  // ---- worker ----
  [[nodiscard]] Command* receive();
  void acknowledge(Command* command);

 private:
  CommandChannel() = default;

  Zone zone_;
  std::span<Command> pool_;
  std::vector<Command*> free_;  // controller
  Ring<Command*> down_;
  Ring<Command*> up_;
};

}  // namespace jumpgate::bus
