#include "app/jumpgated/gateway_api.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include "base/text.hpp"
#include "config/gateway_config.hpp"
#include "config/policy_document.hpp"
#include "net/frames.hpp"
#include "session/fsm.hpp"

namespace jumpgate::app {
namespace {

using api::Error;
using api::ErrorCode;

api::Response refuse(ErrorCode code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}

std::uint64_t milliseconds_between(MonoNs from, MonoNs to) {
  return to > from ? static_cast<std::uint64_t>((to - from).ms()) : 0;
}

api::SessionInfo to_info(const ctl::SessionView& view, MonoNs now) {
  api::SessionInfo info;
  info.id = base::format_session_id(view.id);
  info.peer = view.peer;
  info.state = to_string(view.state);
  info.last_reason = to_string(view.last_reason);
  if (view.endpoint) info.endpoint = base::format_endpoint(*view.endpoint);
  for (const IpPrefix& address : view.inner_addresses)
    info.inner_addresses.push_back(base::format_prefix(address));
  info.suite = to_string(view.suite);
  const ctl::TrafficFigures& figures = view.figures;
  info.last_heard_ms =
      figures.last_heard.ns == 0 ? 0 : milliseconds_between(figures.last_heard, now);
  info.age_ms = milliseconds_between(view.created_at, now);
  info.rtt_us = figures.srtt_us;
  info.path_mtu = figures.path_mtu;
  info.rx_packets = figures.rx_packets;
  info.rx_bytes = figures.rx_bytes;
  info.tx_packets = figures.tx_packets;
  info.tx_bytes = figures.tx_bytes;
  info.drops = figures.drops;
  info.jumps = view.commits;
  info.state_version = view.state_version;
  info.binding_version = view.binding_version;
  info.epoch = view.epoch;
  info.root_generation = view.root_generation;
  info.worker = view.ref.worker;
  return info;
}

struct PortCounter {
  std::string_view name;
  std::uint64_t ethdev::PortStats::* value;
};
constexpr std::array kPortCounters{
    PortCounter{"rx_packets", &ethdev::PortStats::rx_packets},
    PortCounter{"rx_bytes", &ethdev::PortStats::rx_bytes},
    PortCounter{"rx_missed", &ethdev::PortStats::rx_missed},
    PortCounter{"rx_errors", &ethdev::PortStats::rx_errors},
    PortCounter{"rx_no_mbuf", &ethdev::PortStats::rx_no_mbuf},
    PortCounter{"tx_packets", &ethdev::PortStats::tx_packets},
    PortCounter{"tx_bytes", &ethdev::PortStats::tx_bytes},
    PortCounter{"tx_errors", &ethdev::PortStats::tx_errors},
};

void add_port_counters(const ethdev::EthdevPort& port, api::Counters& out) {
  const ethdev::PortStats stats = port.stats();
  for (const PortCounter& counter : kPortCounters)
    out.values.emplace_back("port." + std::string(port.name()) + "." + std::string(counter.name),
                            stats.*counter.value);
}

/// A session by id or by its peer's name.
std::optional<ctl::SessionView> find(ctl::Views views, const std::string& target) {
  if (const auto id = base::parse_session_id(target)) return views.session(*id);
  return views.session_of_peer(target);
}

std::string name_of(wire::Type type) {
  switch (type) {
    case wire::Type::kData:
      return "DATA";
    case wire::Type::kHeartbeat:
      return "HEARTBEAT";
    case wire::Type::kClose:
    case wire::Type::kControlClose:
      return "CLOSE";
    case wire::Type::kConfirm:
      return "CONFIRM";
    case wire::Type::kReattach:
      return "REATTACH";
    case wire::Type::kPathResponse:
      return "PATH_RESPONSE";
    case wire::Type::kRekey:
      return "REKEY";
    default:
      return std::to_string(std::to_underlying(type));
  }
}

std::string endpoint_text(const Endpoint& endpoint) {
  return endpoint.address.family == IpFamily::kNone ? "" : base::format_endpoint(endpoint);
}

/// An inner packet's end; only two of its protocols have ports that are looked at.
std::string inner_text(const Endpoint& end, std::uint8_t protocol) {
  if (protocol == net::kProtocolTcp || protocol == net::kProtocolUdp) return endpoint_text(end);
  return end.address.family == IpFamily::kNone ? "" : base::format_ip(end.address);
}

api::TracedPacket to_traced(const bus::TracedPacket& packet, MonoNs begun) {
  api::TracedPacket out;
  out.number = packet.number;
  out.at_us = packet.at > begun ? static_cast<std::uint64_t>((packet.at - begun).us()) : 0;
  out.way = packet.out ? "out" : "in";
  out.type = name_of(packet.type);
  out.outer_from = endpoint_text(packet.outer_from);
  out.outer_to = endpoint_text(packet.outer_to);
  out.outer_length = packet.outer_length;
  out.counter = packet.counter;
  out.inner_from = inner_text(packet.inner_from, packet.protocol);
  out.inner_to = inner_text(packet.inner_to, packet.protocol);
  out.inner_length = packet.inner_length;
  out.protocol = packet.protocol;
  for (std::size_t stage = 0; stage < bus::kTraceStages.size(); ++stage)
    if ((packet.stages >> stage & 1) != 0) out.stages.emplace_back(bus::kTraceStages[stage]);
  out.end = bus::kTraceEnds[std::to_underlying(packet.end)];
  if (packet.end == bus::TraceEnd::kDropped) out.reason = to_string(packet.reason);
  return out;
}

Error not_found(const std::string& target) {
  return {
      .code = ErrorCode::kNotFound,
      .message = "no session '" + target +
                 "': give a session id (32 hexadecimal digits) or the name of a peer that has one; "
                 "'jumpctl sessions' lists them"};
}

}  // namespace

api::Response GatewayApi::handle(const api::Request& request) {
  return std::visit([this](const auto& r) { return answer(r); }, request);
}

template <typename Ask>
api::Response GatewayApi::on_controller(Ask&& ask) {
  api::Response response =
      refuse(ErrorCode::kBusy, "the controller did not answer in time; try again");
  const std::function<void(MonoNs)> letter = [&](MonoNs now) { response = ask(now); };
  view_.mailbox.call(letter, kPatience);
  return response;
}

api::Response GatewayApi::answer(const api::StatusRequest&) {
  return on_controller([this](MonoNs now) -> api::Response {
    const ctl::Views views = view_.controller.views();
    api::Status status;
    status.version = JUMPGATE_VERSION;
    status.node_id = view_.node_id;
    status.uptime_ms = milliseconds_between(view_.started, now);
    status.workers = static_cast<std::uint32_t>(view_.workers.size());
    status.sessions = views.sessions();
    status.sessions_attached = views.attached();
    status.max_sessions = views.max_sessions();
    status.peers = view_.controller.config().peers.size();
    status.policy_version = views.policy_version();
    status.next_event_seq = view_.events.next_seq();
    status.events_lost = view_.events.lost() + view_.audit.lost_at_sinks();
    for (std::size_t i = 0; i < view_.ports.size(); ++i) {
      const ethdev::EthdevPort& port = *view_.ports[i];
      status.ports.push_back({.name = std::string(port.name()),
                              .role = view_.port_roles[i],
                              .mac = base::format_mac(port.mac()),
                              .link_up = port.link_up()});
    }
    return status;
  });
}

api::Response GatewayApi::answer(const api::SessionsRequest& request) {
  return on_controller([&](MonoNs now) -> api::Response {
    ctl::Views views = view_.controller.views();
    const ctl::SessionPageView page = views.page(request.offset, api::kSessionsPerPage);
    api::SessionPage reply;
    for (const ctl::SessionView& session : page.sessions)
      reply.sessions.push_back(to_info(session, now));
    reply.total = views.sessions();
    reply.next_offset = page.next;
    return reply;
  });
}

api::Response GatewayApi::answer(const api::SessionRequest& request) {
  return on_controller([&](MonoNs now) -> api::Response {
    const auto session = find(view_.controller.views(), request.target);
    if (!session) return std::unexpected(not_found(request.target));
    return to_info(*session, now);
  });
}

api::Response GatewayApi::answer(const api::TerminateRequest& request) {
  return on_controller([&](MonoNs now) -> api::Response {
    const auto session = find(view_.controller.views(), request.target);
    if (!session || !view_.controller.terminate(session->id, now))
      return std::unexpected(not_found(request.target));
    return api::Terminated{.id = base::format_session_id(session->id), .peer = session->peer};
  });
}

api::Response GatewayApi::answer(const api::RekeyRequest& request) {
  return on_controller([&](MonoNs now) -> api::Response {
    const auto session = find(view_.controller.views(), request.target);
    if (!session) return std::unexpected(not_found(request.target));
    const std::string id = base::format_session_id(session->id);
    const auto asked = view_.controller.ask_rekey(session->id, now);
    if (!asked)
      return refuse(ErrorCode::kRefused,
                    "session " + id + " is not asked for new keys: " + asked.error());
    return api::RekeyAsked{
        .id = id, .peer = session->peer, .reason = std::string(to_string(*asked))};
  });
}

// Counters are written with relaxed atomics and read by anyone, a port's own by its driver: no need to ask the
// controller.
api::Response GatewayApi::answer(const api::CountersRequest& request) {
  if (request.worker && *request.worker >= view_.workers.size())
    return refuse(ErrorCode::kNotFound, "no worker " + std::to_string(*request.worker) +
                                            "; there are " + std::to_string(view_.workers.size()));
  api::Counters reply;
  const auto sum = [&](auto read) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < view_.workers.size(); ++i)
      if (!request.worker || *request.worker == i) total += read(*view_.workers[i]);
    return total;
  };
  for (const bus::WorkerCounter counter : bus::kAllWorkerCounters)
    reply.values.emplace_back(to_string(counter),
                              sum([&](const auto& w) { return w.get(counter); }));
  const ctl::Counters& controller = view_.controller.counters();
  for (const DropReason reason : kAllDropReasons) {
    std::uint64_t drops = sum([&](const auto& w) { return w.dropped(reason); });
    if (!request.worker)
      drops += controller.dropped(reason) + view_.loop.counters().dropped(reason);
    reply.values.emplace_back("drop." + std::string(to_string(reason)), drops);
  }
  if (!request.worker) {
    for (const ctl::ControllerCounter counter : ctl::kAllControllerCounters)
      reply.values.emplace_back("ctl." + std::string(to_string(counter)),
                                controller.get(counter) + view_.loop.counters().get(counter));
    for (const Reason reason : session::kTransitionReasons)
      reply.values.emplace_back("transition." + std::string(to_string(reason)),
                                controller.transitions(reason));
    for (const auto& port : view_.ports)
      add_port_counters(*port, reply);
  }
  return reply;
}

