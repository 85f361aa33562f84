/// Hierarchical timer wheel: one timer for each handle 0..capacity-1, chosen by the owner (a
/// session's slot, say).
///
///   level 0: 256 slots of one tick | level 1: 256 slots of 256 ticks | ... | level 5
///   A timer lies on the level of the highest byte in which its tick differs from the current one,
///   in the slot that byte names; when the current tick enters that slot, it moves to a lower level
///   ("cascade") or fires.
///
/// Owner thread: its owner alone. Bound: memory is taken once, 24 bytes a handle and 37 KB; arm and
/// cancel are O(1); advance does at most `max_steps` fires and cascades together. A timer never
/// fires early, and at most one tick late as long as advance is not cut short. Failure: none; a
/// handle out of range is a broken invariant.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <jumpgate/time.hpp>

namespace jumpgate::base {

class TimerWheel {
 public:
  TimerWheel(std::uint32_t capacity, MonoNs now, Duration tick = milliseconds(1));

  /// Sets or moves the handle's timer; kNever cancels. A deadline that is not after the current
  /// tick is due at once: the next advance fires it, or the running one.
  void arm(std::uint32_t handle, MonoNs deadline);
  void cancel(std::uint32_t handle);
  [[nodiscard]] bool armed(std::uint32_t handle) const;
  [[nodiscard]] std::uint32_t armed_count() const { return armed_count_; }
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }

  /// Fires what is due as fire(handle), in the order of ticks; each fired timer is disarmed first,
  /// and fire may arm and cancel any handle. Returns the number fired. When max_steps cut it short,
  /// next_wake() is not after now.
  template <class Fire>
  std::size_t advance(MonoNs now, std::size_t max_steps, Fire&& fire) {
    std::size_t fired = 0;
    const std::uint64_t until = tick_at(now);
    for (std::size_t step = 0; step < max_steps; ++step) {
      const std::uint32_t handle = step_towards(until);
      if (handle == kNothing) break;
      if (handle == kCascaded) continue;
      ++fired;
      fire(handle);
    }
    return fired;
  }

  /// No timer fires before this time; kNever when none is armed. A cheap lower bound, at most one
  /// cascade early.
  [[nodiscard]] MonoNs next_wake() const;

 private:
  static constexpr unsigned kLevels = 6;  // 48 bits of milliseconds: more than MonoNs holds
  static constexpr unsigned kSlots = 256;
  static constexpr std::uint32_t kNothing = UINT32_MAX;
  static constexpr std::uint32_t kCascaded = UINT32_MAX - 1;
  // List ids: slots level by level, then what is due, what waits to be cascaded, and nowhere.
  static constexpr std::uint32_t kDueList = kLevels * kSlots;
  static constexpr std::uint32_t kCascadeList = kDueList + 1;
  static constexpr std::uint32_t kLists = kCascadeList + 1;
  static constexpr std::uint32_t kNoList = UINT32_MAX;

  struct Node {
    std::uint64_t tick{0};
    std::uint32_t next{0};
    std::uint32_t previous{0};
    std::uint32_t list{kNoList};
  };
  struct Event {  // the next occupied slot
    std::uint64_t tick;
    std::uint32_t list;
  };

  [[nodiscard]] std::uint64_t tick_at(MonoNs time) const { return time.ns / tick_ns_; }
  [[nodiscard]] std::uint32_t head(std::uint32_t list) const { return capacity_ + list; }
  [[nodiscard]] bool empty(std::uint32_t list) const {
    return nodes_[head(list)].next == head(list);
  }
  std::uint32_t step_towards(std::uint64_t until);
  [[nodiscard]] bool next_event(Event& event) const;
  void place(std::uint32_t handle);
  void link(std::uint32_t handle, std::uint32_t list);
  void unlink(std::uint32_t handle);
  void move_all(std::uint32_t from, std::uint32_t to);
  void mark(std::uint32_t list, bool occupied);

  std::uint64_t tick_ns_;
  std::uint64_t current_;  // the tick up to which slots were emptied
  std::uint32_t capacity_;
  std::uint32_t armed_count_{0};
  std::vector<Node> nodes_;  // handles, then the heads of the lists
  std::array<std::array<std::uint64_t, kSlots / 64>, kLevels> occupied_{};
};

}  // namespace jumpgate::base
