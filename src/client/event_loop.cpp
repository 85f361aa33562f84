#include "client/event_loop.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <utility>

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace jumpgate::client {
namespace {

constexpr int kMaxEvents = 32;

}  // namespace

EventLoop::EventLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)) {
  const bool added = add(timer_, [this](std::uint32_t) {
    std::uint64_t expirations = 0;
    (void)!::read(timer_, &expirations, sizeof expirations);
  });
  stopping_ = !added;
}

EventLoop::~EventLoop() {
  if (signals_ >= 0) ::close(signals_);
  ::close(timer_);
  ::close(epoll_);
}

bool EventLoop::add(int fd, Handler handler) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return false;
  handlers_[fd] = std::make_shared<Handler>(std::move(handler));
  return true;
}

void EventLoop::remove(int fd) {
  handlers_.erase(fd);
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
}

bool EventLoop::catch_signals(std::function<void()> handler) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);  // the terminal has gone: an end like any other
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return false;
  signals_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (signals_ < 0) return false;
  return add(signals_, [this, handler = std::move(handler)](std::uint32_t) {
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      handler();
  });
}

MonoNs EventLoop::now() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return {static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
          static_cast<std::uint64_t>(time.tv_nsec)};
}

void EventLoop::arm(MonoNs deadline) {
  // Under load most rounds leave the deadline as it is: no system call then. What has fired is
  // armed anew, or it would never fire again.
  if (deadline == armed_ && deadline > now()) return;
  armed_ = deadline;
  itimerspec setting{};
  if (deadline != kNever) {
    // Zero would disarm the timer: a deadline in the past fires at once as one nanosecond.
    const std::uint64_t ns = std::max<std::uint64_t>(deadline.ns, 1);
    setting.it_value.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
    setting.it_value.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  }
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &setting, nullptr);
}

void EventLoop::run(const std::function<MonoNs()>& deadline,
                    const std::function<void(MonoNs)>& tick) {
  std::array<epoll_event, kMaxEvents> events{};
  while (!stopping_) {
    MonoNs due = deadline();
    if (due <= now()) {
      tick(now());
      if (stopping_) break;
      due = deadline();
    }
    arm(due);
    const int count = ::epoll_wait(epoll_, events.data(), kMaxEvents, -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events.at(static_cast<std::size_t>(i));
      const auto found = handlers_.find(event.data.fd);
      if (found == handlers_.end()) continue;  // removed by a handler of this round
      const std::shared_ptr<Handler> handler = found->second;
      (*handler)(event.events);
    }
  }
}

}  // namespace jumpgate::client