std::optional<ctl::ReloadBasis> GatewayApi::begin_reload() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    std::optional<ctl::ReloadBasis> basis;
    on_controller([&](MonoNs now) -> api::Response {
      basis = view_.controller.begin_reload(now);
      return {};
    });
    if (basis || std::chrono::steady_clock::now() >= until) return basis;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void GatewayApi::free_replaced() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!view_.routes.reclaim() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// All that takes longer the more peers there are is done by this thread: the file is read and checked, the change
// planned, and what it took the place of is freed. The controller only swaps.
api::Response GatewayApi::answer(const api::ReloadRequest&) {
  const std::lock_guard lock(reloading_);
  const auto refused = [this](const std::string& field, const std::string& why) {
    return on_controller([&](MonoNs now) -> api::Response {
      view_.controller.reload_refused(field, now);
      return refuse(ErrorCode::kRefused, "nothing was changed:" + why);
    });
  };
  auto next = config::load_gateway(view_.config_path);
  if (!next)
    return refused(config::policy_field_at_fault(next.error()), '\n' + next.error().text());
  const auto shared = std::make_shared<const config::GatewayConfig>(std::move(*next));
  const auto basis = begin_reload();
  if (!basis) return refuse(ErrorCode::kBusy, ctl::kReloadUnderWay);
  auto plan = view_.controller.plan_reload(*basis, shared);
  if (!plan) return refused({}, ' ' + plan.error());
  auto response = on_controller([&](MonoNs now) -> api::Response {
    auto changes = view_.controller.reload(*plan, now);
    if (!changes) return refuse(ErrorCode::kRefused, "nothing was changed: " + changes.error());
    std::istringstream warnings(shared->warnings.text());
    for (std::string line; std::getline(warnings, line);)
      changes->push_back(line);
    return api::Reloaded{.changes = std::move(*changes)};
  });
  free_replaced();
  return response;
}

