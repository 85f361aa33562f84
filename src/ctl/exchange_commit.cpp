// The end of an exchange that succeeds: policy once more, and then everything changes together.
#include "ctl/exchange.hpp"

namespace jumpgate::ctl {

session::SwitchVerdict Exchanges::judge(const Session& session, IpFamily family, bool exempt,
                                        bool count_attempts, MonoNs now) const {
  const bool recovering = session.record.state() == State::kRecovering;
  session::SwitchVerdict verdict = session::may_switch(
      core_.policy_of(session),
      {.now = now,
       .attempts_last_minute = count_attempts ? session.budget.attempts(now) : 0,
       .commits_last_minute = session.budget.commits(now),
       .last_commit = session.budget.last_commit(),
       .exempt_from_cooldown = exempt,
       .recovery_deadline = recovering ? session.record.state_deadline() : kNever,
       .family = family});
  // How long a limit lasts is the budget's knowledge.
  if (verdict.reason == Reason::kSwitchRateLimited)
    verdict.retry_after = session.budget.until_commit(now);
  if (verdict.reason == Reason::kAttemptsExhausted)
    verdict.retry_after = session.budget.until_attempt(now);
  return verdict;
}

void Exchanges::commit(Session& session, std::uint8_t index, MonoNs now) {
  Exchange& exchange = *session.exchange;
  const Challenged address = exchange.addresses[index];
  const bool in_place = address.remote == session.binding->path.remote;
  const bool exempt = in_place || exchange.kind == wire::ChallengeKind::kRebinding;
  // Policy first, then what may lack, then everything together.
  const auto verdict = judge(session, address.remote.address.family, exempt, false, now);
  if (verdict.reason != Reason::kNone)
    return turn_down(session, address, Reason::kPolicyDenied, verdict, now);
  bus::Command* command = core_.obtain(session, now);
  if (command == nullptr) {
    exchange.winner = index;
    return;
  }
  const auto path = in_place ? std::optional(session.binding->path)
                             : core_.ports.paths.acquire(address.local, address.remote, now);
  if (!path) {
    core_.counters.add(ControllerCounter::kNoPath);
    core_.release(session, command);
    return turn_down(session, address, Reason::kReattachValidationFailed,
                     {.reason = Reason::kAtomicityFailed}, now);
  }
  const auto told = change_record(session, address, now);
  if (!told) {
    core_.release(session, command);
    if (!in_place) core_.ports.paths.release(*path);
    closing_.terminate(session, Reason::kInternalInconsistency, now);
    return;
  }
  bind(session, address, *path, now);
  core_.send(session, command, Ack::kCommit, exchange.epoch,
             bus::Commit{.epoch = exchange.epoch,
                         .path = *path,
                         .client_cid = address.client_cid,
                         .jump_ids = session.jump_ids});
  tell_of_commit(session, *told, in_place, now);
  if (!in_place && core_.policy_of(session).keys.rekey_after_transport_change)
    session.want_rekey(Reason::kTransportChange);
  session.exchange.reset();
}

void Exchanges::turn_down(Session& session, const Challenged& address, Reason state_reason,
                          const session::SwitchVerdict& verdict, MonoNs now) {
  const Exchange& exchange = *session.exchange;
  if (exchange.kind == wire::ChallengeKind::kReattach)
    refuse(session, exchange.jump_seq, verdict.reason, verdict.retry_after, exchange.client_cid,
           address.local, address.remote);
  fail(session, state_reason, verdict.reason, now);
}

std::optional<audit::SwitchDetail> Exchanges::change_record(Session& session,
                                                            const Challenged& address, MonoNs now) {
  const Exchange& exchange = *session.exchange;
  const auto version = core_.commit_binding(session, exchange.replaces);
  const audit::SwitchDetail detail = switch_detail(session, address.remote);
  const Core::Preface result{.type = EventType::kReattachResult,
                             .reason = Reason::kReattachSuccess,
                             .detail = result_detail(session, exchange, address.remote, now)};
  if (!version || !session.epochs.commit(exchange.epoch, kNever) ||
      !core_.transition(session, Trigger::kReattachOk, Reason::kReattachSuccess, now, &result))
    return std::nullopt;
  return detail;
}

void Exchanges::bind(Session& session, const Challenged& address, const bus::OuterPath& path,
                     MonoNs now) {
  const Exchange& exchange = *session.exchange;
  if (address.remote != session.binding->path.remote) {
    if (session.former_path) core_.ports.paths.release(*session.former_path);
    session.former_path = session.binding->path;
  }
  session.binding =
      Binding{.gateway_cid = exchange.gateway_cid, .client_cid = address.client_cid, .path = path};
  session.jump_ids = exchange.jump_ids;
  session.budget.spend_commit(now);
  core_.mark_transport_alive(session);
  session.silent = false;
  session.link_down = false;  // the answer came over it
  session.volatile_for = Reason::kNone;
  session.healing = false;
  session.answer = KeptAnswer{.kind = KeptAnswer::Kind::kCommit,
                              .jump_seq = exchange.jump_seq,
                              .challenge_seq = exchange.challenge_seq,
                              .token = address.token,
                              .remote = address.remote,
                              .local = address.local,
                              .client_cid = address.client_cid};
}

void Exchanges::tell_of_commit(Session& session, const audit::SwitchDetail& detail, bool in_place,
                               MonoNs now) {
  const Exchange& exchange = *session.exchange;
  const bool rebinding = exchange.kind == wire::ChallengeKind::kRebinding;
  core_.counters.add(ControllerCounter::kCommits);
  if (in_place) core_.counters.add(ControllerCounter::kCommitsInPlace);
  if (!in_place && rebinding) core_.counters.add(ControllerCounter::kCommitsRebound);
  core_.emit(session, EventType::kTransportSwitch,
             in_place ? Reason::kInPlaceRecovery : exchange.cause, detail, now);
  core_.keys_installed(session, exchange.epoch, session.record.root_generation(), now);
  if (!in_place || !rebinding) return;
  // The bound address answered first: the other one is not tried again at once.
  session.rebind_refused = exchange.addresses[1].remote;
  session.rebind_refused_until = now + core_.policy_of(session).switching.switch_cooldown;
}

void Exchanges::on_committed(Session& session, std::uint64_t epoch) {
  if (session.former_path) {
    core_.ports.paths.release(*session.former_path);
    session.former_path.reset();
  }
  if (session.answer.kind != KeptAnswer::Kind::kCommit || session.epochs.current() != epoch) return;
  session.answer.acknowledged = true;
  acknowledge(session);
}

audit::SwitchDetail Exchanges::switch_detail(const Session& session, const Endpoint& to) const {
  const TrafficFigures figures = core_.ports.workers.figures(session.ref);
  const Exchange& exchange = *session.exchange;
  return {.from = session.binding->path.remote,
          .to = to,
          .jump_seq = exchange.jump_seq,
          .binding_version = session.record.binding_version(),
          .epoch = exchange.epoch,
          .candidates = exchange.address_count,
          .loss_permille = figures.loss_permille,
          .latency = microseconds(figures.srtt_us)};
}

}  // namespace jumpgate::ctl
