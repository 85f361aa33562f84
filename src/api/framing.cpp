#include "api/framing.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <jumpgate/limits.hpp>

namespace jumpgate::api {

namespace {

// Connections the kernel holds for us: as many as we would serve.
constexpr int kBacklog = static_cast<int>(limits::kMaxApiClients);
constexpr mode_t kSocketMode = 0660;
constexpr mode_t kPrivateSocketMode = 0600;

std::unexpected<Error> cannot_connect(std::string message) {
  return std::unexpected(Error{ErrorCode::kCannotConnect, std::move(message)});
}

std::unexpected<Error> refused(std::string message) {
  return std::unexpected(Error{ErrorCode::kRefused, std::move(message)});
}

std::unexpected<Error> cannot_make(const std::string& path, int fault) {
  return refused(
      fmt::format("cannot make {}: {} (does its folder exist?)", path, std::strerror(fault)));
}

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return std::nullopt;
  std::ranges::copy(path, address.sun_path);
  return address;
}

int connect_once(const Socket& socket, const sockaddr_un& address) {
  if (!socket.is_open()) return errno;  // of its making
  // NOLINTNEXTLINE(*-reinterpret-cast): the sockets API asks for it
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(socket.fd(), generic, sizeof address) == 0 ? 0 : errno;
}

Socket make_socket() {
  return Socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

std::optional<gid_t> group_id(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const group* entry = ::getgrnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  return entry->gr_gid;
}

// Held while a socket's file is looked at, removed and made: of two programs that start at once the
// second would take the first's for a dead one's, as nobody listens at it yet. Its own file goes
// with it; who waited for one that has gone meanwhile begins anew.
class StartLock {
 public:
  explicit StartLock(const std::string& path) : path_(path + ".lock") {
    struct stat ours{};
    struct stat there{};
    do {
      file_ = Socket(
          ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPrivateSocketMode));
      if (!file_.is_open() || ::flock(file_.fd(), LOCK_EX) != 0 ||
          ::fstat(file_.fd(), &ours) != 0) {
        fault_ = errno;
        return;
      }
    } while (::lstat(path_.c_str(), &there) != 0 || there.st_ino != ours.st_ino);
  }
  StartLock(const StartLock&) = delete;
  StartLock& operator=(const StartLock&) = delete;
  ~StartLock() {
    if (fault_ == 0) ::unlink(path_.c_str());
  }
  [[nodiscard]] int fault() const { return fault_; }

 private:
  std::string path_;
  Socket file_;
  int fault_{0};
};

// A file that nobody answers at is what a dead process left; anything else is not ours to remove.
std::expected<void, Error> clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return refused(
        fmt::format("{} exists and is no socket: remove it, or configure another", path));
  }
  const Socket probe = make_socket();
  if (connect_once(probe, address) != ECONNREFUSED) {
    return refused(fmt::format("{} is in use: another instance is running", path));
  }
  if (::unlink(path.c_str()) != 0) {
    return refused(fmt::format("cannot remove the stale {}: {}", path, std::strerror(errno)));
  }
  return {};
}

// Linux gives the file the mode of the socket's own inode: from the first moment it has no more
// rights than it may have, and the process's umask stays untouched.
int bind_private(const Socket& socket, const sockaddr_un& address) {
  if (::fchmod(socket.fd(), kPrivateSocketMode) != 0) return errno;
  // NOLINTNEXTLINE(*-reinterpret-cast): the sockets API asks for it
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  return ::bind(socket.fd(), generic, sizeof address) == 0 ? 0 : errno;
}

std::expected<void, Error> open_to_group(const std::string& path, const Access& access) {
  if (access.group.empty()) return {};
  const auto group = group_id(access.group);
  if (!group) {
    return refused(
        fmt::format("no group '{0}': create it with 'groupadd --system {0}'", access.group));
  }
  if (::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0 ||
      ::chmod(path.c_str(), kSocketMode) != 0) {
    return refused(
        fmt::format("cannot give {} to group {}: {}", path, access.group, std::strerror(errno)));
  }
  return {};
}