api::Response GatewayApi::answer(const api::EventLogRequest&) {
  if (view_.event_log.file.empty())
    return refuse(ErrorCode::kRefused,
                  "this gateway writes no event file: [events] file is empty in its configuration");
  return api::EventLogPlace{.file = view_.event_log.file, .keep = view_.event_log.keep};
}

api::Response GatewayApi::answer(const api::PolicyRequest&) {
  return on_controller([this](MonoNs) -> api::Response {
    const session::PolicySet& policies = view_.controller.policies();
    api::PolicyInfo info{.version = policies.version(),
                         .sweeping = view_.controller.policy_sweeping(),
                         .fields = {}};
    for (session::PolicyField& field : session::fields_of(policies))
      info.fields.push_back({std::move(field.name), std::move(field.value)});
    return info;
  });
}

api::Response GatewayApi::answer(const api::PolicyApplyRequest& request) {
  const auto policy = config::parse_policy(request.document, request.name);
  if (!policy) {
    return on_controller([&](MonoNs now) -> api::Response {
      view_.controller.reload_refused(config::policy_field_at_fault(policy.error()), now);
      return refuse(ErrorCode::kRefused, "nothing was changed:\n" + policy.error().text());
    });
  }
  const auto application =
      request.grace ? ctl::PolicyApplication::kGrace : ctl::PolicyApplication::kStrict;
  return on_controller([&](MonoNs now) -> api::Response {
    auto changes = view_.controller.apply_policy(*policy, request.name, application, now);
    if (!changes) return refuse(ErrorCode::kRefused, "nothing was changed: " + changes.error());
    return api::PolicyApplied{.version = view_.controller.policies().version(),
                              .changes = std::move(*changes)};
  });
}

