#include "base/timer_wheel.hpp"

#include <bit>

#include "base/invariant.hpp"

namespace jumpgate::base {

TimerWheel::TimerWheel(std::uint32_t capacity, MonoNs now, Duration tick)
    : tick_ns_(static_cast<std::uint64_t>(tick.ns)),
      current_(now.ns / tick_ns_),
      capacity_(capacity),
      nodes_(std::size_t{capacity} + kLists) {
  // A shorter tick would need more than kLevels bytes for the largest MonoNs.
  JG_INVARIANT(tick >= microseconds(100) && capacity < kCascaded - kLists);
  for (std::uint32_t list = 0; list < kLists; ++list) {
    Node& node = nodes_[head(list)];
    node.next = node.previous = head(list);
  }
}

bool TimerWheel::armed(std::uint32_t handle) const {
  JG_INVARIANT(handle < capacity_);
  return nodes_[handle].list != kNoList;
}

void TimerWheel::arm(std::uint32_t handle, MonoNs deadline) {
  cancel(handle);
  if (deadline == kNever) return;
  // Rounded up, so that nothing fires early.
  nodes_[handle].tick = deadline.ns / tick_ns_ + (deadline.ns % tick_ns_ != 0 ? 1 : 0);
  place(handle);
  ++armed_count_;
}

void TimerWheel::cancel(std::uint32_t handle) {
  if (!armed(handle)) return;
  unlink(handle);
  --armed_count_;
}

MonoNs TimerWheel::next_wake() const {
  if (!empty(kDueList) || !empty(kCascadeList)) return {current_ * tick_ns_};
  Event event{};
  return next_event(event) ? MonoNs{event.tick * tick_ns_} : kNever;
}

std::uint32_t TimerWheel::step_towards(std::uint64_t until) {
  for (;;) {
    if (!empty(kDueList)) {
      const std::uint32_t handle = nodes_[head(kDueList)].next;
      cancel(handle);
      return handle;
    }
    if (!empty(kCascadeList)) {
      const std::uint32_t handle = nodes_[head(kCascadeList)].next;
      unlink(handle);
      place(handle);
      return kCascaded;
    }
    Event event{};
    if (!next_event(event) || event.tick > until) {
      // Every armed timer shares the bytes above its level with `until` as well, since its slot
      // begins later.
      if (until > current_) current_ = until;
      return kNothing;
    }
    current_ = event.tick;
    move_all(event.list, event.list < kSlots ? kDueList : kCascadeList);
  }
}

// Slots up to the current byte of a level are empty: what they held has moved on. So the lowest
// level that holds anything holds the earliest.
bool TimerWheel::next_event(Event& event) const {
  for (unsigned level = 0; level < kLevels; ++level) {
    const unsigned shift = 8 * level;
    const unsigned first = static_cast<unsigned>((current_ >> shift) & 0xff) + 1;
    for (unsigned word = first / 64; word < kSlots / 64; ++word) {
      std::uint64_t bits = occupied_[level][word];
      if (word == first / 64) bits &= ~std::uint64_t{0} << (first % 64);
      if (bits == 0) continue;
      const unsigned slot = word * 64 + static_cast<unsigned>(std::countr_zero(bits));
      const std::uint64_t above = (current_ >> shift) & ~std::uint64_t{0xff};
      event = {(above | slot) << shift, level * kSlots + slot};
      return true;
    }
  }
  return false;
}

void TimerWheel::place(std::uint32_t handle) {
  const std::uint64_t tick = nodes_[handle].tick;
  if (tick <= current_) {
    link(handle, kDueList);
    return;
  }
  const unsigned level = static_cast<unsigned>(std::bit_width(tick ^ current_) - 1) / 8;
  const auto slot = static_cast<std::uint32_t>((tick >> (8 * level)) & 0xff);
  link(handle, level * kSlots + slot);
}

void TimerWheel::link(std::uint32_t handle, std::uint32_t list) {
  const std::uint32_t end = head(list);
  const std::uint32_t last = nodes_[end].previous;
  nodes_[handle].next = end;
  nodes_[handle].previous = last;
  nodes_[handle].list = list;
  nodes_[last].next = handle;
  nodes_[end].previous = handle;
  mark(list, true);
}

void TimerWheel::unlink(std::uint32_t handle) {
  Node& node = nodes_[handle];
  nodes_[node.previous].next = node.next;
  nodes_[node.next].previous = node.previous;
  // After move_all the node may lie in another list than the one noted: then the noted slot's bit
  // is right already.
  if (empty(node.list)) mark(node.list, false);
  node.list = kNoList;
}

void TimerWheel::move_all(std::uint32_t from, std::uint32_t to) {
  Node& source = nodes_[head(from)];
  Node& target = nodes_[head(to)];
  nodes_[source.next].previous = target.previous;
  nodes_[target.previous].next = source.next;
  nodes_[source.previous].next = head(to);
  target.previous = source.previous;
  source.next = source.previous = head(from);
  mark(from, false);
}

void TimerWheel::mark(std::uint32_t list, bool occupied) {
  if (list >= kDueList) return;
  std::uint64_t& word = occupied_[list / kSlots][list % kSlots / 64];
  const std::uint64_t bit = std::uint64_t{1} << (list % 64);
  word = occupied ? word | bit : word & ~bit;
}

}  // namespace jumpgate::base
