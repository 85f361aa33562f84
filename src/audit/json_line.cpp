#include "audit/json_line.hpp"

#include <array>
#include <string>

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <sodium/crypto_shorthash.h>

#include "base/invariant.hpp"
#include "base/text.hpp"

namespace jumpgate::audit {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Endpoint& endpoint) {
  if (endpoint.address.family == IpFamily::kNone) return "";
  return base::format_endpoint(endpoint);
}

// One overload for each detail: adds its fields to the line.
struct DetailWriter {
  Json& line;
  EventType type;

  void operator()(const std::monostate& /*none*/) const {}
  void operator()(const StateChangeDetail& d) const {
    line["previous"] = to_string(d.previous);
    line["new"] = to_string(d.now);
    line["trigger"] = to_string(d.trigger);
  }
  void operator()(const RejectedDetail& d) const {
    line["state"] = to_string(d.state);
    line["trigger"] = to_string(d.trigger);
    line["count"] = d.count;
  }
  void operator()(const AttachDetail& d) const {
    line["remote"] = to_json(d.remote);
    line["local"] = to_json(d.local);
    line["binding_version"] = d.binding_version;
    line["epoch"] = d.epoch;
    line["suite"] = to_string(d.suite);
  }
  void operator()(const SwitchDetail& d) const {
    line["from"] = to_json(d.from);
    line["to"] = to_json(d.to);
    line["jump_seq"] = d.jump_seq;
    line["binding_version"] = d.binding_version;
    line["epoch"] = d.epoch;
    line["candidates"] = d.candidates;
    line["loss_permille"] = d.loss_permille;
    line["latency_us"] = d.latency.us();
  }
  void operator()(const ReattachDetail& d) const {
    line["remote"] = to_json(d.from);
    line["jump_seq"] = d.jump_seq;
    line["binding_version"] = d.binding_version;
    if (type == EventType::kReattachResult) line["elapsed_us"] = d.elapsed.us();
  }
  void operator()(const TerminatedDetail& d) const {
    line["age_ms"] = d.age.ms();
    line["transportless_ms"] = d.transportless.ms();
    line["rx_packets"] = d.rx_packets;
    line["rx_bytes"] = d.rx_bytes;
    line["tx_packets"] = d.tx_packets;
    line["tx_bytes"] = d.tx_bytes;
    line["peer_reason"] = to_string(d.peer_reason);
  }
  void operator()(const KeyDetail& d) const {
    line["epoch"] = d.epoch;
    line["generation"] = d.generation;
  }
  void operator()(const SecurityDetail& d) const {
    line["remote"] = to_json(d.from);
    line["count"] = d.count;
  }
  void operator()(const PolicyDetail& d) const {
    line["previous_version"] = d.previous_version;
    if (!d.field.view().empty()) line["field"] = std::string(d.field.view());
  }
  void operator()(const OwnershipDetail& d) const {
    line["previous_node"] = d.previous_node;
    line["new_node"] = d.now_node;
    line["owner_epoch"] = d.owner_epoch;
  }
  void operator()(const QuotaDetail& d) const {
    line["percent"] = d.percent;
    line["quota_bytes"] = d.quota_bytes;
  }
  void operator()(const LostDetail& d) const {
    line["count"] = d.count;
    line["first_seq"] = d.first_seq;
    line["last_seq"] = d.last_seq;
  }
};

}  // namespace

std::string line_check(std::string_view text) {
  // SipHash-2-4; the key is zero because a checksum has no secret.
  constexpr std::array<std::uint8_t, crypto_shorthash_KEYBYTES> kKey{};
  std::array<std::uint8_t, crypto_shorthash_BYTES> sum{};
  // char may be read as bytes; there is no other way to view text as such.
  crypto_shorthash(sum.data(), reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                   kKey.data());
  return base::format_hex(sum);
}

std::string to_json_line(const Event& event, std::string_view node_id, std::uint64_t ts_ms) {
  Json line;
  line["schema"] = kSchema;
  line["seq"] = event.seq;
  line["ts_ms"] = ts_ms;
  line["mono_ns"] = event.mono.ns;
  line["node_id"] = std::string(node_id);
  line["event_type"] = to_string(event.type);
  line["session_id"] =
      event.session == SessionId{} ? Json(nullptr) : Json(base::format_session_id(event.session));
  line["peer"] = event.peer.view().empty() ? Json(nullptr) : Json(std::string(event.peer.view()));
  line["state_version"] = event.state_version;
  line["policy_version"] = event.policy_version;
  line["reason_code"] = to_string(event.reason);
  line["security"] = is_security(event.type);
  std::visit(DetailWriter{line, event.type}, event.detail);
  // A name that is no UTF-8 must not cost the event.
  std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string check = line_check(text);
  text.pop_back();
  text += fmt::format(",\"{}\":\"{}\"}}\n", kCheckField, check);
  JG_INVARIANT(text.size() <= kMaxLine);
  return text;
}

}  // namespace jumpgate::audit
