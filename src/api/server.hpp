/// The control socket's server: clients, their requests, and followers of events.
///
/// Purpose: carry calls to a CallHandler and its answers back. It knows no command of its own but
/// "follow"; GatewayCalls (gateway_calls.hpp) gives the commands of protocol.hpp their meaning, and
/// the client program brings its own.
/// Owner thread: whoever calls poll_once, or its own after start(). Bound: limits::kMaxApiClients
/// clients, one message in work for each, kMaxApiMessage bytes. Failure: who is not allowed, too
/// many, or does not read is closed and counted; a slow follower loses lines, counted exactly.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>

#include "api/error.hpp"
#include "api/event_feed.hpp"
#include "api/framing.hpp"

namespace jumpgate::api {

/// Answers one call, at once.
class CallHandler {
 public:
  CallHandler() = default;
  CallHandler(const CallHandler&) = delete;
  CallHandler& operator=(const CallHandler&) = delete;
  CallHandler(CallHandler&&) = delete;
  CallHandler& operator=(CallHandler&&) = delete;
  virtual ~CallHandler() = default;
  virtual std::expected<nlohmann::json, Error> call(std::string_view command,
                                                    const nlohmann::json& arguments) = 0;
};

class Server {
 public:
  struct Options {
    std::string path;
    Access access;
  };

  /// `feed` may be null: then "follow" is refused. Handler and feed must outlive the server.
  [[nodiscard]] static std::expected<std::unique_ptr<Server>, Error> open(Options options,
                                                                          CallHandler& handler,
                                                                          EventFeed* feed);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;
  /// Stops the thread, closes everything, removes the socket file.
  ~Server();

  /// Waits at most `timeout` for something to do and does what there is, a bounded round of it.
  void poll_once(Duration timeout);
  /// For another event loop: readable when poll_once has something to do.
  [[nodiscard]] int fd() const { return epoll_.fd(); }

  /// poll_once on a thread of its own until stop().
  void start();
  void stop();

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  /// Connections closed because they were not allowed, too many, or did not read.
  [[nodiscard]] std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  struct Client {
    Socket socket;
    bool follows{false};
    bool closing{false};
    std::uint64_t lost{0};  // lines this follower has not been told of
  };

  Server(Options options, CallHandler& handler, EventFeed* feed, Socket listener, Socket epoll,
         Socket wake);
  void accept_clients();
  void serve(Client& client);
  [[nodiscard]] std::string answer(Client& client, std::string_view message);
  void feed_followers();
  static void follow(Client& client, std::string_view line);
  static void tell_loss(Client& client);
  void drop_closing();
  bool watch(int fd);

  Options options_;
  CallHandler& handler_;
  EventFeed* feed_;
  Socket listener_;
  Socket epoll_;
  Socket wake_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::string buffer_;
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace jumpgate::api
