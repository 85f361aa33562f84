/// Drains the event ring to the sinks.
///
/// Purpose: everything about an event that may take time (JSON, files) happens here.
/// Owner thread: its own, or the caller's with `drain` (tests, and programs without the thread).
/// Bound: kDrainBatch events at once, a handful of sinks. Failure: each sink's losses are counted
/// exactly and told to it by an EventsLost line once it takes lines again; no sink harms another.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <jumpgate/time.hpp>

#include "audit/event_log.hpp"
#include "audit/sink.hpp"

namespace jumpgate::audit {

/// Events taken from the ring in one go.
inline constexpr std::size_t kDrainBatch = 256;
/// How long the thread rests when the ring is empty: what `events --follow` lags at most.
inline constexpr Duration kDrainInterval = milliseconds(10);

class AuditThread {
 public:
  /// `wall_ms` tells milliseconds since 1970; it is asked once a batch.
  AuditThread(EventLog& log, std::string node_id, std::function<std::uint64_t()> wall_ms);
  AuditThread(const AuditThread&) = delete;
  AuditThread& operator=(const AuditThread&) = delete;
  AuditThread(AuditThread&&) = delete;
  AuditThread& operator=(AuditThread&&) = delete;
  /// Stops the thread.
  ~AuditThread();

  /// Before start() only.
  void add_sink(std::unique_ptr<Sink> sink);
  void start();
  /// Drains what is in the ring (bounded by its capacity), then ends the thread.
  void stop();

  /// One batch; returns how many events it took. For callers that have not started the thread.
  std::size_t drain();

  /// Events that at least one sink did not get. Any thread.
  [[nodiscard]] std::uint64_t lost_at_sinks() const {
    return lost_.load(std::memory_order_relaxed);
  }

 private:
  /// A sink and what it has missed: the numbers first..last, 0 when nothing.
  struct Outlet {
    std::unique_ptr<Sink> sink;
    std::uint64_t first_lost{0};
    std::uint64_t last_lost{0};
  };
  void deliver(Outlet& outlet, const Event& event, std::string_view line, std::uint64_t ts_ms);
  void run();

  EventLog& log_;
  std::string node_id_;
  std::function<std::uint64_t()> wall_ms_;
  std::vector<Outlet> outlets_;
  std::vector<Event> batch_;
  std::atomic<std::uint64_t> lost_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_{false};
  std::thread thread_;
};

}  // namespace jumpgate::audit
