#include "link_faulty/delay_queue.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace jumpgate::link_faulty {

DelayQueue::DelayQueue(std::size_t capacity, std::size_t frame_bytes)
    : frame_bytes_(frame_bytes), frames_(capacity * frame_bytes) {
  free_slots_.reserve(capacity);
  taken_.reserve(capacity);
  heap_.reserve(capacity);
  for (std::size_t slot = capacity; slot > 0; --slot) {
    free_slots_.push_back(static_cast<std::uint32_t>(slot - 1));
  }
}

bool DelayQueue::later(const Entry& a, const Entry& b) {
  return std::tie(a.at, a.arrival) > std::tie(b.at, b.arrival);
}

bool DelayQueue::push(MonoNs deliver_at, std::span<const std::byte> frame) {
  if (free_slots_.empty() || frame.empty() || frame.size() > frame_bytes_) {
    return false;
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  std::memcpy(&frames_[slot * frame_bytes_], frame.data(), frame.size());
  heap_.push_back({.at = deliver_at,
                   .arrival = arrivals_++,
                   .slot = slot,
                   .bytes = static_cast<std::uint32_t>(frame.size())});
  std::ranges::push_heap(heap_, later);
  return true;
}

std::size_t DelayQueue::take_due(MonoNs now, std::span<std::span<const std::byte>> out) {
  std::size_t count = 0;
  while (count < out.size() && !heap_.empty() && heap_.front().at <= now) {
    std::ranges::pop_heap(heap_, later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    taken_.push_back(entry.slot);
    out[count++] = {&frames_[entry.slot * frame_bytes_], entry.bytes};
  }
  return count;
}

void DelayQueue::release() {
  free_slots_.insert(free_slots_.end(), taken_.begin(), taken_.end());
  taken_.clear();
}

MonoNs DelayQueue::next_due() const {
  return heap_.empty() ? kNever : heap_.front().at;
}

}  // namespace jumpgate::link_faulty
