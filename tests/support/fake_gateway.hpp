/// A gateway that answers from a script, for tests of the control socket and of jumpctl.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/protocol.hpp"
#include "session/policy.hpp"

namespace jumpgate::testing {

inline api::SessionInfo sample_session(std::uint64_t number) {
  api::SessionInfo session;
  session.id = std::string(31, '0') + static_cast<char>('0' + number % 10);
  session.peer = "peer-" + std::to_string(number);
  session.state = "ATTACHED";
  session.last_reason = "reattach_success";
  session.endpoint = "[2001:db8:1234:5678:9abc:def0:1234:5678]:51820";
  for (int i = 0; i < 8; ++i) {
    session.inner_addresses.emplace_back("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128");
  }
  session.suite = "chacha20-poly1305";
  session.last_heard_ms = 350;
  session.age_ms = 65'000;
  session.rtt_us = 40'250;
  session.rx_packets = UINT64_MAX;
  session.rx_bytes = 1536;
  session.tx_packets = 7;
  session.tx_bytes = 1023;
  session.drops = 12;
  session.jumps = 2;
  session.state_version = 8;
  session.binding_version = 3;
  session.epoch = 4;
  session.root_generation = 1;
  session.worker = 0;
  return session;
}

class FakeGateway final : public api::Handler {
 public:
  api::Response handle(const api::Request& request) override {
    ++calls;
    if (failure) return std::unexpected(*failure);
    return std::visit([this](const auto& r) { return answer(r); }, request);
  }

  api::TraceRequest traced;
  std::uint64_t traced_packets{0};
  std::uint64_t sessions{3};
  std::optional<api::Error> failure;
  unsigned calls{0};
  std::string terminated;
  std::string rekeyed;
  std::optional<api::PolicyApplyRequest> applied;
  std::vector<std::string> changes{"peer alice: added"};
  std::string event_log{"/var/log/jumpgate/events.jsonl"};

 private:
  api::Response answer(const api::StatusRequest& /*r*/) {
    api::Status status;
    status.version = "0.1.0";
    status.node_id = "gw-1";
    status.uptime_ms = 7'500'000;
    status.workers = 1;
    status.sessions = sessions;
    status.max_sessions = 4096;
    status.ports = {{"outer0", "outer", "02:00:00:00:00:01", true}};
    return status;
  }
  api::Response answer(const api::SessionsRequest& r) {
    api::SessionPage page;
    page.total = sessions;
    const std::uint64_t end = std::min<std::uint64_t>(r.offset + api::kSessionsPerPage, sessions);
    for (std::uint64_t i = r.offset; i < end; ++i)
      page.sessions.push_back(sample_session(i));
    if (end < sessions) page.next_offset = end;
    return page;
  }
  api::Response answer(const api::SessionRequest& r) {
    if (r.target != "peer-1") return not_found(r.target);
    return sample_session(1);
  }
  api::Response answer(const api::TerminateRequest& r) {
    if (r.target != "peer-1") return not_found(r.target);
    terminated = r.target;
    return api::Terminated{sample_session(1).id, r.target};
  }
  api::Response answer(const api::RekeyRequest& r) {
    if (r.target != "peer-1") return not_found(r.target);
    rekeyed = r.target;
    return api::RekeyAsked{sample_session(1).id, r.target, "policy_trigger"};
  }
  api::Response answer(const api::CountersRequest& r) {
    return api::Counters{{{"drop_replay", 5}, {"rx_packets", r.worker ? 10 + *r.worker : 100}}};
  }
  api::Response answer(const api::ReloadRequest& /*r*/) { return api::Reloaded{changes}; }
  api::Response answer(const api::EventLogRequest& /*r*/) {
    return api::EventLogPlace{.file = event_log, .keep = 4};
  }
  api::Response answer(const api::PolicyRequest& /*r*/) {
    api::PolicyInfo info{.version = 3, .sweeping = false, .fields = {}};
    for (const session::PolicyField& field : session::fields_of(session::Policy{}))
      info.fields.push_back({field.name, field.value});
    return info;
  }
  api::Response answer(const api::PolicyApplyRequest& r) {
    applied = r;
    return api::PolicyApplied{.version = 4, .changes = {"keys.rekey_after: 120000 ms -> 60000 ms"}};
  }
  api::Response answer(const api::PolicyHistoryRequest& /*r*/) {
    return api::PolicyChanges{{{.version = 2,
                                .ago_ms = 65'000,
                                .how = "tight.toml",
                                .application = "grace",
                                .changes = {"keys.rekey_after: 120000 ms -> 60000 ms"}}}};
  }
  api::Response answer(const api::TraceRequest& r) {
    if (r.target != "peer-1") return not_found(r.target);
    traced = r;
    return api::TraceBegun{.id = sample_session(1).id, .peer = r.target, .worker = 2, .serial = 7};
  }
  /// Two packets each time, numbered on.
  api::Response answer(const api::TraceReadRequest& r) {
    if (r.worker != 2 || r.serial != 7) return not_found("trace");
    api::TracePage page;
    for (int i = 0; i < 2; ++i)
      page.packets.push_back({.number = ++traced_packets,
                              .at_us = 1500,
                              .way = "in",
                              .type = "DATA",
                              .outer_from = "198.51.100.7:40000",
                              .outer_to = "192.0.2.1:51820",
                              .outer_length = 92,
                              .counter = 5,
                              .inner_from = "10.8.0.2:7",
                              .inner_to = "10.0.0.9:7",
                              .inner_length = 60,
                              .protocol = 17,
                              .stages = {"received", "opened", "forwarded"},
                              .end = "dropped",
                              .reason = "filter_denied",
                              .port = ""});
    return page;
  }
  static api::Response not_found(const std::string& target) {
    return std::unexpected(
        api::Error{api::ErrorCode::kNotFound, "no session or peer '" + target + "'"});
  }
};

}  // namespace jumpgate::testing
