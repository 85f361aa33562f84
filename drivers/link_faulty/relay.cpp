#include "link_faulty/relay.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "link_faulty/control.hpp"

namespace jumpgate::link_faulty {
namespace {

MonoNs monotonic_now() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return {static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
          static_cast<std::uint64_t>(t.tv_nsec)};
}

int open_signals() {
  sigset_t set{};
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

pollfd readable(int fd) {
  return {.fd = fd, .events = POLLIN, .revents = 0};
}

}  // namespace

Relay::Relay(PacketSocket& a, PacketSocket& b, Direction& ab, Direction& ba, int control_fd)
    : a_(a), b_(b), ab_(ab), ba_(ba), control_fd_(control_fd) {}

// One batch a grain and direction would limit the rate, so read until the socket is empty, but no
// longer than it takes for deliveries to become late.
bool Relay::collect(PacketSocket& from, Direction& direction) {
  constexpr int kBatchesPerRound = 8;
  bool any = false;
  for (int round = 0; round < kBatchesPerRound; ++round) {
    const auto batch = from.receive();
    const MonoNs now = monotonic_now();
    for (const auto& received : batch) {
      direction.arrive(now, received.frame, received.truncated);
    }
    any = any || !batch.empty();
    if (batch.size() < kBatch) {
      break;
    }
  }
  return any;
}

void Relay::deliver(Direction& direction, PacketSocket& to) {
  std::array<std::span<const std::byte>, kBatch> due;
  const MonoNs now = monotonic_now();
  while (const std::size_t count = direction.queue().take_due(now, due)) {
    const std::size_t taken = to.send(std::span(due).first(count));
    direction.sent(count, taken);
    direction.queue().release();
  }
}

void Relay::arm(int timer_fd, bool busy) const {
  constexpr auto kGrainNs = static_cast<std::uint64_t>(kGrain.ns);
  MonoNs wake = std::min(ab_.queue().next_due(), ba_.queue().next_due());
  if (busy) {
    wake = std::min(wake, monotonic_now() + kGrain);
  }
  itimerspec at{};  // all zero disarms
  if (wake != kNever) {
    const std::uint64_t ns = (wake.ns + kGrainNs - 1) / kGrainNs * kGrainNs;
    at.it_value = {.tv_sec = static_cast<time_t>(ns / 1'000'000'000U),
                   .tv_nsec = static_cast<long>(ns % 1'000'000'000U)};
  }
  ::timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &at, nullptr);
}

std::expected<void, std::string> Relay::run() {
  const int timer_fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const int signal_fd = open_signals();
  if (timer_fd < 0 || signal_fd < 0) {
    return std::unexpected(std::string("timer or signal descriptor: ") + std::strerror(errno));
  }
  // The sockets stand last: while frames flow, only the timer paces the loop.
  std::array<pollfd, 5> fds{readable(signal_fd), readable(timer_fd), readable(control_fd_),
                            readable(a_.fd()), readable(b_.fd())};
  constexpr nfds_t kPaced = 3;

  while ((fds[0].revents & POLLIN) == 0) {
    if ((fds[1].revents & POLLIN) != 0) {
      std::uint64_t expirations = 0;
      (void)!::read(timer_fd, &expirations, sizeof expirations);
    }
    if ((fds[2].revents & POLLIN) != 0) {
      serve_control(control_fd_, ab_, ba_);
    }
    const bool from_a = collect(a_, ab_);
    const bool from_b = collect(b_, ba_);
    deliver(ab_, b_);
    deliver(ba_, a_);
    const bool busy = from_a || from_b;
    arm(timer_fd, busy);
    if (::poll(fds.data(), busy ? kPaced : fds.size(), -1) < 0 && errno != EINTR) {
      return std::unexpected(std::string("poll: ") + std::strerror(errno));
    }
  }
  ::close(timer_fd);
  ::close(signal_fd);
  return {};
}

}  // namespace jumpgate::link_faulty
