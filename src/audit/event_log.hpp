/// The publisher's side of the event stream.
///
/// Purpose: number events and hand them to the audit thread, never waiting for it.
/// Owner thread: `publish` and `flush_loss` belong to one thread (the controller, or the client's
/// engine), `take` to one other (audit). Bound: a ring of fixed capacity, allocated once.
/// Failure: a full ring loses the event and counts it exactly. `seq` numbers every event, kept or
/// lost, without a gap; as soon as there is room an EventsLost event names the numbers that are
/// missing (spec/events.md "Loss").
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <jumpgate/limits.hpp>

#include "audit/event.hpp"

namespace jumpgate::audit {

/// Sees each event as it is published, before it has its number, kept or lost.
class EventObserver {
 public:
  virtual ~EventObserver() = default;
  virtual void on_event(const Event& event) = 0;
};

class EventLog {
 public:
  /// `capacity` is a power of two, at least 2; `first_seq` is the number of the first event.
  explicit EventLog(std::size_t capacity = limits::kEventRing, std::uint64_t first_seq = 1);

  /// Publisher's thread; the observer must outlive the publishing. nullptr: none.
  void observe(EventObserver* observer) { observer_ = observer; }
  /// Gives `event` its number and queues it; false when it was lost. O(1), no system call.
  bool publish(Event event);
  /// Announces a pending loss if there is room now; for the owner's idle tick.
  void flush_loss(MonoNs now, std::uint64_t policy_version);

  /// Moves up to out.size() events to `out`, oldest first; returns how many.
  std::size_t take(std::span<Event> out);

  /// The number the next event gets. Publisher's thread.
  [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }
  /// Events lost at the ring since the start. Any thread.
  [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] std::size_t room() const;
  void push(const Event& event);
  void push_loss(MonoNs now, std::uint64_t policy_version);

  EventObserver* observer_{nullptr};
  std::unique_ptr<Event[]> ring_;
  std::size_t mask_;
  std::uint64_t next_seq_;
  std::uint64_t pending_lost_{0};
  std::uint64_t first_lost_seq_{0};
  std::atomic<std::uint64_t> lost_{0};
  // A cache line each: the two sides write on different ones.
  alignas(64) std::atomic<std::size_t> head_{0};  // next to write
  alignas(64) std::atomic<std::size_t> tail_{0};  // next to read
};

}  // namespace jumpgate::audit
