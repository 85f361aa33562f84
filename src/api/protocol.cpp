#include "api/protocol.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <jumpgate/limits.hpp>

namespace jumpgate::api {

namespace {

using Json = nlohmann::json;

std::unexpected<Error> bad(std::string message) {
  return std::unexpected(Error{ErrorCode::kBadRequest, std::move(message)});
}

// One list of fields for each reply, and each request of several arguments: both directions are made from it, so they can not differ.
// `visit(name, member)` is called for each.
template <class T, class Visit>
void for_each_field(T& v, Visit&& visit) {
  using Type = std::remove_const_t<T>;
  if constexpr (std::is_same_v<Type, PortStatus>) {
    visit("name", v.name);
    visit("role", v.role);
    visit("mac", v.mac);
    visit("link_up", v.link_up);
  } else if constexpr (std::is_same_v<Type, Status>) {
    visit("version", v.version);
    visit("node_id", v.node_id);
    visit("uptime_ms", v.uptime_ms);
    visit("workers", v.workers);
    visit("sessions", v.sessions);
    visit("sessions_attached", v.sessions_attached);
    visit("max_sessions", v.max_sessions);
    visit("peers", v.peers);
    visit("policy_version", v.policy_version);
    visit("next_event_seq", v.next_event_seq);
    visit("events_lost", v.events_lost);
    visit("ports", v.ports);
  } else if constexpr (std::is_same_v<Type, SessionInfo>) {
    visit("id", v.id);
    visit("peer", v.peer);
    visit("state", v.state);
    visit("last_reason", v.last_reason);
    visit("endpoint", v.endpoint);
    visit("inner_addresses", v.inner_addresses);
    visit("suite", v.suite);
    visit("last_heard_ms", v.last_heard_ms);
    visit("age_ms", v.age_ms);
    visit("rtt_us", v.rtt_us);
    visit("path_mtu", v.path_mtu);
    visit("rx_packets", v.rx_packets);
    visit("rx_bytes", v.rx_bytes);
    visit("tx_packets", v.tx_packets);
    visit("tx_bytes", v.tx_bytes);
    visit("drops", v.drops);
    visit("jumps", v.jumps);
    visit("state_version", v.state_version);
    visit("binding_version", v.binding_version);
    visit("epoch", v.epoch);
    visit("root_generation", v.root_generation);
    visit("worker", v.worker);
  } else if constexpr (std::is_same_v<Type, SessionPage>) {
    visit("sessions", v.sessions);
    visit("total", v.total);
    visit("next_offset", v.next_offset);
  } else if constexpr (std::is_same_v<Type, Terminated>) {
    visit("id", v.id);
    visit("peer", v.peer);
  } else if constexpr (std::is_same_v<Type, RekeyAsked>) {
    visit("id", v.id);
    visit("peer", v.peer);
    visit("reason", v.reason);
  } else if constexpr (std::is_same_v<Type, Counters>) {
    visit("counters", v.values);
  } else if constexpr (std::is_same_v<Type, EventLogPlace>) {
    visit("file", v.file);
    visit("keep", v.keep);
  } else if constexpr (std::is_same_v<Type, PolicyField>) {
    visit("name", v.name);
    visit("value", v.value);
  } else if constexpr (std::is_same_v<Type, PolicyInfo>) {
    visit("version", v.version);
    visit("sweeping", v.sweeping);
    visit("fields", v.fields);
  } else if constexpr (std::is_same_v<Type, PolicyApplied>) {
    visit("version", v.version);
    visit("changes", v.changes);
  } else if constexpr (std::is_same_v<Type, PolicyChange>) {
    visit("version", v.version);
    visit("ago_ms", v.ago_ms);
    visit("how", v.how);
    visit("application", v.application);
    visit("changes", v.changes);
  } else if constexpr (std::is_same_v<Type, PolicyChanges>) {
    visit("policies", v.policies);
  } else if constexpr (std::is_same_v<Type, TraceRequest>) {
    visit("target", v.target);
    visit("count", v.count);
    visit("seconds", v.seconds);
  } else if constexpr (std::is_same_v<Type, TraceReadRequest>) {
    visit("worker", v.worker);
    visit("serial", v.serial);
  } else if constexpr (std::is_same_v<Type, TraceBegun>) {
    visit("id", v.id);
    visit("peer", v.peer);
    visit("worker", v.worker);
    visit("serial", v.serial);
  } else if constexpr (std::is_same_v<Type, TracedPacket>) {
    visit("number", v.number);
    visit("at_us", v.at_us);
    visit("way", v.way);
    visit("type", v.type);
    visit("outer_from", v.outer_from);
    visit("outer_to", v.outer_to);
    visit("outer_length", v.outer_length);
    visit("counter", v.counter);
    visit("inner_from", v.inner_from);
    visit("inner_to", v.inner_to);
    visit("inner_length", v.inner_length);
    visit("protocol", v.protocol);
    visit("stages", v.stages);
    visit("end", v.end);
    visit("reason", v.reason);
    visit("port", v.port);
  } else if constexpr (std::is_same_v<Type, TracePage>) {
    visit("packets", v.packets);
  } else if constexpr (std::is_same_v<Type, PolicyApplyRequest>) {
    visit("document", v.document);
    visit("name", v.name);
    visit("grace", v.grace);
  } else {
    static_assert(std::is_same_v<Type, Reloaded>);
    visit("changes", v.changes);
  }
}

// ---- Values to JSON
// ------------------------------------------------------------------------------

template <class T>
Json write(const T& value);

struct Writer {
  Json json = Json::object();
  template <class M>
  void operator()(const char* name, const M& member) {
    json[name] = write(member);
  }
};

template <class T>
Json write_each(const std::vector<T>& values) {
  Json json = Json::array();
  for (const T& value : values)
    json.push_back(write(value));
  return json;
}

template <class T>
Json write(const T& value) {
  if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<T, std::optional<std::uint64_t>>) {
    return value ? Json(*value) : Json(nullptr);
  } else if constexpr (std::is_same_v<T, decltype(Counters::values)>) {
    Json json = Json::object();
    for (const auto& [name, count] : value)
      json[name] = count;
    return json;
  } else if constexpr (requires { typename T::value_type; }) {
    return write_each(value);
  } else {
    Writer writer;
    for_each_field(value, writer);
    return std::move(writer.json);
  }
}

// ---- JSON to values
// ------------------------------------------------------------------------------

template <class T>
bool read(const Json& json, T& value);

struct Reader {
  const Json& json;
  bool ok{true};
  template <class M>
  void operator()(const char* name, M& member) {
    const auto found = json.find(name);
    if (found == json.end() || !read(*found, member)) ok = false;
  }
};

template <class T>
bool read_number(const Json& json, T& value) {
  if (!json.is_number_unsigned()) return false;
  const auto number = json.get<std::uint64_t>();
  if (number > std::numeric_limits<T>::max()) return false;
  value = static_cast<T>(number);
  return true;
}

template <class T>
bool read_each(const Json& json, std::vector<T>& values) {
  if (!json.is_array()) return false;
  for (const Json& item : json) {
    if (!read(item, values.emplace_back())) return false;
  }
  return true;
}

bool read_counters(const Json& json, decltype(Counters::values)& values) {
  if (!json.is_object()) return false;
  for (const auto& [name, count] : json.items()) {
    values.emplace_back(name, 0);
    if (!read_number(count, values.back().second)) return false;
  }
  return true;
}

template <class T>
bool read(const Json& json, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    if (json.is_boolean()) value = json.get<bool>();
    return json.is_boolean();
  } else if constexpr (std::is_arithmetic_v<T>) {
    return read_number(json, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (json.is_string()) value = json.get<std::string>();
    return json.is_string();
  } else if constexpr (std::is_same_v<T, std::optional<std::uint64_t>>) {
    return json.is_null() || read_number(json, value.emplace());
  } else if constexpr (std::is_same_v<T, decltype(Counters::values)>) {
    return read_counters(json, value);
  } else if constexpr (requires { typename T::value_type; }) {
    return read_each(json, value);
  } else {
    if (!json.is_object()) return false;
    Reader reader{json};
    for_each_field(value, reader);
    return reader.ok;
  }
}

template <class T>
Response read_reply(const Json& json) {
  T reply;
  if (!read(json, reply)) return bad("the answer is not understood: same version?");
  return Reply(std::move(reply));
}

// ---- Requests
// ------------------------------------------------------------------------------------

struct CallWriter {
  Call operator()(const StatusRequest& /*r*/) const { return {"status", "{}"}; }
  Call operator()(const SessionsRequest& r) const {
    return {"sessions", Json{{"offset", r.offset}}.dump()};
  }
  Call operator()(const SessionRequest& r) const { return {"session", target(r.target)}; }
  Call operator()(const TerminateRequest& r) const { return {"terminate", target(r.target)}; }
  Call operator()(const RekeyRequest& r) const { return {"rekey", target(r.target)}; }
  Call operator()(const CountersRequest& r) const {
    return {"counters", r.worker ? Json{{"worker", *r.worker}}.dump() : "{}"};
  }
  Call operator()(const ReloadRequest& /*r*/) const { return {"reload", "{}"}; }
  Call operator()(const EventLogRequest& /*r*/) const { return {"event_log", "{}"}; }
  Call operator()(const PolicyRequest& /*r*/) const { return {"policy", "{}"}; }
  Call operator()(const PolicyApplyRequest& r) const {
    return {"policy_apply", write(r).dump(-1, ' ', false, Json::error_handler_t::replace)};
  }
  Call operator()(const PolicyHistoryRequest& /*r*/) const { return {"policy_history", "{}"}; }
  Call operator()(const TraceRequest& r) const {
    return {"trace", write(r).dump(-1, ' ', false, Json::error_handler_t::replace)};
  }
  Call operator()(const TraceReadRequest& r) const { return {"trace_read", write(r).dump()}; }

