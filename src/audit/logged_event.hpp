/// A line of an event log, read back (spec/events.md).
///
/// Purpose: what the verifier and the timeline need of a line, its fields checked one by one.
/// Owner thread: a value. Bound: one line of kMaxLine bytes. Failure: a sentence that names the
/// field at fault and what is expected there.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <jumpgate/reasons.hpp>
#include <jumpgate/types.hpp>

namespace jumpgate::audit {

struct LoggedEvent {
  std::uint64_t seq{0};
  std::uint64_t mono_ns{0};
  std::string node_id;
  EventType type{};
  Reason reason{Reason::kNone};
  std::optional<SessionId> session;  // none: about the node
  std::string peer;                  // empty: none
  std::uint64_t state_version{0};
  std::uint64_t policy_version{0};
  // Of the types that have them (spec/events.md "Types and their own fields").
  State previous{};
  State now{};
  Trigger trigger{};
  std::uint64_t binding_version{0};
  std::uint64_t epoch{0};
  std::uint64_t generation{0};
  std::uint64_t previous_policy{0};
  std::uint64_t lost_count{0};
  std::uint64_t lost_first{0};
  std::uint64_t lost_last{0};
  /// The line's check fits its content.
  bool intact{false};
};

/// `line` without its newline.
[[nodiscard]] std::expected<LoggedEvent, std::string> parse_event(std::string_view line);

/// The one reason that events of the type carry, where the type alone tells it.
[[nodiscard]] std::optional<Reason> only_reason(EventType type);

}  // namespace jumpgate::audit
