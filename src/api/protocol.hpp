/// What can be asked of a gateway, and what it answers: the one typed API (spec/control-socket.md).
/// jumpctl, tests and any later interface speak through it; JSON is its form on the socket.
///
/// Owner thread: values. Bound: a page of sessions is kSessionsPerPage; every answer must fit
/// limits::kMaxApiMessage. Failure: a request or reply that is not understood is a kBadRequest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/error.hpp"

namespace jumpgate::api {

/// Sessions in one answer: below 1,300 bytes each with eight inner addresses, so they always fit.
inline constexpr std::size_t kSessionsPerPage = 48;
/// Traced packets in one answer: below 700 bytes each.
inline constexpr std::size_t kTracedPerPage = 64;
/// Of one trace.
inline constexpr std::uint64_t kMaxTracedPackets = 1000;
inline constexpr std::uint64_t kMaxTraceSeconds = 60;

// ---- Requests
// ------------------------------------------------------------------------------------

struct StatusRequest {};
/// Sessions in a stable order, from the one at `offset`.
struct SessionsRequest {
  std::uint64_t offset{0};
};
/// One session, by its id (32 hexadecimal digits) or its peer's name.
struct SessionRequest {
  std::string target;
};
struct TerminateRequest {
  std::string target;
};
/// The session's client is to make new keys.
struct RekeyRequest {
  std::string target;
};
/// Sums over all workers, or one worker's own.
struct CountersRequest {
  std::optional<std::uint32_t> worker;
};
/// Reads the configuration anew: checked whole, applied whole or not at all.
struct ReloadRequest {};

/// Where the event log lies, for the caller to read.
struct EventLogRequest {};

/// The policy in force.
struct PolicyRequest {};
/// A policy document, checked whole, applied whole or not at all.
struct PolicyApplyRequest {
  std::string document;  // TOML
  std::string name;      // of its file, for messages and the history
  bool grace{false};     // running sessions follow at their next transition
};
/// The policies since the start, oldest first.
struct PolicyHistoryRequest {};

/// Follow the next packets of a session, in place of whatever its worker followed before.
struct TraceRequest {
  std::string target;
  std::uint64_t count{0};    // 1 to kMaxTracedPackets
  std::uint64_t seconds{0};  // 1 to kMaxTraceSeconds
};
/// What was seen since the last time it was asked for.
struct TraceReadRequest {
  std::uint64_t worker{0};  // as TraceBegun says
  std::uint64_t serial{0};
};

using Request =
    std::variant<StatusRequest, SessionsRequest, SessionRequest, TerminateRequest, RekeyRequest,
                 CountersRequest, ReloadRequest, EventLogRequest, PolicyRequest, PolicyApplyRequest,
                 PolicyHistoryRequest, TraceRequest, TraceReadRequest>;

// ---- Replies
// -------------------------------------------------------------------------------------

struct PortStatus {
  std::string name;
  std::string role;  // "outer", "inner"
  std::string mac;
  bool link_up{false};
};

struct Status {
  std::string version;
  std::string node_id;
  std::uint64_t uptime_ms{0};
  std::uint32_t workers{0};
  std::uint64_t sessions{0};
  std::uint64_t sessions_attached{0};
  std::uint64_t max_sessions{0};
  std::uint64_t peers{0};
  std::uint64_t policy_version{0};
  std::uint64_t next_event_seq{0};
  std::uint64_t events_lost{0};
  std::vector<PortStatus> ports;
};

struct SessionInfo {
  std::string id;  // 32 hexadecimal digits
  std::string peer;
  std::string state;
  std::string last_reason;  // of the last transition
  std::string endpoint;     // the peer's outer address; empty without a binding
  std::vector<std::string> inner_addresses;
  std::string suite;
  std::uint64_t last_heard_ms{0};  // ago
  std::uint64_t age_ms{0};
  std::uint64_t rtt_us{0};    // smoothed; 0: not measured yet
  std::uint64_t path_mtu{0};  // towards the client, as probes have shown; 0: no binding yet
  std::uint64_t rx_packets{0};
  std::uint64_t rx_bytes{0};
  std::uint64_t tx_packets{0};
  std::uint64_t tx_bytes{0};
  std::uint64_t drops{0};  // packets from it and for it, whatever the reason
  std::uint64_t jumps{0};
  std::uint64_t state_version{0};
  std::uint64_t binding_version{0};
  std::uint64_t epoch{0};
  std::uint32_t root_generation{0};
  std::uint32_t worker{0};
};

struct SessionPage {
  std::vector<SessionInfo> sessions;
  std::uint64_t total{0};
  std::optional<std::uint64_t> next_offset;  // none: that was the last page
};

/// The session's end has begun.
struct Terminated {
  std::string id;
  std::string peer;
};

/// The session's client is asked for new keys.
struct RekeyAsked {
  std::string id;
  std::string peer;
  std::string reason;  // why: "policy_trigger", or what it had been asked for before
};

struct Counters {
  std::vector<std::pair<std::string, std::uint64_t>> values;  // by stable name
};

/// What changed, a sentence each; empty: nothing.
struct Reloaded {
  std::vector<std::string> changes;
};

/// FILE is the newest, FILE.1 the one before, and so on to FILE.keep at most.
struct EventLogPlace {
  std::string file;
  std::uint64_t keep{0};
};

struct PolicyField {
  std::string name;
  std::string value;
};
struct PolicyInfo {
  std::uint64_t version{0};
  bool sweeping{false};  // running sessions are still being given it
  std::vector<PolicyField> fields;
};

struct PolicyApplied {
  std::uint64_t version{0};
  std::vector<std::string> changes;  // "FIELD: BEFORE -> AFTER"; empty: it was in force already
};

struct PolicyChange {
  std::uint64_t version{0};
  std::uint64_t ago_ms{0};
  std::string how;          // "start", "reload", or the document's name
  std::string application;  // "strict" or "grace"
  std::vector<std::string> changes;
};
struct PolicyChanges {
  std::vector<PolicyChange> policies;
};

struct TraceBegun {
  std::string id;
  std::string peer;
  std::uint64_t worker{0};
  std::uint64_t serial{0};
};

struct TracedPacket {
  std::uint64_t number{0};  // from 1
  std::uint64_t at_us{0};   // since the trace was asked for
  std::string way;          // "in": out of the tunnel; "out": into it
  std::string type;         // of the message
  std::string outer_from;
  std::string outer_to;
  std::uint64_t outer_length{0};  // of the UDP payload
  std::uint64_t counter{0};
  std::string inner_from;  // empty: it holds no packet, or was not looked at
  std::string inner_to;
  std::uint64_t inner_length{0};
  std::uint64_t protocol{0};  // of the inner packet
  std::vector<std::string> stages;
  std::string end;     // "sent", "dropped", "taken", "to_controller", "to_worker", "held"
  std::string reason;  // dropped: why
  std::string port;    // sent: by which
};
struct TracePage {
  std::vector<TracedPacket> packets;
};

using Reply =
    std::variant<Status, SessionPage, SessionInfo, Terminated, RekeyAsked, Counters, Reloaded,
                 EventLogPlace, PolicyInfo, PolicyApplied, PolicyChanges, TraceBegun, TracePage>;
using Response = std::expected<Reply, Error>;

/// What a gateway implements. `handle` runs on the server's thread (Server::poll_once or
/// Server::start) and answers at once.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  Handler(Handler&&) = delete;
  Handler& operator=(Handler&&) = delete;
  virtual ~Handler() = default;
  virtual Response handle(const Request& request) = 0;
};

// ---- Their form on the socket
// --------------------------------------------------------------------

/// A request as it is sent: name and arguments.
struct Call {
  std::string command;
  std::string arguments;  // a JSON object
};
[[nodiscard]] Call to_call(const Request& request);
[[nodiscard]] std::expected<Request, Error> request_from(std::string_view command,
                                                         const nlohmann::json& arguments);

[[nodiscard]] nlohmann::json to_json(const Reply& reply);
/// The reply to a request of this kind.
[[nodiscard]] Response reply_from(const Request& request, const nlohmann::json& json);

}  // namespace jumpgate::api
