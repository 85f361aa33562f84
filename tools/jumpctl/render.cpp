#include "tools/jumpctl/render.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "tools/jumpctl/text_table.hpp"

namespace jumpgate::jumpctl {

namespace {

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts)
    text += (text.empty() ? "" : ",") + part;
  return or_dash(text);
}

std::string number(std::uint64_t value) {
  return fmt::format("{}", value);
}

// "name: value" lines, the values aligned.
class Facts {
 public:
  void add(std::string_view name, const std::string& value) {
    text_ += fmt::format("{:<16} {}\n", fmt::format("{}:", name), value);
  }
  [[nodiscard]] std::string text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::string render(const api::Status& status) {
  Facts facts;
  facts.add("gateway", fmt::format("{}, jumpgated {}", status.node_id, status.version));
  facts.add("up", human_time(status.uptime_ms));
  facts.add("workers", number(status.workers));
  facts.add("sessions", fmt::format("{} ({} attached) of at most {}", status.sessions,
                                    status.sessions_attached, status.max_sessions));
  facts.add("peers", number(status.peers));
  facts.add("policy version", number(status.policy_version));
  facts.add("events",
            fmt::format("next number {}, {} lost", status.next_event_seq, status.events_lost));
  for (const api::PortStatus& port : status.ports) {
    facts.add(fmt::format("port {}", port.name),
              fmt::format("{}, {}, link {}", port.role, port.mac, port.link_up ? "up" : "down"));
  }
  return facts.text();
}

std::string render(const std::vector<api::SessionInfo>& sessions) {
  if (sessions.empty()) return "no sessions\n";
  TextTable table({{"PEER"},
                   {"STATE"},
                   {"ENDPOINT"},
                   {"INNER"},
                   {"HEARD", Align::kRight},
                   {"RX", Align::kRight},
                   {"RX PKTS", Align::kRight},
                   {"TX", Align::kRight},
                   {"TX PKTS", Align::kRight},
                   {"SUITE"},
                   {"JUMPS", Align::kRight}});
  for (const api::SessionInfo& s : sessions) {
    table.add({or_dash(s.peer), s.state, or_dash(s.endpoint), joined(s.inner_addresses),
               human_time(s.last_heard_ms), human_bytes(s.rx_bytes), number(s.rx_packets),
               human_bytes(s.tx_bytes), number(s.tx_packets), s.suite, number(s.jumps)});
  }
  return table.render();
}

std::string render(const api::SessionInfo& s) {
  Facts facts;
  facts.add("session", s.id);
  facts.add("peer", or_dash(s.peer));
  facts.add("state", fmt::format("{} ({}), version {}", s.state, s.last_reason, s.state_version));
  facts.add("endpoint", or_dash(s.endpoint));
  facts.add("inner", joined(s.inner_addresses));
  facts.add("suite", s.suite);
  facts.add("age", human_time(s.age_ms));
  facts.add("last heard", human_time(s.last_heard_ms) + " ago");
  facts.add("round trip",
            s.rtt_us == 0 ? "-" : fmt::format("{}.{} ms", s.rtt_us / 1000, s.rtt_us % 1000 / 100));
  facts.add("path mtu", s.path_mtu == 0 ? "-" : number(s.path_mtu));
  facts.add("received", fmt::format("{}, {} packets", human_bytes(s.rx_bytes), s.rx_packets));
  facts.add("sent", fmt::format("{}, {} packets", human_bytes(s.tx_bytes), s.tx_packets));
  facts.add("drops", number(s.drops));
  facts.add("jumps", number(s.jumps));
  facts.add("binding", fmt::format("version {}, epoch {}, key generation {}", s.binding_version,
                                   s.epoch, s.root_generation));
  facts.add("worker", number(s.worker));
  return facts.text();
}

std::string render(const api::Terminated& terminated) {
  return fmt::format("session {} of {} is ending\n", terminated.id, or_dash(terminated.peer));
}

std::string render(const api::RekeyAsked& asked) {
  return fmt::format(
      "the client of session {} of {} is asked for new keys ({}); KeyRotated tells when they are "
      "in use\n",
      asked.id, or_dash(asked.peer), asked.reason);
}

std::string render(const api::Counters& counters) {
  TextTable table({{"COUNTER"}, {"VALUE", Align::kRight}});
  for (const auto& [name, value] : counters.values)
    table.add({name, number(value)});
  return table.render();
}

std::string render(const api::Reloaded& reloaded) {
  if (reloaded.changes.empty()) return "nothing changed\n";
  std::string text;
  for (const std::string& change : reloaded.changes)
    text += change + '\n';
  return text;
}

std::string render(const api::EventLogPlace& place) {
  return place.file + '\n';
}

std::string render(const api::PolicyInfo& policy) {
  const std::string text =
      fmt::format("version {}{}\n", policy.version,
                  policy.sweeping ? ", still on its way to running sessions" : "");
  TextTable table({{"FIELD"}, {"VALUE"}});
  for (const api::PolicyField& field : policy.fields)
    table.add({field.name, field.value});
  return text + table.render();
}

std::string render(const api::PolicyApplied& applied) {
  if (applied.changes.empty()) return fmt::format("version {} says the same\n", applied.version);
  std::string text;
  for (const std::string& change : applied.changes)
    text += change + '\n';
  return text + fmt::format(
                    "version {} is in force until the next start; to keep it, write it into "
                    "[policy] of the gateway's configuration\n",
                    applied.version);
}

std::string render(const api::PolicyChanges& history) {
  std::string text;
  for (const api::PolicyChange& change : history.policies) {
    text += fmt::format("version {}, {} ago, by {}, {}\n", change.version,
                        human_time(change.ago_ms), change.how, change.application);
    for (const std::string& line : change.changes)
      text += "  " + line + '\n';
  }
  return text;
}

std::string render(const api::TraceBegun& begun) {
  return fmt::format("session {} of {}\n", begun.id, or_dash(begun.peer));
}

std::string render(const api::TracePage& page) {
  std::string text;
  for (const api::TracedPacket& p : page.packets) {
    text += fmt::format("{:>4} {:>7}.{:03} ms {:<3} {}", p.number, p.at_us / 1000, p.at_us % 1000,
                        p.way, p.type);
    if (!p.outer_from.empty()) text += fmt::format(" from {}", p.outer_from);
    if (p.way == "out" && !p.outer_to.empty()) text += fmt::format(" to {}", p.outer_to);
    text += fmt::format(" #{}, {} bytes", p.counter, p.outer_length);
    if (!p.inner_from.empty())
      text += fmt::format("; {} -> {}, protocol {}, {} bytes", p.inner_from, p.inner_to, p.protocol,
                          p.inner_length);
    text += ':';
    for (const std::string& stage : p.stages)
      text += ' ' + stage;
    text += ' ' + p.end;
    for (const std::string& detail : {p.reason, p.port})
      if (!detail.empty()) text += ' ' + detail;
    text += '\n';
  }
  return text;
}

std::string render_event(std::string_view json_line) {
  using Json = nlohmann::json;
  const Json event = Json::parse(json_line, nullptr, false);
  const auto text = [&event](const char* field) -> std::string {
    const auto found = event.find(field);
    if (found == event.end() || found->is_null()) return "-";
    return found->is_string() ? or_dash(found->get<std::string>()) : found->dump();
  };
  if (!event.is_object()) return std::string(json_line) + '\n';
  std::string line = fmt::format("{} {} {} {}", text("seq"), text("event_type"), text("peer"),
                                 text("reason_code"));
  if (event.contains("previous")) {
    line += fmt::format(" {}->{} v{}", text("previous"), text("new"), text("state_version"));
  }
  if (event.contains("to")) line += fmt::format(" {}->{}", text("from"), text("to"));
  if (event.contains("remote")) line += fmt::format(" {}", text("remote"));
  if (event.contains("count")) line += fmt::format(" count {}", text("count"));
  return line + '\n';
}

}  // namespace jumpgate::jumpctl
