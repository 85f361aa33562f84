/// How other threads' requests reach the controller: one posts a request and waits, the controller runs it between ticks.
///
/// Owner threads: call() is anybody's, the rest the controller's. Bound: kMaxRequests waiting, kRequestsPerTick run at
/// a time. Failure: call() returns false when the box is full, closed, or nobody came for the request in time: busy, try
/// again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>

namespace jumpgate::ctl {

class Mailbox {
 public:
  static constexpr std::size_t kMaxRequests = limits::kMaxApiClients;
  static constexpr std::size_t kRequestsPerTick = 2;

  /// Runs `request` on the controller's thread and waits for it at most `patience`. False: busy. A
  /// request that has begun is always waited for, so what it refers to need only live as long as
  /// this call.
  bool call(const std::function<void(MonoNs now)>& request, std::chrono::milliseconds patience);
  /// Controller: runs what waits; returns how many.
  std::size_t serve(MonoNs now);
  /// Controller, at its end: whoever waits is told that nobody answers.
  void close();

 private:
  struct Letter {
    const std::function<void(MonoNs)>* request{nullptr};
    bool begun{false};
    bool done{false};
  };

  std::mutex mutex_;
  std::condition_variable answered_;
  std::deque<std::shared_ptr<Letter>> waiting_;
  bool closed_{false};
};

}  // namespace jumpgate::ctl
