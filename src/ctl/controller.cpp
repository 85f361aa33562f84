#include "ctl/controller.hpp"

#include <utility>

#include "session/invariants.hpp"
#include "wire/control.hpp"

namespace jumpgate::ctl {
namespace {

std::expected<void, std::string> load_peers(
    Core& core, const std::shared_ptr<const config::GatewayConfig>& config) {
  if (auto seated = core.peers.seat(config); !seated) return seated;
  auto routes = core.ports.routes.prepare(prefixes_of(*config, *core.peers.roster()), *config);
  if (!routes) return std::unexpected(routes.error());
  return core.ports.routes.publish(**routes);
}

/// An edge of the bound path that the worker saw before it moved to the binding in force.
bool speaks_of_former_binding(const bus::Report& report, const Session& session) {
  switch (report.kind) {
    case bus::ReportKind::kSilence:
    case bus::ReportKind::kAlive:
    case bus::ReportKind::kVolatile:
    case bus::ReportKind::kStable:
    case bus::ReportKind::kNewPath:
      return session.binding && report.cid != session.binding->gateway_cid;
    default:
      return false;
  }
}

/// An input of the core, told to the tap at its beginning and at its end.
class TappedInput {
 public:
  template <class... Args, class... Given>
  TappedInput(InputTap* tap, void (InputTap::*told)(Args...), Given&&... given) : tap_(tap) {
    if (tap_ != nullptr) (tap_->*told)(std::forward<Given>(given)...);
  }
  TappedInput(const TappedInput&) = delete;
  TappedInput& operator=(const TappedInput&) = delete;
  ~TappedInput() {
    if (tap_ != nullptr) tap_->on_done();
  }

