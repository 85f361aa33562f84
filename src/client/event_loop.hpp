/// The client's loop: descriptors, one deadline, signals. One thread, nothing else.
///
/// Purpose: epoll over sockets, TUN, netlink and control socket; a timer on CLOCK_BOOTTIME, which
/// counts suspend, so that a session's timers are right after a night in a bag.
/// Owner thread: the one that calls run(). Bound: kMaxEvents handlers a round; a handler does a
/// bounded piece of work and returns. Failure: add() says when the kernel refuses a descriptor.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include <jumpgate/time.hpp>

namespace jumpgate::client {

class EventLoop {
 public:
  /// Gets the epoll events that came in.
  using Handler = std::function<void(std::uint32_t)>;

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  /// Readability and errors of `fd`, level-triggered. The descriptor stays the caller's.
  [[nodiscard]] bool add(int fd, Handler handler);
  void remove(int fd);
  /// SIGTERM and SIGINT arrive here instead of ending the process.
  [[nodiscard]] bool catch_signals(std::function<void()> handler);

  /// CLOCK_BOOTTIME.
  [[nodiscard]] static MonoNs now();

  /// Until stop(): `deadline` is asked before each wait, `tick` called when it has passed.
  void run(const std::function<MonoNs()>& deadline, const std::function<void(MonoNs)>& tick);
  void stop() { stopping_ = true; }

 private:
  void arm(MonoNs deadline);

  int epoll_;
  int timer_;
  int signals_{-1};
  MonoNs armed_{kNever};
  bool stopping_{false};
  std::map<int, std::shared_ptr<Handler>> handlers_;
};

}  // namespace jumpgate::client
