/// The gateway's answers on its control socket: the controller's views, in the API's form.
///
/// Owner thread: the API server's; the signals' as well for a reload (SIGHUP). It never touches the controller's state: each request is posted to the controller's
/// mailbox and runs there, between ticks. Bound: one request at a time, kPatience for its answer.
/// Failure: an api::Error that says what to do.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "api/protocol.hpp"
#include "audit/audit_thread.hpp"
#include "audit/event_log.hpp"
#include "bus/trace_channel.hpp"
#include "bus/worker_counters.hpp"
#include "config/gateway_config.hpp"
#include "ctl/controller.hpp"
#include "ctl/controller_loop.hpp"
#include "ctl/mailbox.hpp"
#include "ctl/views.hpp"
#include "ethdev/ethdev_port.hpp"

namespace jumpgate::app {

/// What an operator may see of the running gateway; all of it outlives the API.
struct GatewayView {
  ctl::Controller& controller;
  const ctl::ControllerLoop& loop;
  ctl::ImageBook& routes;
  ctl::Mailbox& mailbox;
  const audit::EventLog& events;
  const audit::AuditThread& audit;
  std::span<const std::unique_ptr<bus::WorkerCounters>> workers;
  std::span<const std::unique_ptr<ethdev::EthdevPort>> ports;
  std::vector<bus::TraceChannel*> traces;  // of the workers
  std::vector<std::string> port_roles;
  std::string config_path;
  config::EventsConfig event_log;
  std::string node_id;
  MonoNs started;
};

class GatewayApi final : public api::Handler {
 public:
  explicit GatewayApi(GatewayView view) : view_(std::move(view)) {}
  api::Response handle(const api::Request& request) override;

 private:
  /// No request takes the controller longer than a tick.
  static constexpr std::chrono::milliseconds kPatience{2000};

  api::Response answer(const api::StatusRequest& request);
  api::Response answer(const api::SessionsRequest& request);
  api::Response answer(const api::SessionRequest& request);
  api::Response answer(const api::TerminateRequest& request);
  api::Response answer(const api::RekeyRequest& request);
  api::Response answer(const api::CountersRequest& request);
  api::Response answer(const api::ReloadRequest& request);
  api::Response answer(const api::EventLogRequest& request);
  api::Response answer(const api::PolicyRequest& request);
  api::Response answer(const api::PolicyApplyRequest& request);
  api::Response answer(const api::PolicyHistoryRequest& request);
  api::Response answer(const api::TraceRequest& request);
  api::Response answer(const api::TraceReadRequest& request);

  /// Runs `ask` on the controller's thread; an error when it did not get its turn in time.
  template <typename Ask>
  api::Response on_controller(Ask&& ask);
  /// Waits while the last reload's removed peers are being ended; nothing when that takes too long.
  std::optional<ctl::ReloadBasis> begin_reload();
  /// Waits until no worker reads what a reload replaced, as long as a worker that is well takes.
  void free_replaced();

  /// The trace that a worker is asked for, or was last.
  struct Trace {
    std::uint32_t serial{0};
    MonoNs begun{};
  };

  GatewayView view_;
  std::vector<Trace> traces_{view_.traces.size()};
  std::uint32_t last_trace_{0};
  std::mutex reloading_;  // the file that is read last is applied last
};

}  // namespace jumpgate::app