  static std::string target(const std::string& name) {
    return Json{{"target", name}}.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
};

struct ReplyReader {
  const Json& json;
  Response operator()(const StatusRequest& /*r*/) const { return read_reply<Status>(json); }
  Response operator()(const SessionsRequest& /*r*/) const { return read_reply<SessionPage>(json); }
  Response operator()(const SessionRequest& /*r*/) const { return read_reply<SessionInfo>(json); }
  Response operator()(const TerminateRequest& /*r*/) const { return read_reply<Terminated>(json); }
  Response operator()(const RekeyRequest& /*r*/) const { return read_reply<RekeyAsked>(json); }
  Response operator()(const CountersRequest& /*r*/) const { return read_reply<Counters>(json); }
  Response operator()(const ReloadRequest& /*r*/) const { return read_reply<Reloaded>(json); }
  Response operator()(const EventLogRequest& /*r*/) const {
    return read_reply<EventLogPlace>(json);
  }
  Response operator()(const PolicyRequest& /*r*/) const { return read_reply<PolicyInfo>(json); }
  Response operator()(const PolicyApplyRequest& /*r*/) const {
    return read_reply<PolicyApplied>(json);
  }
  Response operator()(const PolicyHistoryRequest& /*r*/) const {
    return read_reply<PolicyChanges>(json);
  }
  Response operator()(const TraceRequest& /*r*/) const { return read_reply<TraceBegun>(json); }
  Response operator()(const TraceReadRequest& /*r*/) const { return read_reply<TracePage>(json); }
};

// Fails on a wrong kind and on an argument that is not known: a misspelt one must not be ignored.
template <class T>
bool read_only(const Json& arguments, const char* name, T& value, bool required) {
  const auto found = arguments.find(name);
  const bool present = found != arguments.end();
  if (arguments.size() != (present ? 1U : 0U)) return false;
  return present ? read(*found, value) : !required;
}

// It is kept in the history and shown on terminals.
bool names_a_document(std::string_view name) {
  return !name.empty() && name.size() <= limits::kMaxNameBytes &&
         std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
}

bool may_be_traced(const TraceRequest& request) {
  return !request.target.empty() && request.count >= 1 && request.count <= kMaxTracedPackets &&
         request.seconds >= 1 && request.seconds <= kMaxTraceSeconds;
}

// The commands without arguments.
std::optional<Request> plain_request(std::string_view command) {
  if (command == "status") return StatusRequest{};
  if (command == "reload") return ReloadRequest{};
  if (command == "event_log") return EventLogRequest{};
  if (command == "policy") return PolicyRequest{};
  if (command == "policy_history") return PolicyHistoryRequest{};
  return std::nullopt;
}

}  // namespace

Call to_call(const Request& request) {
  return std::visit(CallWriter{}, request);
}

std::expected<Request, Error> request_from(std::string_view command, const Json& arguments) {
  const auto wrong = [command] { return bad(fmt::format("wrong arguments for '{}'", command)); };
  if (!arguments.is_object()) return wrong();
  if (const auto plain = plain_request(command)) {
    if (!arguments.empty()) return wrong();
    return *plain;
  }
  if (command == "policy_apply") {
    PolicyApplyRequest request;
    if (arguments.size() != 3 || !read(arguments, request)) return wrong();
    if (!names_a_document(request.name))
      return bad(fmt::format("a document's name has 1 to {} printable characters of ASCII",
                             limits::kMaxNameBytes));
    return request;
  }
  if (command == "trace") {
    TraceRequest request;
    if (arguments.size() != 3 || !read(arguments, request)) return wrong();
    if (!may_be_traced(request))
      return bad(fmt::format("a trace has 1 to {} packets and 1 to {} seconds", kMaxTracedPackets,
                             kMaxTraceSeconds));
    return request;
  }
  if (command == "trace_read") {
    TraceReadRequest request;
    if (arguments.size() != 2 || !read(arguments, request)) return wrong();
    return request;
  }
  if (command == "sessions") {
    SessionsRequest request;
    if (!read_only(arguments, "offset", request.offset, false)) return wrong();
    return request;
  }
  if (command == "counters") {
    std::uint32_t worker = 0;
    if (!read_only(arguments, "worker", worker, false)) return wrong();
    if (arguments.empty()) return CountersRequest{};
    return CountersRequest{worker};
  }
  if (command == "session" || command == "terminate" || command == "rekey") {
    std::string target;
    if (!read_only(arguments, "target", target, true) || target.empty()) return wrong();
    if (command == "session") return SessionRequest{std::move(target)};
    if (command == "rekey") return RekeyRequest{std::move(target)};
    return TerminateRequest{std::move(target)};
  }
  return bad(fmt::format("no command '{}'", command));
}

Json to_json(const Reply& reply) {
  return std::visit([](const auto& value) { return write(value); }, reply);
}

Response reply_from(const Request& request, const Json& json) {
  return std::visit(ReplyReader{json}, request);
}

}  // namespace jumpgate::api