 private:
  InputTap* tap_;
};

}  // namespace

Controller::Controller(const Settings& settings, const Ports& ports,
                       std::shared_ptr<const config::GatewayConfig> config,
                       crypto::ResetKey reset_key, MonoNs now)
    : core_(settings, ports, config->policies, std::move(reset_key), now),
      closing_(core_),
      started_(load_peers(core_, config)),
      handshakes_(core_, closing_, now),
      rekeys_(core_, closing_),
      exchanges_(core_, closing_),
      jumps_(core_, exchanges_, rekeys_),
      path_checks_(core_, exchanges_, rekeys_),
      links_(core_.sessions),
      lifetimes_(core_, closing_, handshakes_, exchanges_, rekeys_),
      resets_(core_, now),
      reloads_(core_, closing_, std::move(config), now) {}

void Controller::on_handshake(std::span<const std::uint8_t> datagram, const Endpoint& from,
                              const Endpoint& to, std::uint8_t worker, MonoNs now) {
  handshakes_.on_hello(datagram, from, to, worker, now);
}

void Controller::on_control(const bus::Report& report,
                            std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                            MonoNs now) {
  const TappedInput input(tap_, &InputTap::on_control, report, payload, now);
  Session* session = core_.sessions.find(report.session);
  if (session == nullptr) {
    core_.counters.add(ControllerCounter::kReportsStale);
    return;
  }
  core_.counters.add(ControllerCounter::kControlIn);
  if (lifetimes_.expire(*session, now)) {
    rekeys_.on_generation_used(*session, report.generation, now);
    judge_control(*session, report, payload, now);
  } else {
    core_.counters.drop(DropReason::kSessionStateForbids);  // ended, perhaps at this very moment
  }
  settle(report.session, now);
}

void Controller::judge_control(Session& session, const bus::Report& report,
                               std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                               MonoNs now) {
  const auto drop = [this](DropReason reason) { core_.counters.drop(reason); };
  switch (report.type) {
    case wire::Type::kConfirm: {
      const auto message = wire::decode_confirm(payload);
      if (!message) return drop(message.error());
      return handshakes_.on_confirm(session, *message, report.generation, report.from, report.to,
                                    now);
    }
    case wire::Type::kReattach: {
      const auto message = wire::decode_reattach(payload);
      if (!message) return drop(message.error());
      return jumps_.on_reattach(session, *message, report.generation, report.from, report.to, now);
    }
    case wire::Type::kPathResponse: {
      const auto message = wire::decode_path_response(payload);
      if (!message) return drop(message.error());
      return exchanges_.on_response(session, *message, report.generation, report.from, report.to,
                                    now);
    }
    case wire::Type::kRekey: {
      const auto message = wire::decode_rekey(payload);
      if (!message) return drop(message.error());
      return rekeys_.on_rekey(session, *message, report.generation, now);
    }
    case wire::Type::kControlClose: {
      const auto message = wire::decode_control_close(payload);
      if (!message) return drop(message.error());
      return closing_.on_control_close(session, *message, now);
    }
    default:
      return drop(DropReason::kWireWrongRole);
  }
}

void Controller::on_report(const bus::Report& report, MonoNs now) {
  if (report.kind == bus::ReportKind::kUnknownCid) {
    resets_.on_unknown_cid(report.type, report.cid, report.from, report.to, report.value, now);
    return;
  }
  const TappedInput input(tap_, &InputTap::on_report, report, now);
  Session* session = core_.sessions.find(report.session);
  if (session == nullptr || speaks_of_former_binding(report, *session)) {
    core_.counters.add(ControllerCounter::kReportsStale);
    return;
  }
  if (lifetimes_.expire(*session, now)) {
    switch (report.kind) {
      case bus::ReportKind::kSilence:
        path_checks_.on_silence(*session, now);
        break;
      case bus::ReportKind::kAlive:
        path_checks_.on_alive(*session, now);
        break;
      case bus::ReportKind::kVolatile:
        path_checks_.on_volatile(*session, report.value, now);
        break;
      case bus::ReportKind::kStable:
        path_checks_.on_stable(*session, now);
        break;
      case bus::ReportKind::kNewPath:
        path_checks_.on_new_path(*session, report.from, report.to, report.value, now);
        break;
      case bus::ReportKind::kEpochConfirmed:
        rekeys_.on_epoch_used(*session, report.value, now);
        break;
      case bus::ReportKind::kPeerClosed:
        closing_.on_peer_closed(*session, report.value, now);
        break;
      case bus::ReportKind::kKeyUsage:
        rekeys_.on_key_usage(*session, report.epoch, report.value, now);
        break;
      case bus::ReportKind::kQuota:
        core_.on_quota(*session, report.value, now);
        break;
      case bus::ReportKind::kInconsistent:
        closing_.terminate(*session, Reason::kInternalInconsistency, now);
        break;
      case bus::ReportKind::kEpochReleased:
        rekeys_.on_epoch_released(*session, report.value, now);
        break;
      default:
        break;  // frames and plaintexts have their own ways in
    }
  }
  settle(report.session, now);
}

void Controller::on_acknowledged(const bus::Command& command, MonoNs now) {
  const TappedInput input(tap_, &InputTap::on_acknowledged, command, now);
  Session* session = core_.sessions.find(command.session);
  if (session == nullptr) return;
  const auto ack = static_cast<Ack>(command.tag >> 56);
  const std::uint64_t number = command.tag & ((1ULL << 56) - 1);
  if (ack == Ack::kRemove) {
    if (const auto successor = closing_.on_removed(*session, now)) settle(*successor, now);
    return;
  }
  if (session->record.state() == State::kTerminated) return;
  if (!command.applied) {
    refused_by_worker(*session, ack, number, now);
    settle(command.session, now);
    return;
  }
  switch (ack) {
    case Ack::kInstall:
      handshakes_.on_installed(*session, now);
      break;
    case Ack::kAttach:
      handshakes_.on_attached(*session);
      break;
    case Ack::kPropose:
      exchanges_.on_proposed(*session, number, now);
      break;
    case Ack::kCommit:
      exchanges_.on_committed(*session, number);
      break;
    case Ack::kInstallGeneration:
      rekeys_.on_installed(*session, number, now);
      break;
    case Ack::kCancelEpoch:
    case Ack::kConfirmGeneration:
    case Ack::kCancelGeneration:
    case Ack::kLiveness:
    case Ack::kDrain:
    case Ack::kRemove:
      break;
  }
  settle(command.session, now);
}

void Controller::refused_by_worker(Session& session, Ack ack, std::uint64_t number, MonoNs now) {
  core_.counters.add(ControllerCounter::kCommandsRefused);
  switch (ack) {
    case Ack::kInstall:
    case Ack::kAttach:
    case Ack::kCommit:
    case Ack::kConfirmGeneration:
      // The two planes disagree about the session: it must not go on.
      closing_.terminate(session, Reason::kInternalInconsistency, now);
      break;
    case Ack::kPropose:
      exchanges_.on_proposal_refused(session, number, now);
      break;
    case Ack::kInstallGeneration:
      rekeys_.on_install_refused(session, number, now);
      break;
    case Ack::kCancelEpoch:
    case Ack::kCancelGeneration:
    case Ack::kLiveness:
    case Ack::kDrain:
    case Ack::kRemove:
      break;  // what they would have undone is gone already
  }
}

void Controller::settle(const bus::SessionRef& ref, MonoNs now) {
  Session* session = core_.sessions.find(ref);
  if (session == nullptr || session->record.state() == State::kTerminated) return;
  path_checks_.consider(*session, now);
  if (session->doom != Reason::kNone) return closing_.terminate(*session, session->doom, now);
  core_.sync_liveness(*session, now);
  core_.arm(*session);
  session::check(session->record, session->binding.has_value(), session->told_version);
}

void Controller::tick(MonoNs now) {
  const bool due = tap_ != nullptr && (core_.wheel.next_wake() <= now || reloads_.sweeping() ||
                                       reloads_.ending() || links_.sweeping() || core_.stopping);
  const TappedInput input(tap_, &InputTap::on_tick, due, now);
  for (std::size_t i = 0; i < kJobsPerTick; ++i) {
    HandshakeJob* job = core_.ports.handshakes.poll();
    if (job == nullptr) break;
    const bus::SessionRef ref = job->session;
    if (job->kind == HandshakeJob::Kind::kRekey) {
      rekeys_.on_job(job, now);
    } else {
      handshakes_.on_job(job, now);
    }
    settle(ref, now);
  }
  core_.wheel.advance(now, kTimersPerTick, [&](SlotHandle handle) {
    Session* session = core_.sessions.at(handle);
    if (session == nullptr) return;
    const bus::SessionRef ref = session->ref;
    lifetimes_.on_timer(*session, now);
    settle(ref, now);
  });
  closing_.stop_slice(now);
  links_.sweep_slice([&](Session& session, bool up) {
    const bus::SessionRef ref = session.ref;
    if (lifetimes_.expire(session, now)) path_checks_.on_link(session, up, now);
    settle(ref, now);
  });
  reloads_.end_slice(now);
  reloads_.sweep_slice(now, [&](Session& session) { settle(session.ref, now); });
  core_.ports.events.flush_loss(now, core_.policies.version());
}

void Controller::on_link(std::uint8_t port, bool up) {
  const TappedInput input(tap_, &InputTap::on_link, port, up);
  links_.set(port, up);
}

bool Controller::terminate(const SessionId& id, MonoNs now) {
  const TappedInput input(tap_, &InputTap::on_terminate, id, now);
  Session* session = core_.sessions.find(id);
  if (session == nullptr || session->record.state() == State::kTerminated) return false;
  closing_.terminate(*session, Reason::kOperatorTerminated, now);
  return true;
}

std::expected<Reason, std::string> Controller::ask_rekey(const SessionId& id, MonoNs now) {
  const TappedInput input(tap_, &InputTap::on_rekey_asked, id, now);
  Session* session = core_.sessions.find(id);
  if (session == nullptr) return std::unexpected("it has ended");
  const bus::SessionRef ref = session->ref;
  if (!lifetimes_.expire(*session, now)) return std::unexpected("it is ending");
  auto asked = rekeys_.ask(*session);
  settle(ref, now);
  return asked;
}

std::optional<ReloadBasis> Controller::begin_reload(MonoNs now) {
  const TappedInput input(tap_, &InputTap::on_reload_begun, now);
  return reloads_.begin();
}

std::expected<ReloadPlan, std::string> Controller::plan_reload(
    const ReloadBasis& basis, std::shared_ptr<const config::GatewayConfig> next) const {
  return ctl::plan_reload(basis, std::move(next), core_.peers, core_.ports.routes);
}

std::expected<std::vector<std::string>, std::string> Controller::reload(ReloadPlan& plan,
                                                                        MonoNs now) {
  const TappedInput input(tap_, &InputTap::on_reload, *plan.config, now);
  return reloads_.apply(plan, now);
}

std::expected<std::vector<std::string>, std::string> Controller::reload(
    std::shared_ptr<const config::GatewayConfig> next, MonoNs now) {
  const auto basis = begin_reload(now);
  if (!basis) return std::unexpected(std::string(kReloadUnderWay));
  auto plan = plan_reload(*basis, std::move(next));
  if (plan) return reload(*plan, now);
  reload_refused({}, now);
  return std::unexpected(plan.error());
}

std::expected<std::vector<std::string>, std::string> Controller::apply_policy(
    const session::PolicySet& next, std::string how, PolicyApplication application, MonoNs now) {
  const TappedInput input(tap_, &InputTap::on_policy, next, how, application, now);
  return reloads_.apply_policy(next, std::move(how), application, now);
}

void Controller::reload_refused(std::string_view field, MonoNs now) {
  const TappedInput input(tap_, &InputTap::on_refused, field, now);
  reloads_.refuse(field, now);
}

void Controller::begin_stop() {
  const TappedInput input(tap_, &InputTap::on_stop);
  closing_.begin_stop();
}

}  // namespace jumpgate::ctl
