#include "audit/event_log.hpp"

#include <algorithm>
#include <bit>

#include "base/invariant.hpp"

namespace jumpgate::audit {

EventLog::EventLog(std::size_t capacity, std::uint64_t first_seq)
    : ring_(std::make_unique<Event[]>(capacity)), mask_(capacity - 1), next_seq_(first_seq) {
  JG_INVARIANT(std::has_single_bit(capacity) && capacity >= 2);
}

bool EventLog::publish(Event event) {
  if (observer_ != nullptr) observer_->on_event(event);
  // After a loss the announcement must fit too, else the gap would be explained too late.
  const std::size_t needed = pending_lost_ == 0 ? 1 : 2;
  if (room() < needed) {
    if (pending_lost_ == 0) first_lost_seq_ = next_seq_;
    ++pending_lost_;
    ++next_seq_;
    lost_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  if (pending_lost_ != 0) push_loss(event.mono, event.policy_version);
  event.seq = next_seq_++;
  push(event);
  return true;
}

void EventLog::flush_loss(MonoNs now, std::uint64_t policy_version) {
  if (pending_lost_ != 0 && room() > 0) push_loss(now, policy_version);
}

std::size_t EventLog::take(std::span<Event> out) {
  const std::size_t tail = tail_.load(std::memory_order_relaxed);
  const std::size_t head = head_.load(std::memory_order_acquire);
  const std::size_t count = std::min(head - tail, out.size());
  for (std::size_t i = 0; i < count; ++i)
    out[i] = ring_[(tail + i) & mask_];
  tail_.store(tail + count, std::memory_order_release);
  return count;
}

std::size_t EventLog::room() const {
  const std::size_t used =
      head_.load(std::memory_order_relaxed) - tail_.load(std::memory_order_acquire);
  return mask_ + 1 - used;
}

void EventLog::push(const Event& event) {
  const std::size_t head = head_.load(std::memory_order_relaxed);
  ring_[head & mask_] = event;
  head_.store(head + 1, std::memory_order_release);
}

void EventLog::push_loss(MonoNs now, std::uint64_t policy_version) {
  Event event;
  event.seq = next_seq_;
  event.mono = now;
  event.type = EventType::kEventsLost;
  event.policy_version = policy_version;
  event.detail = LostDetail{pending_lost_, first_lost_seq_, next_seq_ - 1};
  ++next_seq_;
  pending_lost_ = 0;
  push(event);
}

}  // namespace jumpgate::audit
