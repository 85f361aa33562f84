#include "tools/jumpctl/render_log.hpp"

#include <array>
#include <string_view>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "tools/jumpctl/text_table.hpp"

namespace jumpgate::jumpctl {
namespace {

using Json = nlohmann::json;
using audit::SessionTimeline;
using audit::TimelineEntry;

constexpr std::uint64_t kNsPerMs = 1'000'000;

std::string_view name_of(const std::optional<State>& state) {
  return state ? to_string(*state) : std::string_view{"?"};
}

// The type's own fields, as they stand in the line: "NAME value".
std::string own_fields(const std::string& line) {
  constexpr std::array kShown{"remote",     "from",       "to",    "jump_seq",   "binding_version",
                              "epoch",      "generation", "suite", "elapsed_us", "latency_us",
                              "rx_packets", "tx_packets", "count"};
  const Json json = Json::parse(line, nullptr, false);
  std::string text;
  for (const char* field : kShown) {
    const auto found = json.find(field);
    if (found == json.end()) continue;
    if (found->is_string() && found->get_ref<const std::string&>().empty()) continue;
    text += fmt::format(" {} {}", field,
                        found->is_string() ? found->get<std::string>() : found->dump());
  }
  return text;
}

std::string render_entry(const TimelineEntry& entry, std::uint64_t began_ns) {
  std::string text;
  if (entry.missing_before > 0) {
    text += fmt::format("  -- {} numbers of the log are missing here --\n", entry.missing_before);
  }
  const std::uint64_t after = entry.event.mono_ns - began_ns;
  const std::string clock =
      fmt::format("+{}.{:06}", after / 1'000'000'000, after % 1'000'000'000 / 1000);
  text += fmt::format("  {:>15}  {:<10} v{:<3} {} {}{}\n", clock, name_of(entry.state),
                      entry.event.state_version, to_string(entry.event.type),
                      to_string(entry.event.reason), own_fields(entry.line));
  return text;
}

std::string end_of(const SessionTimeline& session) {
  if (session.end_reason) return fmt::format("ended: {}", to_string(*session.end_reason));
  if (session.cut_off) return "no end in the log: the program started again";
  return fmt::format("{} when the log ends", name_of(session.state));
}

std::string render(const SessionTimeline& session) {
  std::string text = fmt::format("session {} of {}, node {}\n", base::format_session_id(session.id),
                                 session.peer, session.node_id);
  if (!session.from_birth) text += "  its beginning is not in the log\n";
  for (const TimelineEntry& entry : session.entries)
    text += render_entry(entry, session.began_ns);
  if (session.left_out > 0) text += fmt::format("  and {} more events\n", session.left_out);
  text += fmt::format("  {}; {} long; switches: {} made, {} denied, {} failed; rekeys: {}\n",
                      end_of(session), human_time((session.last_ns - session.began_ns) / kNsPerMs),
                      session.switches, session.switches_denied, session.switches_failed,
                      session.rekeys);
  text += "  time in";
  for (const State state : kAllStates) {
    const std::uint64_t ns = session.in_state_ns[static_cast<std::size_t>(state)];
    if (ns > 0 && state != State::kTerminated)
      text += fmt::format(" {} {},", to_string(state), human_time(ns / kNsPerMs));
  }
  text.back() = '\n';
  if (session.faults > 0) {
    text += fmt::format("  {} contradictions in the log: 'jumpctl events verify' names them\n",
                        session.faults);
  }
  return text;
}

Json to_json(const SessionTimeline& session) {
  Json states = Json::object();
  for (const State state : kAllStates)
    states[std::string(to_string(state))] = session.in_state_ns[static_cast<std::size_t>(state)];
  Json events = Json::array();
  for (const TimelineEntry& entry : session.entries) {
    events.push_back({{"state", name_of(entry.state)},
                      {"missing_before", entry.missing_before},
                      {"event", Json::parse(entry.line, nullptr, false)}});
  }
  const auto or_null = [](const auto& value) {
    return value ? Json(to_string(*value)) : Json(nullptr);
  };
  return {{"session_id", base::format_session_id(session.id)},
          {"peer", session.peer},
          {"node_id", session.node_id},
          {"from_birth", session.from_birth},
          {"cut_off", session.cut_off},
          {"state", or_null(session.state)},
          {"end_reason", or_null(session.end_reason)},
          {"duration_ns", session.last_ns - session.began_ns},
          {"in_state_ns", std::move(states)},
          {"switches", session.switches},
          {"switches_denied", session.switches_denied},
          {"switches_failed", session.switches_failed},
          {"rekeys", session.rekeys},
          {"faults", session.faults},
          {"events_left_out", session.left_out},
          {"events", std::move(events)}};
}

}  // namespace

std::string render(const std::vector<SessionTimeline>& sessions) {
  std::string text;
  for (const SessionTimeline& session : sessions) {
    if (!text.empty()) text += '\n';
    text += render(session);
  }
  return text;
}

Json to_json(const std::vector<SessionTimeline>& sessions) {
  Json all = Json::array();
  for (const SessionTimeline& session : sessions)
    all.push_back(to_json(session));
  return {{"sessions", std::move(all)}};
}

std::string render(const audit::Finding& finding, const std::vector<std::string>& paths) {
  const bool fault = finding.kind == audit::Finding::Kind::kFault;
  std::string text =
      fmt::format("{}:{}: {}", paths.at(finding.at.file), finding.at.line, fault ? "" : "note: ");
  if (finding.session)
    text += fmt::format("session {}: ", base::format_session_id(*finding.session));
  return text + finding.what + '\n';
}

Json to_json(const audit::Finding& finding, const std::vector<std::string>& paths) {
  return {{"kind", finding.kind == audit::Finding::Kind::kFault ? "fault" : "note"},
          {"file", paths.at(finding.at.file)},
          {"line", finding.at.line},
          {"seq", finding.seq == 0 ? Json(nullptr) : Json(finding.seq)},
          {"session_id",
           finding.session ? Json(base::format_session_id(*finding.session)) : Json(nullptr)},
          {"what", finding.what}};
}

}  // namespace jumpgate::jumpctl
