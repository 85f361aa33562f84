#include "app/jump/daemon.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/standard_streams.hpp"

namespace jumpgate::jump {
namespace {

/// The first byte says how it went, the line follows.
constexpr char kUp = '+';

void let_go_of_terminal() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::dup2(null, fd);
  if (null > STDERR_FILENO) ::close(null);
}

std::string all_of(int pipe) {
  std::string said;
  std::array<char, 512> buffer{};
  for (;;) {
    const ssize_t n = ::read(pipe, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    said.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::close(pipe);
  return said;
}

int wait_for_child(int pipe, pid_t child) {
  const std::string said = all_of(pipe);
  if (said.starts_with(kUp)) {
    fmt::print("{}\n", said.substr(1));
    return kExitOk;
  }
  // What it had is free again before anybody hears of it and tries once more.
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  app::complain("jump",
                said.empty() ? "the program ended before the tunnel was up" : said.substr(1));
  return kExitFailed;
}

}  // namespace

int run_as_daemon(const std::function<int(const Announce&)>& body) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    app::complain("jump", fmt::format("pipe: {}", std::strerror(errno)));
    return kExitFailed;
  }
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    app::complain("jump", fmt::format("fork: {}", std::strerror(errno)));
    return kExitFailed;
  }
  if (child > 0) {
    ::close(pipe[1]);
    return wait_for_child(pipe[0], child);
  }
  ::close(pipe[0]);
  ::setsid();
  // Whoever breaks off the waiting (Ctrl-C) wants no tunnel that comes up behind his back.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) return kExitFailed;
  return body([out = pipe[1]](bool up, const std::string& line) {
    ::prctl(PR_SET_PDEATHSIG, 0);
    const std::string said = (up ? kUp : '-') + line;
    (void)!::write(out, said.data(), said.size());
    ::close(out);
    let_go_of_terminal();
  });
}

}  // namespace jumpgate::jump