api::Response GatewayApi::answer(const api::PolicyHistoryRequest&) {
  return on_controller([this](MonoNs now) -> api::Response {
    api::PolicyChanges history;
    for (const ctl::PolicyChange& change : view_.controller.policy_history().changes()) {
      const bool grace = change.application == ctl::PolicyApplication::kGrace;
      history.policies.push_back({.version = change.version,
                                  .ago_ms = milliseconds_between(change.at, now),
                                  .how = change.how,
                                  .application = grace ? "grace" : "strict",
                                  .changes = change.changes});
    }
    return history;
  });
}

api::Response GatewayApi::answer(const api::TraceRequest& request) {
  return on_controller([&](MonoNs now) -> api::Response {
    const auto session = find(view_.controller.views(), request.target);
    if (!session) return std::unexpected(not_found(request.target));
    const std::uint8_t worker = session->ref.worker;
    const Trace trace{.serial = ++last_trace_, .begun = now};
    const bus::TraceRequest wanted{
        .session = session->ref,
        .serial = trace.serial,
        .packets = static_cast<std::uint32_t>(request.count),
        .until = now + seconds(static_cast<std::int64_t>(request.seconds))};
    if (!view_.traces[worker]->request(wanted))
      return refuse(ErrorCode::kBusy, "the worker has not taken the last requests yet; try again");
    traces_[worker] = trace;
    return api::TraceBegun{.id = base::format_session_id(session->id),
                           .peer = session->peer,
                           .worker = worker,
                           .serial = trace.serial};
  });
}

api::Response GatewayApi::answer(const api::TraceReadRequest& request) {
  return on_controller([&](MonoNs) -> api::Response {
    if (request.worker >= traces_.size() || traces_[request.worker].serial != request.serial)
      return refuse(ErrorCode::kRefused, "another trace of this worker has begun since");
    api::TracePage page;
    bus::TracedPacket packet;
    while (page.packets.size() < api::kTracedPerPage &&
           view_.traces[request.worker]->take(packet)) {
      if (packet.serial != request.serial) continue;
      page.packets.push_back(to_traced(packet, traces_[request.worker].begun));
      if (packet.end == bus::TraceEnd::kSent)
        page.packets.back().port = view_.ports[packet.port]->name();
    }
    return page;
  });
}

}  // namespace jumpgate::app
