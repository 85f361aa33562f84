#include "ctl/jump.hpp"

#include "net/address.hpp"
#include "session/reattach.hpp"

namespace jumpgate::ctl {
namespace {

/// Why the session goes to RECOVERING, by the client's cause.
Reason switch_start_reason(Reason cause, bool same_address) {
  if (same_address) return Reason::kInPlaceRecovery;
  switch (cause) {
    case Reason::kTransportRetiring:
      return Reason::kPolicyForcedRecovery;
    case Reason::kHeartbeatTimeout:
    case Reason::kTransportDead:
    case Reason::kTransportRebound:
      return Reason::kDeadTransportRecovery;
    default:
      return Reason::kLossRecovery;
  }
}

DropReason drop_of(Reason silent_verdict, bool own_session) {
  switch (silent_verdict) {
    case Reason::kReplayDetected:
      return DropReason::kControlStale;
    case Reason::kBadProof:
      return own_session ? DropReason::kControlWrongGeneration : DropReason::kControlWrongSession;
    default:
      return DropReason::kSessionStateForbids;
  }
}

bool is_silent(Reason verdict) {
  switch (verdict) {
    case Reason::kUnknownSession:
    case Reason::kInvalidStateForReattach:
    case Reason::kSessionExpired:
    case Reason::kTransportTtlExceeded:
    case Reason::kBadProof:
    case Reason::kReplayDetected:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Jumps::on_reattach(Session& session, const wire::Reattach& message, std::uint32_t generation,
                        const Endpoint& from, const Endpoint& to, MonoNs now) {
  const session::SessionRecord& record = session.record;
  const bool own_session = message.session_id == record.id();
  const bool proof = own_session && message.root_generation == generation;
  // What was refused already, and what was accepted last, is not judged again.
  const bool refused_before = session.answer.kind == KeptAnswer::Kind::kRefusal &&
                              session.answer.jump_seq == message.jump_seq;
  if (proof && session::allows_reattach(record.state()) &&
      (refused_before || message.jump_seq == session.last_jump_seq)) {
    repeat(session, message, from, to, now);
    return;
  }
  const bool in_place = session.binding && session.binding->path.remote == from;
  const session::SwitchVerdict switching =
      exchanges_.judge(session, from.address.family, in_place, true, now);
  const std::uint64_t newest = session.answer.kind == KeptAnswer::Kind::kRefusal
                                   ? std::max(session.last_jump_seq, session.answer.jump_seq)
                                   : session.last_jump_seq;
  const Reason verdict = session::judge_reattach(
      {.stage = session::ReattachStage::kRequest,
       .now = now,
       .session_exists = true,
       .state = record.state(),
       .lifetime_deadline = record.lifetime_deadline(),
       .transport_deadline = record.transport_deadline(),
       .proof_ok = proof,
       .fresh = message.jump_seq > newest,
       .binding_version = message.binding_version,
       .current_binding_version = record.binding_version(),
       .owner = true,
       .switching = switching,
       .candidate_allowed = net::is_answerable(from.address) && from.port != 0});
  if (is_silent(verdict)) {
    core_.counters.add(ControllerCounter::kReattachRefused);
    core_.counters.drop(drop_of(verdict, own_session));
    if (verdict == Reason::kReplayDetected)
      core_.emit_security(&session, EventType::kSecurityReplayDetected, verdict, from, now);
    return;
  }
  if (verdict != Reason::kNone) {
    deny(session, message, verdict, switching.retry_after, from, to, now);
    return;
  }
  accept(session, message, from, to, now);
}

void Jumps::repeat(Session& session, const wire::Reattach& message, const Endpoint& from,
                   const Endpoint& to, MonoNs now) {
  KeptAnswer& answer = session.answer;
  if (answer.kind == KeptAnswer::Kind::kRefusal && answer.jump_seq == message.jump_seq) {
    if (answer.remote == from && answer.repeats < limits::kMaxAnswerRepeats) {
      ++answer.repeats;
      core_.counters.add(ControllerCounter::kReattachRepeats);
      exchanges_.repeat_refusal(session);
      return;
    }
  } else if (session.exchange && session.exchange->jump_seq == message.jump_seq) {
    for (std::uint8_t i = 0; i < session.exchange->address_count; ++i) {
      if (session.exchange->addresses[i].remote != from) continue;
      core_.counters.add(ControllerCounter::kReattachRepeats);
      exchanges_.challenge(session, i, now);
      return;
    }
    const bool allowed = net::is_answerable(from.address) && from.port != 0 &&
                         session::allows_transport(core_.policy_of(session), from.address.family);
    if (allowed && exchanges_.add_candidate(session, {.remote = from, .local = to}, now)) return;
  }
  core_.counters.drop(DropReason::kControlStale);
}

void Jumps::deny(Session& session, const wire::Reattach& message, Reason reason,
                 Duration retry_after, const Endpoint& from, const Endpoint& to, MonoNs now) {
  const bool stale = reason == Reason::kStaleBindingVersion || reason == Reason::kNotOwner;
  const audit::ReattachDetail detail{.from = from,
                                     .jump_seq = message.jump_seq,
                                     .binding_version = message.binding_version,
                                     .elapsed = {}};
  core_.counters.add(ControllerCounter::kReattachAttempts);
  core_.emit(session, EventType::kReattachAttempt, message.cause, detail, now);
  core_.emit(session, EventType::kReattachResult, reason, detail, now);
  if (!stale) {
    session.last_jump_seq = message.jump_seq;
    session.budget.spend_attempt(now);
    core_.emit(session, EventType::kTransportSwitchDenied, reason,
               audit::SwitchDetail{.from = session.binding->path.remote,
                                   .to = from,
                                   .jump_seq = message.jump_seq,
                                   .binding_version = session.record.binding_version(),
                                   .epoch = session.epochs.current(),
                                   .candidates = 0,
                                   .loss_permille = 0,
                                   .latency = {}},
               now);
  }
  if (reason == Reason::kSwitchRateLimited && !core_.degrade_for_rate(session, now)) return;
  exchanges_.refuse(session, message.jump_seq, reason, stale ? Duration{} : retry_after,
                    message.client_cid, to, from);
}

void Jumps::accept(Session& session, const wire::Reattach& message, const Endpoint& from,
                   const Endpoint& to, MonoNs now) {
  const auto reservation = exchanges_.reserve(session, now);
  if (!reservation) {
    // Without a command: silence, the repetition is judged anew. Without ids this slot can not jump
    // any more.
    if (reservation.error() == Exchanges::Lack::kIds)
      deny(session, message, Reason::kPolicyDenied, {}, from, to, now);
    return;
  }
  if (!rekeys_.cancel_for_jump(session, now)) {
    core_.release(session, reservation->command);
    return;
  }
  session.last_jump_seq = message.jump_seq;
  session.budget.spend_attempt(now);
  core_.counters.add(ControllerCounter::kReattachAttempts);
  core_.emit(session, EventType::kReattachAttempt, message.cause,
             audit::ReattachDetail{.from = from,
                                   .jump_seq = message.jump_seq,
                                   .binding_version = message.binding_version,
                                   .elapsed = {}},
             now);
  exchanges_.abandon(session, now);
  const bool in_place = session.binding->path.remote == from;
  if (!core_.enter_recovering(session, message.cause, switch_start_reason(message.cause, in_place),
                              now)) {
    core_.release(session, reservation->command);
    return;
  }
  const Candidate candidate{.remote = from, .local = to};
  exchanges_.begin(session, *reservation,
                   {.kind = wire::ChallengeKind::kReattach,
                    .jump_seq = message.jump_seq,
                    .client_cid = message.client_cid,
                    .cause = message.cause},
                   std::span(&candidate, 1), now);
}

}  // namespace jumpgate::ctl
