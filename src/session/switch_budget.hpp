/// How often a session has switched, and tried to, during the last minute.
///
/// Purpose: the counts that policy judges (spec/policy.md "Rates").
/// Owner thread: the owner of the session's record. Bound: 61 counters of one second each, whatever
/// the rate. An event is counted for at least 60 s and at most 61 s, so that no 60 s hold more than
/// the limit. Failure: counts saturate at 255, above any limit that policy may set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <jumpgate/time.hpp>

namespace jumpgate::session {

/// Events of the last minute, by the second.
class SlidingMinute {
 public:
  /// Counts one event. Times may not go backwards.
  void add(MonoNs now);
  /// Events in the last minute.
  [[nodiscard]] unsigned count(MonoNs now) const;
  /// Time until the oldest event still counted is forgotten; zero when none is counted.
  [[nodiscard]] Duration until_next_free(MonoNs now) const;

 private:
  static constexpr std::size_t kSeconds = 61;
  [[nodiscard]] bool is_live(std::size_t slot, std::uint64_t second) const;

  std::uint64_t last_second_{0};
  std::array<std::uint8_t, kSeconds> counts_{};
  bool used_{false};
};

/// Tokens of a session: an attempt is spent at each accepted REATTACH, a switch at each commit.
class SwitchBudget {
 public:
  void spend_attempt(MonoNs now) { attempts_.add(now); }
  void spend_commit(MonoNs now) {
    commits_.add(now);
    last_commit_ = now;
  }
  [[nodiscard]] unsigned attempts(MonoNs now) const { return attempts_.count(now); }
  [[nodiscard]] unsigned commits(MonoNs now) const { return commits_.count(now); }
  [[nodiscard]] Duration until_attempt(MonoNs now) const { return attempts_.until_next_free(now); }
  [[nodiscard]] Duration until_commit(MonoNs now) const { return commits_.until_next_free(now); }
  [[nodiscard]] std::optional<MonoNs> last_commit() const { return last_commit_; }

 private:
  SlidingMinute attempts_;
  SlidingMinute commits_;
  std::optional<MonoNs> last_commit_;
};

}  // namespace jumpgate::session
