#include "ctl/path_checks.hpp"

#include <algorithm>

#include "net/address.hpp"

namespace jumpgate::ctl {
namespace {

/// A PATH_CHALLENGE of 288 bytes is paid for by a third of it.
constexpr std::uint64_t kBytesPerChallenge = wire::kControlSize / 3;

std::uint8_t challenges_for(std::uint64_t bytes) {
  return static_cast<std::uint8_t>(std::clamp<std::uint64_t>(
      bytes / kBytesPerChallenge, 0, 1 + std::uint64_t{limits::kMaxAnswerRepeats}));
}

}  // namespace

void PathChecks::on_silence(Session& session, MonoNs now) {
  if (!session.binding || !session::may_have_binding(session.record.state())) return;
  if (session.record.state() == State::kAttached &&
      !core_.transition(session, Trigger::kInstability, Reason::kHeartbeatTimeout, now))
    return;
  session.silent = true;
  session.healing = false;
  core_.mark_transport_lost(session, now);
}

void PathChecks::on_alive(Session& session, MonoNs now) {
  if (!session.binding || !session::may_have_binding(session.record.state())) return;
  session.silent = false;
  core_.mark_transport_alive(session);
  heal(session, now);
}

void PathChecks::on_volatile(Session& session, std::uint64_t reason, MonoNs now) {
  if (!session.binding || !session::may_have_binding(session.record.state())) return;
  const Reason signal = reason_from_number(static_cast<std::uint16_t>(reason))
                            .value_or(Reason::kLossThresholdExceeded);
  if (session.record.state() == State::kAttached &&
      !core_.transition(session, Trigger::kInstability, signal, now))
    return;
  session.volatile_for = signal;
  session.healing = false;
}

void PathChecks::on_stable(Session& session, MonoNs now) {
  if (!session.binding || !session::may_have_binding(session.record.state())) return;
  session.volatile_for = Reason::kNone;
  heal(session, now);
}

void PathChecks::on_link(Session& session, bool up, MonoNs now) {
  session.link_down = !up;
  if (up) {
    heal(session, now);
    return;
  }
  if (session.record.state() == State::kAttached &&
      !core_.transition(session, Trigger::kInstability, Reason::kTransportDead, now))
    return;
  session.healing = false;
}

void PathChecks::heal(Session& session, MonoNs now) {
  const State state = session.record.state();
  if (!session.path_is_healthy() || (state != State::kVolatile && state != State::kDegraded))
    return;
  // The client sees the same and may be about to send its REATTACH.
  session.healing = true;
  session.in_place_at = now + core_.policy_of(session).volatility.heartbeat_interval;
}

void PathChecks::consider(Session& session, MonoNs now) {
  const State state = session.record.state();
  if (!session.healing || session.exchange || now < session.in_place_at ||
      session.doom != Reason::kNone || (state != State::kVolatile && state != State::kDegraded))
    return;
  const Endpoint bound = session.binding->path.remote;
  const auto verdict = exchanges_.judge(session, bound.address.family, true, false, now);
  if (verdict.reason == Reason::kSwitchRateLimited && !core_.degrade_for_rate(session, now)) return;
  const auto& timers = core_.policy_of(session).volatility;
  // The path is not silent: so long ago at most it was heard.
  const Duration heard_within =
      session::silence_threshold(timers.heartbeat_volatile, timers.idle_heartbeat_interval);
  if (verdict.reason != Reason::kNone || !rekeys_.cancel_for_check(session, heard_within, now)) {
    session.in_place_at = now + std::max(verdict.retry_after, timers.heartbeat_interval);
    return;
  }
  const auto reservation = exchanges_.reserve(session, now);
  if (!reservation) {
    if (reservation.error() == Exchanges::Lack::kIds) session.healing = false;
    return;
  }
  if (!core_.transition(session, Trigger::kSwitchStart, Reason::kInPlaceRecovery, now)) {
    core_.release(session, reservation->command);
    return;
  }
  core_.emit(session, EventType::kReattachAttempt, Reason::kInPlaceRecovery,
             audit::ReattachDetail{.from = bound,
                                   .jump_seq = 0,
                                   .binding_version = session.record.binding_version(),
                                   .elapsed = {}},
             now);
  const Candidate candidate{.remote = bound, .local = session.binding->path.local};
  exchanges_.begin(session, *reservation,
                   {.kind = wire::ChallengeKind::kInPlace,
                    .jump_seq = 0,
                    .client_cid = {},
                    .cause = Reason::kInPlaceRecovery},
                   std::span(&candidate, 1), now);
}

void PathChecks::on_new_path(Session& session, const Endpoint& from, const Endpoint& to,
                             std::uint64_t bytes, MonoNs now) {
  const State state = session.record.state();
  if (!session.binding || from == session.binding->path.remote) return;
  if (session.rebind_seen != from) {
    session.rebind_seen = from;
    session.rebind_bytes = 0;
  }
  session.rebind_bytes += bytes;
  const std::uint8_t allowed = challenges_for(session.rebind_bytes);
  if (session.exchange && session.exchange->kind == wire::ChallengeKind::kRebinding &&
      session.exchange->addresses[1].remote == from) {
    session.exchange->addresses[1].allowed = allowed;
    return;
  }
  if (session.exchange ||
      (state != State::kAttached && state != State::kVolatile && state != State::kDegraded))
    return;
  if (allowed == 0) return;
  if (from == session.rebind_refused && now < session.rebind_refused_until) return;
  if (!net::is_answerable(from.address) || from.port == 0) return;
  // Policy before any change: a check that may not end in a commit would only degrade the session,
  // and whoever repeats its packets from elsewhere could have it so.
  if (exchanges_.judge(session, from.address.family, true, false, now).reason != Reason::kNone)
    return;
  if (!rekeys_.cancel_for_check(session, Duration{}, now))
    return;  // the worker sees the address again
  const auto reservation = exchanges_.reserve(session, now);
  if (!reservation) return;
  if (!core_.enter_recovering(session, Reason::kTransportRebound, Reason::kInPlaceRecovery, now)) {
    core_.release(session, reservation->command);
    return;
  }
  core_.emit(session, EventType::kReattachAttempt, Reason::kTransportRebound,
             audit::ReattachDetail{.from = from,
                                   .jump_seq = 0,
                                   .binding_version = session.record.binding_version(),
                                   .elapsed = {}},
             now);
  const bus::OuterPath& bound = session.binding->path;
  const std::array candidates{Candidate{.remote = bound.remote, .local = bound.local},
                              Candidate{.remote = from, .local = to, .allowed = allowed}};
  exchanges_.begin(session, *reservation,
                   {.kind = wire::ChallengeKind::kRebinding,
                    .jump_seq = 0,
                    .client_cid = {},
                    .cause = Reason::kTransportRebound},
                   candidates, now);
}

}  // namespace jumpgate::ctl
