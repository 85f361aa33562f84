/// Every session's life rebuilt from one side's event stream alone, and judged on the way.
///
/// Purpose: the invariants of spec/session-fsm.md that a log can show: only moves of the table, state_version +1 and
/// one SessionStateChange for each, binding_version +1 at each commit, RECOVERING over by its deadline, nothing after
/// the end, `seq` without a gap. Owner thread: the simulation's. Bound: one record a session ever made.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <jumpgate/reasons.hpp>
#include <jumpgate/types.hpp>

#include "audit/event.hpp"
#include "findings.hpp"

namespace jumpgate::sim {

/// A session as the stream tells it.
struct Life {
  std::string peer;  // of its first event
  State state{State::kBirth};
  std::uint64_t state_version{1};
  std::uint64_t binding_version{0};
  MonoNs created{};
  MonoNs entered{};  // the present state
};

class Timeline {
 public:
  enum class Side : std::uint8_t { kGateway, kClient };

  /// Clients' events carry no numbers: their log gives them.
  Timeline(Side side, std::string name, Findings& findings)
      : side_(side), name_(std::move(name)), findings_(findings) {}

  void on_event(const audit::Event& event);
  /// RECOVERING may last so long; what a tick may be late is allowed besides.
  void allow_recovery(Duration window) { window_ = std::max(window_, window); }
  /// Sessions that overstay RECOVERING at `now`.
  void check_deadlines(MonoNs now);
  /// A suspended client handles its timers when it wakes up, a gateway without commands when one is free.
  void excuse_until(MonoNs now) { excused_until_ = now; }
  /// The process died: its sessions end without a word.
  void forget_alive() { ended_.merge(alive_); }

  [[nodiscard]] const Life* find(const SessionId& id) const;
  [[nodiscard]] const std::map<SessionId, Life>& alive() const { return alive_; }
  [[nodiscard]] bool knew(const SessionId& id) const { return ended_.contains(id); }
  [[nodiscard]] std::uint64_t switches() const { return switches_; }

 private:
  void begin(const audit::Event& event);
  void change(Life& life, const audit::Event& event, const audit::StateChangeDetail& step);
  void bind(Life& life, const audit::Event& event, std::uint64_t version);
  void report(Rule rule, const audit::Event& event, const std::string& text);
  [[nodiscard]] bool late(const Life& life, MonoNs now) const;

  static constexpr Duration kTimerSlack = milliseconds(20);

  Side side_;
  std::string name_;
  Findings& findings_;
  std::map<SessionId, Life> alive_;
  std::map<SessionId, Life> ended_;
  std::uint64_t next_seq_{1};
  MonoNs last_{};
  Duration window_{};
  MonoNs excused_until_{};
  std::uint64_t switches_{0};
};

/// The first four bytes in hexadecimal: enough to tell sessions of one run apart.
std::string short_id(const SessionId& id);

}  // namespace jumpgate::sim
