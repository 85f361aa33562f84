/// Messages over a local socket: one SOCK_SEQPACKET record is one JSON text
/// (spec/control-socket.md). Knows no message's meaning, so the gateway and the client program
/// share it.
///
/// Purpose: listen, connect, send and receive whole messages; know who is calling.
/// Owner thread: one a socket. Bound: limits::kMaxApiMessage bytes a message.
/// Failure: an error in words that says what to do; sends never wait for a reader.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <sys/types.h>

#include <jumpgate/time.hpp>

#include "api/error.hpp"

namespace jumpgate::api {

/// A descriptor that closes itself.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket(Socket&& other) noexcept : fd_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  int release();

 private:
  int fd_{-1};
};

/// Who may open the socket besides root and the owner of the process: members of this group.
struct Access {
  std::string group;  // empty: nobody else
};

/// Makes the socket file (mode 0660, root:group) and listens, non-blocking. A file left by a dead
/// process is replaced; one that answers is an error ("already running"). Of programs that do so at
/// once PATH.lock (0600, gone afterwards) lets one at a time.
[[nodiscard]] std::expected<Socket, Error> listen_at(const std::string& path, const Access& access);

/// Connects to a listening program.
[[nodiscard]] std::expected<Socket, Error> connect_to(const std::string& path);

/// True when the process at the other end may use the socket: root, our own user, or a member of
/// the group. Asked of the kernel (SO_PEERCRED, SO_PEERGROUPS), not of the peer.
[[nodiscard]] bool peer_is_allowed(int fd, const Access& access);

enum class SendResult : std::uint8_t { kSent, kFull, kTooLarge, kClosed };
/// Sends one message whole, or not at all; never waits.
[[nodiscard]] SendResult send_message(int fd, std::string_view message);

enum class ReceiveResult : std::uint8_t { kMessage, kNothing, kTooLarge, kClosed };
/// Receives one message into `message`; never waits.
[[nodiscard]] ReceiveResult receive_message(int fd, std::string& message);

/// Waits until something can be read; false when `timeout` is over first.
[[nodiscard]] bool wait_readable(int fd, Duration timeout);

}  // namespace jumpgate::api
