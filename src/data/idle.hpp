/// How long a worker that finds nothing to do may sleep: a share of the time for which nothing has come, and never long.
///
/// Purpose: an idle gateway leaves its cores alone, and what comes then waits no longer than a share of the silence
/// before it. Owner thread: the worker. Bound: kMaxIdleSleep. Sans-I/O: time is passed in, others do the sleeping.
#pragma once

#include <algorithm>
#include <cstdint>

#include <jumpgate/time.hpp>

namespace jumpgate::data {

/// Far below a timer's tick of 1 ms, so that heartbeats keep their time; and 1024 receive descriptors hold what comes
/// meanwhile at 4 million packets a second.
inline constexpr Duration kMaxIdleSleep = microseconds(250);
/// To fall asleep and to wake take about as long: below it spinning is no dearer.
inline constexpr Duration kMinIdleSleep = microseconds(10);
/// Traffic of steady gaps waits at most this part of a gap; gaps below kMinIdleSleep times this never sleep.
inline constexpr std::int64_t kIdleShare = 8;

class Idle {
 public:
  /// No sleep is longer than `longest`; zero: it spins for ever.
  explicit Idle(Duration longest) : longest_(longest) {}

  /// After a round at `now`, which never falls: how long to sleep before the next one; zero: not at all.
  Duration after_round(MonoNs now, bool worked) {
    if (worked) {
      last_work_ = now;
      return {};
    }
    const Duration wait = std::min((now - last_work_) / kIdleShare, longest_);
    return wait < kMinIdleSleep ? Duration{} : wait;
  }

 private:
  Duration longest_;
  MonoNs last_work_;
};

}  // namespace jumpgate::data
