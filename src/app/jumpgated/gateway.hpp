/// A whole gateway: every part made from the configuration in order, connected, run, and stopped in good order.
///
///   ports ── workers ══ channels ══ controller ── handshake threads
///                                       ├── events ── audit thread ── file, followers
///                                       └── mailbox ── API thread ── control socket
///
/// Owner thread: main, which becomes the controller's thread in run(). Bound: the footprint printed before anything is
/// taken; a stop takes kStopTime at most. Failure: create() says what is missing and how to mend it; what was taken
/// before is given back.
#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "config/gateway_config.hpp"

namespace jumpgate::app {

class Gateway {
 public:
  /// Closing sessions goes on for as long as this, then the process ends whatever is left.
  static constexpr Duration kStopTime = seconds(10);

  /// EAL runs already.
  static std::expected<std::unique_ptr<Gateway>, std::string> create(
      std::shared_ptr<const config::GatewayConfig> config);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();

  /// Serves until `stop` is set, then ends every session and returns. `ready` is called once all is up.
  void run(const std::atomic<bool>& stop, const std::function<void()>& ready);
  /// Reads the configuration file again; any thread. The lines say what changed, or why nothing did.
  std::string reload();

 private:
  struct Parts;
  explicit Gateway(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace jumpgate::app
