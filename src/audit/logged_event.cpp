#include "audit/logged_event.hpp"

#include <span>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "audit/event.hpp"
#include "audit/json_line.hpp"
#include "base/text.hpp"

namespace jumpgate::audit {
namespace {

// Keeps the order of the fields, which the check covers.
using Json = nlohmann::ordered_json;

// Reads the fields of one line; the first that is wrong is kept.
class Fields {
 public:
  explicit Fields(const Json& line) : line_(line) {}

  void number(const char* name, std::uint64_t& out) {
    const Json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_number_unsigned()) return wrong(name, "a whole number");
    out = found->get<std::uint64_t>();
  }
  void string(const char* name, std::string& out) {
    const Json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_string()) return wrong(name, "a string");
    out = found->get<std::string>();
  }
  void string_or_null(const char* name, std::string& out) {
    if (const Json* found = find(name); found != nullptr && !found->is_null()) string(name, out);
  }
  void flag(const char* name, bool& out) {
    const Json* found = find(name);
    if (found == nullptr) return;
    if (!found->is_boolean()) return wrong(name, "true or false");
    out = found->get<bool>();
  }
  // One of a list of enumerators that have names.
  template <class Enum>
  void name_of(const char* name, std::span<const Enum> all, Enum& out) {
    std::string text;
    string(name, text);
    if (fault_) return;
    for (const Enum value : all) {
      if (to_string(value) == text) {
        out = value;
        return;
      }
    }
    fault_ = fmt::format("field '{}' holds '{}', which is no name of the list", name, text);
  }
  void wrong(const char* name, std::string_view expected) {
    if (!fault_) fault_ = fmt::format("field '{}' is not {}", name, expected);
  }
  [[nodiscard]] const std::optional<std::string>& fault() const { return fault_; }

 private:
  const Json* find(const char* name) {
    const auto found = line_.find(name);
    if (found != line_.end()) return &*found;
    if (!fault_) fault_ = fmt::format("field '{}' is missing", name);
    return nullptr;
  }

  const Json& line_;
  std::optional<std::string> fault_;
};

bool is_intact(Json line) {
  const auto check = line.find(kCheckField);
  if (check == line.end() || !check->is_string()) return false;
  const auto told = check->get<std::string>();
  line.erase(kCheckField);
  return line_check(line.dump(-1, ' ', false, Json::error_handler_t::replace)) == told;
}

// Types that are about a session alone; the others may be about the node.
bool needs_session(EventType type) {
  switch (type) {
    case EventType::kPolicyApplied:
    case EventType::kPolicyRejected:
    case EventType::kEventsLost:
    case EventType::kSecurityReplayDetected:
    case EventType::kSecurityValidationFailed:
    case EventType::kSecurityKeyCompromiseSuspected:
      return false;
    default:
      return true;
  }
}

void read_common(Fields& fields, LoggedEvent& event) {
  std::uint64_t schema = 0;
  std::string id;
  bool security = false;
  fields.number("schema", schema);
  if (schema != kSchema) fields.wrong("schema", fmt::format("{}", kSchema));
  fields.number("seq", event.seq);
  fields.number("mono_ns", event.mono_ns);
  fields.string("node_id", event.node_id);
  fields.name_of<EventType>("event_type", kAllEventTypes, event.type);
  fields.name_of<Reason>("reason_code", kAllReasons, event.reason);
  fields.flag("security", security);
  if (security != is_security(event.type)) fields.wrong("security", "what the type says");
  fields.string_or_null("session_id", id);
  fields.string_or_null("peer", event.peer);
  fields.number("state_version", event.state_version);
  fields.number("policy_version", event.policy_version);
  if (!id.empty()) {
    if (const auto parsed = base::parse_session_id(id)) event.session = *parsed;
    if (!event.session) fields.wrong("session_id", "32 hexadecimal digits");
  }
  if (!event.session && needs_session(event.type)) fields.wrong("session_id", "a session's id");
}

void read_own(Fields& fields, LoggedEvent& event) {
  switch (event.type) {
    case EventType::kSessionStateChange:
      fields.name_of<State>("previous", kAllStates, event.previous);
      fields.name_of<State>("new", kAllStates, event.now);
      fields.name_of<Trigger>("trigger", kAllTriggers, event.trigger);
      return;
    case EventType::kSessionCreated:
    case EventType::kTransportAttached:
    case EventType::kTransportSwitch:
    case EventType::kTransportSwitchDenied:
    case EventType::kTransportSwitchFailed:
      fields.number("epoch", event.epoch);
      fields.number("binding_version", event.binding_version);
      return;
    case EventType::kReattachAttempt:
    case EventType::kReattachResult:
      fields.number("binding_version", event.binding_version);
      return;
    case EventType::kKeyInstalled:
    case EventType::kKeyRotated:
    case EventType::kKeyExpired:
    case EventType::kRekeyDenied:
      fields.number("epoch", event.epoch);
      fields.number("generation", event.generation);
      return;
    case EventType::kPolicyApplied:
    case EventType::kPolicyRejected:
      fields.number("previous_version", event.previous_policy);
      return;
    case EventType::kEventsLost:
      fields.number("count", event.lost_count);
      fields.number("first_seq", event.lost_first);
      fields.number("last_seq", event.lost_last);
      return;
    case EventType::kTransitionRejected:
    case EventType::kSessionTerminated:
    case EventType::kSecurityReplayDetected:
    case EventType::kSecurityValidationFailed:
    case EventType::kSecurityKeyCompromiseSuspected:
    case EventType::kOwnershipChanged:
    case EventType::kQuotaReached:
      return;
  }
}

}  // namespace

std::expected<LoggedEvent, std::string> parse_event(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::unexpected("no whole JSON object: cut or damaged");
  LoggedEvent event;
  Fields fields(json);
  read_common(fields, event);
  if (!fields.fault()) read_own(fields, event);
  if (fields.fault()) return std::unexpected(*fields.fault());
  event.intact = is_intact(json);
  return event;
}

std::optional<Reason> only_reason(EventType type) {
  switch (type) {
    case EventType::kSessionCreated:
    case EventType::kEventsLost:
      return Reason::kNone;
    case EventType::kTransportAttached:
      return Reason::kAttachedToTransport;
    case EventType::kKeyInstalled:
      return Reason::kEpochInstalled;
    case EventType::kPolicyApplied:
      return Reason::kPolicyValid;
    case EventType::kPolicyRejected:
      return Reason::kPolicyInvalid;
    default:
      return std::nullopt;
  }
}

}  // namespace jumpgate::audit
