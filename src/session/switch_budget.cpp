#include "session/switch_budget.hpp"

#include <algorithm>

#include "base/invariant.hpp"

namespace jumpgate::session {

namespace {
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
}

void SlidingMinute::add(MonoNs now) {
  const std::uint64_t second = now.ns / kNsPerSecond;
  JG_INVARIANT(!used_ || second >= last_second_);
  if (used_) {
    // Seconds in which nothing happened still hold the counts of a minute ago.
    const std::uint64_t skipped = std::min<std::uint64_t>(second - last_second_, kSeconds);
    for (std::uint64_t i = 0; i < skipped; ++i)
      counts_[(second - i) % kSeconds] = 0;
  }
  used_ = true;
  last_second_ = second;
  std::uint8_t& count = counts_[second % kSeconds];
  if (count < UINT8_MAX) ++count;
}

unsigned SlidingMinute::count(MonoNs now) const {
  const std::uint64_t second = now.ns / kNsPerSecond;
  unsigned sum = 0;
  for (std::size_t slot = 0; slot < kSeconds; ++slot) {
    if (is_live(slot, second)) sum += counts_[slot];
  }
  return std::min<unsigned>(sum, UINT8_MAX);
}

Duration SlidingMinute::until_next_free(MonoNs now) const {
  const std::uint64_t second = now.ns / kNsPerSecond;
  // From the oldest second that can still be counted to the present one.
  for (std::uint64_t age = kSeconds; age-- > 0;) {
    if (age > second) continue;
    const std::uint64_t then = second - age;
    const std::size_t slot = then % kSeconds;
    if (!is_live(slot, second) || counts_[slot] == 0) continue;
    return MonoNs{(then + kSeconds) * kNsPerSecond} - now;
  }
  return {};
}

bool SlidingMinute::is_live(std::size_t slot, std::uint64_t second) const {
  if (!used_) return false;
  // The newest second with this slot that is not after the last event.
  const std::uint64_t back = (last_second_ + kSeconds - slot) % kSeconds;
  if (back > last_second_) return false;
  const std::uint64_t then = last_second_ - back;
  return second < then + kSeconds;
}

}  // namespace jumpgate::session
