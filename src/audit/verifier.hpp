/// Checks an event log, line by line, against the rules of spec/events.md and the state machine.
///
/// Purpose: find what a gap-free, honest log can not hold: missing, repeated or moved numbers,
/// damaged or edited lines, illegal transitions, wrong reasons, jumps of versions, events after an
/// end. Pure: lines go in, findings come out.
/// Owner thread: its owner's. Bound: kMaxLives sessions alive at once and kMaxEnded that have
/// ended; one line at a time. Failure: beyond kMaxLives a finding says that new sessions are not
/// followed.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "audit/log_files.hpp"
#include "audit/session_life.hpp"

namespace jumpgate::audit {

/// Twice the million sessions a gateway is built for; some 300 MiB when they are all there.
inline constexpr std::size_t kMaxLives = std::size_t{1} << 21;
/// Ended sessions remembered, so that an event after the end is told as such.
inline constexpr std::size_t kMaxEnded = 65536;

struct Finding {
  enum class Kind : std::uint8_t {
    kFault,  // the log contradicts the rules
    kNote,   // worth knowing, and honest: a loss that was told, a restart
  };
  Kind kind{Kind::kFault};
  LineAt at{};
  std::uint64_t seq{0};                // 0: the line has none
  std::optional<SessionId> session{};  // the session it is about
  std::string what{};
};

class Verifier {
 public:
  using Report = std::function<void(const Finding&)>;

  explicit Verifier(Report report) : report_(std::move(report)) {}

  void on_line(const LogLine& line);
  /// After the last line.
  void finish();

  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  [[nodiscard]] std::uint64_t faults() const { return faults_; }
  [[nodiscard]] std::uint64_t sessions() const { return sessions_; }
  /// Events that the log itself says are in no line.
  [[nodiscard]] std::uint64_t told_lost() const { return told_lost_; }

 private:
  struct Life {
    SessionLife life;
    std::uint64_t gap{0};  // gaps_ when it was last looked at
    LineAt ended_at;
    bool of_earlier_run{false};
    bool remembered{false};  // stands in ended_, once
  };
  void number(const LoggedEvent& event);
  void told_loss(const LoggedEvent& event);
  void begin_run(const LoggedEvent& event);
  void end_run();
  void node(const LoggedEvent& event);
  void session(const LoggedEvent& event);
  Life* life_of(const LoggedEvent& event);
  void remember_ended(const SessionId& id, Life& life);
  void keep_ended_bounded();
  void forget(const SessionId& id);
  void fault(std::string what) { tell(Finding::Kind::kFault, std::move(what)); }
  void note(std::string what) { tell(Finding::Kind::kNote, std::move(what)); }
  void tell(Finding::Kind kind, std::string what);

  Report report_;
  LineAt at_;
  const LoggedEvent* current_{nullptr};  // the line's event, for findings
  std::uint64_t lines_{0};
  std::uint64_t faults_{0};
  std::uint64_t sessions_{0};
  std::uint64_t told_lost_{0};
  // Of the present run of the node's process:
  bool begun_{false};
  bool in_order_{true};        // the present line's number is above all before it
  std::uint64_t expected_{0};  // the number of the next event
  std::uint64_t unread_{0};    // lines since the last number that could not be read
  std::uint64_t gaps_{0};
  std::uint64_t mono_ns_{0};
  std::uint64_t policy_version_{0};
  std::string node_id_;
  std::map<SessionId, Life> lives_;
  std::deque<SessionId> ended_;
  bool full_{false};
};

}  // namespace jumpgate::audit
