/// One session's life as its events tell it, checked event by event against the state machine.
///
/// Purpose: rebuild state, versions and end from the log alone, and say where the log contradicts
/// the table of session/fsm.hpp or the rules of spec/events.md.
/// Owner thread: a value. Bound: a fixed size. Failure: a contradiction is a sentence in `faults`;
/// afterwards the log's word is taken, so that one fault is told once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/logged_event.hpp"

namespace jumpgate::audit {

using Faults = std::vector<std::string>;

class SessionLife {
 public:
  /// The next event of the session; `lines_missing`: lines before it are not in the log (or the log
  /// begins here), so that what they held is not asked for.
  void on_event(const LoggedEvent& event, bool lines_missing, Faults& faults);

  /// Nothing while lines that are missing hide it.
  [[nodiscard]] std::optional<State> state() const { return state_; }
  [[nodiscard]] bool ended() const { return state_ == State::kTerminated; }
  /// Its SessionTerminated was seen.
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  // A version that rises by one; after missing lines by one at least.
  struct Version {
    std::uint64_t value{0};
    bool sure{true};
  };
  void catch_up(const LoggedEvent& event, Faults& faults);
  void created(const LoggedEvent& event, Faults& faults);
  void state_change(const LoggedEvent& event, Faults& faults);
  void of_the_step(const LoggedEvent& event, Faults& faults);
  void own_fields(const LoggedEvent& event, Faults& faults);
  void after_the_end(const LoggedEvent& event, Faults& faults);
  static void next_version(Version& version, std::uint64_t told, const char* what, Faults& faults);

  bool begun_{false};
  bool closed_{false};
  bool announced_{false};  // a ReattachResult told the version of the transition that must follow
  std::optional<State> state_;
  Reason end_reason_{Reason::kNone};
  std::uint64_t state_version_{0};
  std::uint64_t policy_version_{0};
  std::uint64_t newest_epoch_{0};
  Version binding_;
};

}  // namespace jumpgate::audit
