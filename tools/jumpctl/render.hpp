/// A gateway's replies as text for people.
///
/// Failure: none; an event line that is not understood is shown as it came.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/protocol.hpp"

namespace jumpgate::jumpctl {

[[nodiscard]] std::string render(const api::Status& status);
[[nodiscard]] std::string render(const std::vector<api::SessionInfo>& sessions);
[[nodiscard]] std::string render(const api::SessionInfo& session);
[[nodiscard]] std::string render(const api::Terminated& terminated);
[[nodiscard]] std::string render(const api::RekeyAsked& asked);
[[nodiscard]] std::string render(const api::Counters& counters);
[[nodiscard]] std::string render(const api::Reloaded& reloaded);
[[nodiscard]] std::string render(const api::EventLogPlace& place);
[[nodiscard]] std::string render(const api::PolicyInfo& policy);
[[nodiscard]] std::string render(const api::PolicyApplied& applied);
[[nodiscard]] std::string render(const api::PolicyChanges& history);
[[nodiscard]] std::string render(const api::TraceBegun& begun);
/// A line each.
[[nodiscard]] std::string render(const api::TracePage& page);
/// One event, from its JSON line, as one line.
[[nodiscard]] std::string render_event(std::string_view json_line);

}  // namespace jumpgate::jumpctl
