/// One worker: the run-to-completion loop over its queues, its commands and its sessions.
///
///   commands -> frames of the controller -> hand-offs -> ports, a burst each -> timers -> transmit
///
/// Owner thread: create() and the destructor belong to whoever sets the process up; poll_once() and
/// run() to the worker's own thread.
/// Bound: WorkerLimits, taken by create(); nothing is allocated, locked or asked of the system in a
/// round. Failure: create() says what is missing; afterwards everything is a counter or a report.
#pragma once

#include <atomic>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <jumpgate/time.hpp>

#include "data/idle.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// One line of the table that is printed before memory is taken.
struct FootprintLine {
  std::string_view what;
  std::size_t bytes{0};
  bool heap{false};  // ordinary memory, no hugepages
};

class Worker {
 public:
  /// What a worker with these limits takes, its channels apart.
  static std::vector<FootprintLine> footprint(const WorkerLimits& limits);
  static std::expected<std::unique_ptr<Worker>, std::string> create(WorkerSetup setup, MonoNs now);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Frees held packets and wipes keys. The worker's thread has ended.
  ~Worker();

  /// One round at `now`, which never falls. True when there was anything to do.
  bool poll_once(MonoNs now);

  /// Rounds until `stop`; `clock` is a callable that returns MonoNs, `sleep` one that takes a
  /// Duration and is called where WorkerLimits::idle_sleep allows it.
  template <typename Clock, typename Sleep>
  void run(const std::atomic<bool>& stop, Clock&& clock, Sleep&& sleep) {
    online();
    while (!stop.load(std::memory_order_relaxed)) {
      const MonoNs now = clock();
      const bool worked = poll_once(now);
      const Duration wait = idle_.after_round(now, worked || owes());
      if (wait.ns > 0) {
        shard_->counters.add(bus::WorkerCounter::kSleeps);
        sleep(wait);
      } else if (!worked) {
        pause();
      }
    }
    offline();
  }

  /// Around poll_once() for those who call it themselves: images the worker reads stay valid.
  void online();
  void offline();

  [[nodiscard]] const Shard& shard() const { return *shard_; }

 private:
  Worker(std::unique_ptr<Shard> shard, Duration idle_sleep)
      : shard_(std::move(shard)), idle_(idle_sleep) {}
  static void pause();
  /// Something waits for the next round: frames for a port that was full, timers beyond a round's.
  [[nodiscard]] bool owes() const;
  std::size_t poll_frames();
  std::size_t poll_hand_offs();
  std::size_t poll_port(std::uint16_t index);

  std::unique_ptr<Shard> shard_;
  Idle idle_;
};

}  // namespace jumpgate::data
