/// A session's whole life, rebuilt from the event log alone.
///
/// Purpose: pick one session's events out of a log (or those of a peer's sessions, one after
/// another) and rebuild from them what state it was in, for how long, and how it ended. Pure: lines
/// go in, values come out.
/// Owner thread: its owner's. Bound: kMaxTimelineSessions sessions, kMaxTimelineEvents events in
/// all; what is beyond is counted, not kept. Failure: lines that can not be read and numbers that
/// are missing are counted where they were; the rest is told as the log has it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/log_files.hpp"
#include "audit/session_life.hpp"

namespace jumpgate::audit {

/// A peer that attaches anew each five minutes, for a day.
inline constexpr std::size_t kMaxTimelineSessions = 288;
/// Twenty events a minute for two days; 40 MiB.
inline constexpr std::size_t kMaxTimelineEvents = 65536;

struct TimelineEntry {
  LoggedEvent event;
  std::string line;            // as it stands in the log
  std::optional<State> state;  // rebuilt, after the event; nothing while missing lines hide it
  /// Numbers that are in no line between the session's event before and this one.
  std::uint64_t missing_before{0};
};

struct SessionTimeline {
  SessionId id;
  std::string peer;
  std::string node_id;
  bool from_birth{false};  // its SessionCreated is in the log
  bool cut_off{false};     // the program started again, and the log has no end of it
  std::optional<State> state;
  std::optional<Reason> end_reason;
  std::uint64_t began_ns{0};  // of its first and last event, on the node's monotonic clock
  std::uint64_t last_ns{0};
  std::array<std::uint64_t, kAllStates.size()>
      in_state_ns{};  // by State; the open one to its last event
  std::uint64_t switches{0};
  std::uint64_t switches_denied{0};
  std::uint64_t switches_failed{0};
  std::uint64_t rekeys{0};
  std::uint64_t faults{0};    // contradictions; the verifier names them
  std::uint64_t left_out{0};  // events beyond kMaxTimelineEvents
  std::vector<TimelineEntry> entries;
};

class Timeline {
 public:
  /// A session's id in 32 hexadecimal digits, or a peer's name.
  explicit Timeline(const std::string& target);

  void on_line(const LogLine& line);

  /// In the order in which the log meets them.
  [[nodiscard]] std::vector<SessionTimeline> sessions() const;
  [[nodiscard]] std::uint64_t sessions_left_out() const { return sessions_left_out_; }
  /// Lines of any session that could not be read.
  [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }

 private:
  struct Track {
    SessionTimeline told;
    SessionLife life;
    std::uint64_t missing_seen{0};  // missing_ at its event before
    bool over{false};               // of an earlier run of the program
  };
  void number(const LoggedEvent& event);
  [[nodiscard]] bool wanted(const LoggedEvent& event) const;
  Track* track_of(const LoggedEvent& event);
  void add(Track& track, const LoggedEvent& event, std::string_view line);

  std::optional<SessionId> id_;
  std::string peer_;
  std::vector<Track> tracks_;
  std::uint64_t next_seq_{0};
  std::uint64_t missing_{0};  // numbers in no line so far
  std::uint64_t unreadable_{0};
  std::uint64_t sessions_left_out_{0};
  std::size_t kept_{0};
};

}  // namespace jumpgate::audit
