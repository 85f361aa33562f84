#include "link_faulty/control.hpp"

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace jumpgate::link_faulty {
namespace {

using nlohmann::json;

std::unexpected<std::string> socket_failure(const std::string& path, const char* what) {
  return std::unexpected(fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

bool address_of(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return true;
}

Duration from_ms(double ms) {
  return nanoseconds(std::llround(ms * 1e6));
}

/// The settings after the request, or what is wrong with it.
std::expected<FaultSettings, std::string> patched(FaultSettings settings, const json& request) {
  for (const auto& [key, value] : request.items()) {
    if (key == "direction") {
      continue;
    }
    if (!value.is_number()) {
      return std::unexpected(fmt::format("{} must be a number", key));
    }
    const double number = value.get<double>();
    // Bounded before the conversion to integers, which would be undefined beyond their range.
    if (!(number >= 0 && number <= 1e6)) {
      return std::unexpected(fmt::format("{} must be from 0 to 1000000", key));
    }
    if (key == "delay_ms") {
      settings.delay = from_ms(number);
    } else if (key == "jitter_ms") {
      settings.jitter = from_ms(number);
    } else if (key == "loss") {
      settings.loss = number;
    } else if (key == "duplicate") {
      settings.duplicate = number;
    } else if (key == "reorder") {
      settings.reorder = number;
    } else if (key == "reorder_ms") {
      settings.reorder_hold = from_ms(number);
    } else if (key == "rate_mbit") {
      settings.rate_bps = static_cast<std::uint64_t>(std::llround(number * 1e6));
    } else if (key == "rate_queue_ms") {
      settings.rate_queue = from_ms(number);
    } else {
      return std::unexpected(fmt::format("unknown key {}", key));
    }
  }
  if (auto valid = validate(settings); !valid) {
    return std::unexpected(valid.error());
  }
  return settings;
}

std::string refusal(const std::string& error) {
  return json{{"ok", false}, {"error", error}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

json counters_of(const Direction& direction) {
  const DirectionCounters& c = direction.counters();
  return {{"received", c.received},
          {"delivered", c.delivered},
          {"duplicated", c.duplicated},
          {"lost", c.lost},
          {"rate_queue_full", c.rate_queue_full},
          {"store_full", c.store_full},
          {"oversized", c.oversized},
          {"send_refused", c.send_refused},
          {"in_flight", direction.queue().size()}};
}

}  // namespace

std::string counters_json(const Direction& ab, const Direction& ba) {
  return json{{"ok", true}, {"ab", counters_of(ab)}, {"ba", counters_of(ba)}}.dump();
}

std::string handle_request(std::string_view request, Direction& ab, Direction& ba) {
  const json parsed = json::parse(request, nullptr, false);
  if (!parsed.is_object()) {
    return refusal("a request is one JSON object");
  }
  const auto named = parsed.find("direction");
  const std::string direction = named == parsed.end() ? "both"
                                : named->is_string()  ? named->get<std::string>()
                                                      : "";
  if (direction != "ab" && direction != "ba" && direction != "both") {
    return refusal("direction is ab, ba or both");
  }
  const auto new_ab = patched(ab.model().settings(), parsed);
  const auto new_ba = patched(ba.model().settings(), parsed);
  if (direction != "ba" && !new_ab) {
    return refusal(new_ab.error());
  }
  if (direction != "ab" && !new_ba) {
    return refusal(new_ba.error());
  }
  if (direction != "ba") {
    ab.model().set(*new_ab);
  }
  if (direction != "ab") {
    ba.model().set(*new_ba);
  }
  return counters_json(ab, ba);
}

std::expected<int, std::string> open_control(const std::string& path) {
  sockaddr_un address{};
  if (!address_of(path, address)) {
    return socket_failure(path, "control socket");
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return socket_failure(path, "control socket");
  }
  ::unlink(path.c_str());
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    auto error = socket_failure(path, "bind");
    ::close(fd);
    return error;
  }
  return fd;
}

void serve_control(int fd, Direction& ab, Direction& ba) {
  std::array<char, kMaxControlBytes> buffer{};
  while (true) {
    sockaddr_un from{};
    socklen_t from_length = sizeof from;
    const ssize_t length = ::recvfrom(fd, buffer.data(), buffer.size(), MSG_DONTWAIT,
                                      reinterpret_cast<sockaddr*>(&from), &from_length);
    if (length < 0) {
      return;
    }
    const std::string answer =
        handle_request({buffer.data(), static_cast<std::size_t>(length)}, ab, ba);
    // One who did not stay for the answer loses it, no more.
    (void)::sendto(fd, answer.data(), answer.size(), MSG_DONTWAIT,
                   reinterpret_cast<sockaddr*>(&from), from_length);
  }
}

std::expected<std::string, std::string> ask(const std::string& path, const std::string& request) {
  sockaddr_un address{};
  if (!address_of(path, address)) {
    return socket_failure(path, "control socket");
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return socket_failure(path, "socket");
  }
  // A path of its own for the answer: abstract addresses do not reach from one network namespace to
  // another.
  const std::string self_path = fmt::format("{}.{}", path, ::getpid());
  sockaddr_un self{};
  if (!address_of(self_path, self)) {
    ::close(fd);
    return socket_failure(self_path, "control socket");
  }
  const timeval second{.tv_sec = 1, .tv_usec = 0};
  std::array<char, kMaxControlBytes> buffer{};
  ssize_t length = -1;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&self), sizeof self) == 0 &&
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) == 0 &&
      ::sendto(fd, request.data(), request.size(), 0, reinterpret_cast<const sockaddr*>(&address),
               sizeof address) >= 0) {
    length = ::recv(fd, buffer.data(), buffer.size(), 0);
  }
  auto error = socket_failure(path, "no answer from the link");
  ::close(fd);
  ::unlink(self_path.c_str());
  if (length < 0) {
    return error;
  }
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

}  // namespace jumpgate::link_faulty
