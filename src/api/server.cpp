#include "api/server.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jumpgate::api {

namespace {

using Json = nlohmann::json;

// Descriptors looked at in one round: every client, the listener, the feed and the wake-up.
constexpr std::size_t kRound = limits::kMaxApiClients + 3;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string error_message(const Json& id, const Error& error) {
  return dump(
      {{"id", id}, {"error", {{"code", to_string(error.code)}, {"message", error.message}}}});
}

}  // namespace

std::expected<std::unique_ptr<Server>, Error> Server::open(Options options, CallHandler& handler,
                                                           EventFeed* feed) {
  auto listener = listen_at(options.path, options.access);
  if (!listener) return std::unexpected(listener.error());
  Socket epoll(::epoll_create1(EPOLL_CLOEXEC));
  Socket wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.is_open() || !wake.is_open()) {
    return std::unexpected(Error{ErrorCode::kRefused, "out of file descriptors"});
  }
  std::unique_ptr<Server> server(new Server(std::move(options), handler, feed, std::move(*listener),
                                            std::move(epoll), std::move(wake)));
  const bool watched = server->watch(server->listener_.fd()) && server->watch(server->wake_.fd()) &&
                       (feed == nullptr || server->watch(feed->fd()));
  if (!watched) return std::unexpected(Error{ErrorCode::kRefused, "cannot watch the socket"});
  return server;
}

Server::Server(Options options, CallHandler& handler, EventFeed* feed, Socket listener,
               Socket epoll, Socket wake)
    : options_(std::move(options)),
      handler_(handler),
      feed_(feed),
      listener_(std::move(listener)),
      epoll_(std::move(epoll)),
      wake_(std::move(wake)) {}

Server::~Server() {
  stop();
  if (feed_ != nullptr) feed_->set_followed(false);
  ::unlink(options_.path.c_str());
}

void Server::poll_once(Duration timeout) {
  std::array<epoll_event, kRound> ready{};
  const std::int64_t wait_ms = std::clamp<std::int64_t>(timeout.ms(), 0, INT_MAX);
  const int count = ::epoll_wait(epoll_.fd(), ready.data(), static_cast<int>(ready.size()),
                                 static_cast<int>(wait_ms));
  for (int i = 0; i < count; ++i) {
    const int fd = ready[static_cast<std::size_t>(i)].data.fd;
    if (fd == listener_.fd()) accept_clients();
    if (feed_ != nullptr && fd == feed_->fd()) feed_followers();
    const auto client =
        std::ranges::find_if(clients_, [fd](const auto& c) { return c->socket.fd() == fd; });
    if (client != clients_.end()) serve(**client);
  }
  for (const auto& client : clients_)
    tell_loss(*client);
  drop_closing();
}

void Server::start() {
  stopping_ = false;
  thread_ = std::thread([this] {
    while (!stopping_)
      poll_once(seconds(1));
  });
}

void Server::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  static_cast<void>(::eventfd_write(wake_.fd(), 1));
  thread_.join();
  eventfd_t wakes = 0;
  static_cast<void>(::eventfd_read(wake_.fd(), &wakes));
}

void Server::accept_clients() {
  // Bounded by the backlog: one round never takes more than the kernel held.
  for (std::size_t i = 0; i < limits::kMaxApiClients; ++i) {
    Socket socket(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.is_open()) return;
    if (!peer_is_allowed(socket.fd(), options_.access)) {
      static_cast<void>(send_message(
          socket.fd(), error_message(nullptr, {ErrorCode::kRefused,
                                               "not allowed: run as root or join the group"})));
      refused_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (clients_.size() == limits::kMaxApiClients) {
      static_cast<void>(send_message(
          socket.fd(),
          error_message(nullptr, {ErrorCode::kBusy, "too many control connections: close one"})));
      refused_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (!watch(socket.fd())) return;
    clients_.push_back(std::make_unique<Client>());
    clients_.back()->socket = std::move(socket);
  }
}

void Server::serve(Client& client) {
  switch (receive_message(client.socket.fd(), buffer_)) {
    case ReceiveResult::kNothing:
      return;
    case ReceiveResult::kClosed:
      client.closing = true;
      return;
    case ReceiveResult::kTooLarge:
      static_cast<void>(send_message(
          client.socket.fd(),
          error_message(nullptr, {ErrorCode::kTooLarge, "a request has 65536 bytes at most"})));
      client.closing = true;
      return;
    case ReceiveResult::kMessage:
      break;
  }
  switch (send_message(client.socket.fd(), answer(client, buffer_))) {
    case SendResult::kSent:
      return;
    case SendResult::kFull:
    case SendResult::kTooLarge:
    case SendResult::kClosed:
      // Who asks without reading has no claim to the answer.
      refused_.fetch_add(1, std::memory_order_relaxed);
      client.closing = true;
  }
}

std::string Server::answer(Client& client, std::string_view message) {
  const Json request = Json::parse(message, nullptr, false);
  if (!request.is_object() || !request.contains("command") || !request["command"].is_string()) {
    return error_message(nullptr, {ErrorCode::kBadRequest, "expected {\"command\": ...}"});
  }
  const Json id = request.value("id", Json(nullptr));
  const Json arguments = request.value("arguments", Json::object());
  if (!arguments.is_object() || (!id.is_null() && !id.is_number_unsigned())) {
    return error_message(nullptr, {ErrorCode::kBadRequest, "id is a number, arguments an object"});
  }
  const std::string command = request["command"];
  if (command == "follow") {
    if (feed_ == nullptr) {
      return error_message(id, {ErrorCode::kRefused, "there are no events to follow here"});
    }
    client.follows = true;
    feed_->set_followed(true);
    return dump({{"id", id}, {"reply", Json::object()}});
  }
  const auto reply = handler_.call(command, arguments);
  if (!reply) return error_message(id, reply.error());
  std::string text = dump({{"id", id}, {"reply", *reply}});
  if (text.size() <= limits::kMaxApiMessage) return text;
  return error_message(id, {ErrorCode::kTooLarge, "the answer does not fit 65536 bytes"});
}

void Server::feed_followers() {
  const EventFeed::Taken taken = feed_->take();
  for (const auto& client : clients_) {
    if (!client->follows) continue;
    for (const std::string& line : taken.lines)
      follow(*client, line);
    client->lost += taken.lost;
  }
}

void Server::follow(Client& client, std::string_view line) {
  tell_loss(client);
  if (client.closing) return;
  if (line.ends_with('\n')) line.remove_suffix(1);
  // Behind an untold loss everything is lost too, so that the order stays true.
  const SendResult sent =
      client.lost > 0 ? SendResult::kFull : send_message(client.socket.fd(), line);
  if (sent == SendResult::kClosed) client.closing = true;
  if (sent != SendResult::kSent) ++client.lost;
}

void Server::tell_loss(Client& client) {
  if (client.lost == 0 || client.closing) return;
  const SendResult told = send_message(client.socket.fd(), dump({{"lost", client.lost}}));
  if (told == SendResult::kClosed) client.closing = true;
  if (told == SendResult::kSent) client.lost = 0;
}

void Server::drop_closing() {
  const auto closing = std::erase_if(clients_, [](const auto& client) { return client->closing; });
  if (closing == 0 || feed_ == nullptr) return;
  feed_->set_followed(
      std::ranges::any_of(clients_, [](const auto& client) { return client->follows; }));
}

bool Server::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return ::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace jumpgate::api
