/// The benchmark's clock: time passes as the controller uses it, and not while its surroundings prepare input.
///
/// Purpose: one thread plays everybody, yet a tick sees the time, and the backlog, that a controller alone on its
/// core would see. Owner thread: one. Bound: three million ticks are kept for percentiles; more are counted. Time:
/// the thread's CPU time, so that other programs of the machine do not count.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <vector>

#include <jumpgate/time.hpp>

namespace jumpgate::bench {

inline Duration cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

/// The ticks of one phase.
class Ticks {
 public:
  void add(Duration spent) {
    busy_ = busy_ + spent;
    worst_ = std::max(worst_, spent);
    ++count_;
    if (kept_.size() < kKept) kept_.push_back(static_cast<std::uint32_t>(spent.us()));
  }
  void add(const Ticks& others) {
    busy_ = busy_ + others.busy_;
    worst_ = std::max(worst_, others.worst_);
    count_ += others.count_;
    const std::size_t room = std::min(kKept - kept_.size(), others.kept_.size());
    kept_.insert(kept_.end(), others.kept_.begin(),
                 others.kept_.begin() + static_cast<std::ptrdiff_t>(room));
  }
  [[nodiscard]] Duration busy() const { return busy_; }
  [[nodiscard]] Duration worst() const { return worst_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// The tick that 999 of 1000 do not exceed.
  [[nodiscard]] Duration p999() {
    if (kept_.empty()) return {};
    const auto place = kept_.begin() + static_cast<std::ptrdiff_t>(kept_.size() * 999 / 1000);
    std::ranges::nth_element(kept_, place);
    return microseconds(*place);
  }

 private:
  static constexpr std::size_t kKept = 3'000'000;
  Duration busy_{};
  Duration worst_{};
  std::uint64_t count_{0};
  std::vector<std::uint32_t> kept_;
};

}  // namespace jumpgate::bench