bool has_supplementary_group(int fd, gid_t wanted) {
  std::vector<gid_t> groups(NGROUPS_MAX);
  auto size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) return false;
  groups.resize(size / sizeof(gid_t));
  return std::ranges::find(groups, wanted) != groups.end();
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  fd_ = other.release();
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

int Socket::release() {
  return std::exchange(fd_, -1);
}

std::expected<Socket, Error> listen_at(const std::string& path, const Access& access) {
  const auto address = address_of(path);
  if (!address)
    return refused(fmt::format("'{}' is no usable socket path (107 bytes at most)", path));
  const StartLock lock(path);
  if (lock.fault() != 0) return cannot_make(path, lock.fault());
  if (const auto clear = clear_stale(path, *address); !clear) return std::unexpected(clear.error());
  Socket socket = make_socket();
  if (!socket.is_open()) return refused(fmt::format("no socket: {}", std::strerror(errno)));
  if (const int fault = bind_private(socket, *address); fault != 0) {
    return cannot_make(path, fault);
  }
  if (const auto given = open_to_group(path, access); !given) {
    ::unlink(path.c_str());
    return std::unexpected(given.error());
  }
  if (::listen(socket.fd(), kBacklog) != 0) {
    ::unlink(path.c_str());
    return refused(fmt::format("cannot listen at {}: {}", path, std::strerror(errno)));
  }
  return socket;
}

std::expected<Socket, Error> connect_to(const std::string& path) {
  const auto address = address_of(path);
  if (!address) {
    return cannot_connect(fmt::format("'{}' is no usable socket path (107 bytes at most)", path));
  }
  Socket socket = make_socket();
  switch (const int fault = connect_once(socket, *address)) {
    case 0:
      return socket;
    case ENOENT:
    case ECONNREFUSED:
      return cannot_connect(fmt::format("nothing answers at {}: is it running?", path));
    case EACCES:
    case EPERM:
      return cannot_connect(
          fmt::format("no right to open {}: run as root or join its group", path));
    case EAGAIN:
      return cannot_connect(fmt::format("{} is busy: try again", path));
    default:
      return cannot_connect(fmt::format("cannot connect to {}: {}", path, std::strerror(fault)));
  }
}

bool peer_is_allowed(int fd, const Access& access) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == 0 || peer.uid == ::geteuid()) return true;
  const auto group = group_id(access.group);
  return group && (peer.gid == *group || has_supplementary_group(fd, *group));
}

SendResult send_message(int fd, std::string_view message) {
  if (message.size() > limits::kMaxApiMessage) return SendResult::kTooLarge;
  for (;;) {
    if (::send(fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
      return SendResult::kSent;
    }
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == ENOBUFS ? SendResult::kFull : SendResult::kClosed;
  }
}

ReceiveResult receive_message(int fd, std::string& message) {
  message.resize(limits::kMaxApiMessage);
  for (;;) {
    // MSG_TRUNC: the record's true length, so that a cut one is not taken for whole.
    const ssize_t size = ::recv(fd, message.data(), message.size(), MSG_DONTWAIT | MSG_TRUNC);
    // A reset is told once, of an end that closed over what we sent; what it said before stands behind.
    if (size < 0 && (errno == EINTR || errno == ECONNRESET)) continue;
    if (size < 0) {
      message.clear();
      return errno == EAGAIN ? ReceiveResult::kNothing : ReceiveResult::kClosed;
    }
    if (std::cmp_greater(size, message.size())) {
      message.clear();
      return ReceiveResult::kTooLarge;
    }
    message.resize(static_cast<std::size_t>(size));
    // An empty record can not be told from the end of the connection.
    return size == 0 ? ReceiveResult::kClosed : ReceiveResult::kMessage;
  }
}

bool wait_readable(int fd, Duration timeout) {
  pollfd ready{fd, POLLIN, 0};
  const std::int64_t wait_ms = std::clamp<std::int64_t>(timeout.ms(), 0, INT_MAX);
  return ::poll(&ready, 1, static_cast<int>(wait_ms)) > 0;
}

}  // namespace jumpgate::api
