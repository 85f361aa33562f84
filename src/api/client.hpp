/// The caller's side of a control socket.
///
/// Purpose: one call, one answer; or following events. jumpctl uses `request`, the client program's
/// command line uses `call`.
/// Owner thread: its owner. Bound: one call at a time, waiting at most `timeout`.
/// Failure: an Error that says what to do.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include <jumpgate/time.hpp>

#include "api/error.hpp"
#include "api/framing.hpp"
#include "api/protocol.hpp"

namespace jumpgate::api {

/// A call may wait for a reload of a large configuration.
inline constexpr Duration kCallTimeout = seconds(10);

/// What a follower receives: a line, or news of how many it has missed.
struct FollowedEvent {
  std::string line;       // one JSON object, without a newline; empty: a loss
  std::uint64_t lost{0};  // lines missed before what comes next
};

class Client {
 public:
  [[nodiscard]] static std::expected<Client, Error> connect(const std::string& path);
  /// Over a socket that is connected already.
  [[nodiscard]] static Client adopt(Socket socket) { return Client(std::move(socket)); }

  /// `arguments` is a JSON object in text. Returns the answer in text.
  [[nodiscard]] std::expected<std::string, Error> call(std::string_view command,
                                                       std::string_view arguments,
                                                       Duration timeout = kCallTimeout);
  /// A typed request to a gateway.
  [[nodiscard]] Response request(const Request& request, Duration timeout = kCallTimeout);

  /// Events from now on, by next_event. No call may follow on this connection.
  [[nodiscard]] std::expected<void, Error> follow();
  /// The next event; kBusy when `timeout` is over first.
  [[nodiscard]] std::expected<FollowedEvent, Error> next_event(Duration timeout);

 private:
  explicit Client(Socket socket) : socket_(std::move(socket)) {}
  [[nodiscard]] std::expected<std::string, Error> receive(Duration timeout);

  Socket socket_;
  std::uint64_t next_id_{1};
};

}  // namespace jumpgate::api
