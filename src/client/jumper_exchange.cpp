// The exchange itself: from the CHALLENGE to the commit, or to the refusal. The choice of
// candidates and their timers are in jumper.cpp.
#include <algorithm>

#include "client/jumper.hpp"
#include "wire/control.hpp"

namespace jumpgate::client {
namespace {

/// Below the shortest drain: what is still sent over the old path while the ACK is on its way must
/// reach the gateway before it wipes the old epoch.
constexpr Duration kOldPathLimit = limits::kDrainMin - milliseconds(50);

/// Verdict 8 of spec/jump.md.
bool is_policy_verdict(Reason reason) {
  return reason == Reason::kPolicyDenied || reason == Reason::kCooldownActive ||
         reason == Reason::kSwitchRateLimited || reason == Reason::kAttemptsExhausted;
}

}  // namespace

std::optional<DropReason> Jumper::fault(const wire::PathChallenge& challenge,
                                        const Arrival& arrival) const {
  const bool own = challenge.jump_seq != 0;
  const bool expected =
      own ? phase_ == Phase::kRequesting && challenge.jump_seq == attempt_.jump_seq
          : phase_ == Phase::kIdle;
  if (!expected || challenge.challenge_seq <= last_challenge_seq_) return DropReason::kControlStale;
  // Under the keys that we would derive the next ones from.
  if (arrival.generation != core_.keys.newest().number) return DropReason::kControlWrongGeneration;
  if (challenge.binding_version != core_.record.binding_version() + 1)
    return DropReason::kControlWrongBinding;
  if (!core_.may_install(challenge.epoch)) return DropReason::kControlWrongEpoch;
  if (own && challenge.client_cid != attempt_.client_cid) return DropReason::kWireBadField;
  return std::nullopt;
}

std::optional<DropReason> Jumper::fault(const wire::Ack& ack, const Arrival& arrival) const {
  if (arrival.generation != core_.keys.newest().number) return DropReason::kControlWrongGeneration;
  if (ack.binding_version != proposal_->challenge.binding_version)
    return DropReason::kControlWrongBinding;
  if (ack.epoch != proposal_->challenge.epoch) return DropReason::kControlWrongEpoch;
  return std::nullopt;
}

std::optional<DropReason> Jumper::fault(const wire::Refusal& refusal,
                                        const Arrival& arrival) const {
  if (phase_ == Phase::kIdle || refusal.jump_seq == 0 || refusal.jump_seq != attempt_.jump_seq)
    return DropReason::kControlStale;
  if (refusal.root_generation != arrival.generation) return DropReason::kControlWrongGeneration;
  // These two say that the gateway is at another binding than we are.
  if (refusal.reason == Reason::kStaleBindingVersion || refusal.reason == Reason::kNotOwner)
    return std::nullopt;
  if (refusal.binding_version != core_.record.binding_version())
    return DropReason::kControlWrongBinding;
  if (refusal.epoch != core_.current_epoch) return DropReason::kControlWrongEpoch;
  return std::nullopt;
}

bool Jumper::repeats(const wire::PathChallenge& challenge, UplinkId uplink) const {
  return phase_ == Phase::kResponding && proposal_ && uplink == proposal_->uplink &&
         challenge.challenge_seq == proposal_->challenge.challenge_seq &&
         challenge.jump_seq == proposal_->challenge.jump_seq &&
         challenge.epoch == proposal_->challenge.epoch &&
         challenge.gateway_id.cid == proposal_->challenge.gateway_id.cid;
}

bool Jumper::on_challenge(const wire::PathChallenge& challenge, const Arrival& arrival,
                          MonoNs now) {
  const UplinkId uplink = arrival.uplink;
  const Endpoint& from = arrival.from;
  // Its answer goes where the session then goes: to the gateway as configured, never to whoever
  // sends a copy of the message.
  if (challenge.jump_seq == 0 && from != core_.world.uplinks.gateway(uplink)) {
    core_.world.drops.add(DropReason::kControlStale);
    return false;
  }
  if (repeats(challenge, uplink)) {
    // The same exchange again; a rebinding check brings a second token by another way.
    if (++proposal_->answers > 2 * (limits::kMaxAnswerRepeats + 1)) {
      core_.world.drops.add(DropReason::kControlStale);
      return false;
    }
    respond(challenge, now);
    return false;
  }
  if (const auto reason = fault(challenge, arrival)) {
    core_.world.drops.add(*reason);
    return false;
  }
  const bool own = challenge.jump_seq != 0;
  const Proposal proposal{.challenge = challenge,
                          .id_key_phase = arrival.prefix.id_key_phase,
                          .uplink = own ? attempt_.uplink : uplink,
                          .gateway = own ? attempt_.gateway : from,
                          .client_cid = own ? attempt_.client_cid : core_.fresh_cid()};
  const EpochInfo info{.number = challenge.epoch,
                       .generation = core_.keys.newest().number,
                       .binding_version = challenge.binding_version,
                       .route = {.uplink = proposal.uplink,
                                 .gateway = proposal.gateway,
                                 .gateway_id = challenge.gateway_id,
                                 .id_key_phase = arrival.prefix.id_key_phase,
                                 .client_cid = proposal.client_cid}};
  if (core_.install_next(info, challenge.owner_epoch, now) == nullptr) {
    core_.terminate(Reason::kInternalInconsistency, now);
    return false;
  }
  last_challenge_seq_ = challenge.challenge_seq;
  if (own) {
    core_.world.uplinks.rtt(attempt_.uplink).sample(now - attempt_.started);
    core_.world.uplinks.paths().note_figures(attempt_.uplink, 0, now - attempt_.started, now);
  } else {
    const Reason cause = challenge.kind == wire::ChallengeKind::kRebinding
                             ? Reason::kTransportRebound
                             : Reason::kHeartbeatTimeout;
    recovery_began_ = now;
    attempt_ = Attempt{};
    attempt_.uplink = uplink;
    attempt_.gateway = from;
    attempt_.started = now;
    attempt_.open = true;
    if (!enter_recovering(cause, Reason::kInPlaceRecovery, now)) return false;
    core_.emit(EventType::kReattachAttempt, cause, now,
               audit::ReattachDetail{
                   .from = from, .jump_seq = 0, .binding_version = core_.record.binding_version()},
               uplink);
  }
  proposal_ = proposal;
  phase_ = Phase::kResponding;
  respond(challenge, now);
  timer_.start(core_.rtt_over(proposal.uplink), now);
  give_up_at_ = now + kAttemptTimeout;
  core_.send_in_next = !keeps_old_path(challenge);
  return true;
}

bool Jumper::keeps_old_path(const wire::PathChallenge& challenge) const {
  // While the old path is good, DATA stays on it until the gateway has committed: nothing waits in
  // its queue of held packets, so nothing can be dropped from it.
  if (core_.lost) return false;
  if (challenge.jump_seq == 0 || wary_) return true;
  const Duration both_ways = core_.rtt_over(proposal_->uplink) + core_.rtt.smoothed();
  return core_.trouble == Reason::kTransportRetiring && both_ways / 2 < kOldPathLimit;
}

void Jumper::respond(const wire::PathChallenge& challenge, MonoNs /*now*/) {
  const wire::PathResponse message{.jump_seq = challenge.jump_seq,
                                   .challenge_seq = challenge.challenge_seq,
                                   .token = challenge.token,
                                   .epoch = challenge.epoch,
                                   .binding_version = challenge.binding_version,
                                   .client_cid = proposal_->client_cid};
  std::array<std::uint8_t, wire::kControlPayloadSize> payload;
  wire::encode_path_response(message, payload);
  core_.send_control(proposal_->uplink, proposal_->gateway, wire::Type::kPathResponse,
                     proposal_->challenge.gateway_id, proposal_->id_key_phase, payload);
}

bool Jumper::on_ack(const wire::Ack& ack, const Arrival& arrival, MonoNs now) {
  if (!proposal_ || proposal_->adopted || ack.challenge_seq != proposal_->challenge.challenge_seq) {
    // The first packet of the epoch is often ahead of the ACK, which then says nothing new.
    if (ack.challenge_seq != last_challenge_seq_) core_.world.drops.add(DropReason::kControlStale);
    return false;
  }
  if (const auto reason = fault(ack, arrival)) {
    core_.world.drops.add(*reason);
    return false;
  }
  return on_proposed_epoch(now);
}

bool Jumper::on_proposed_epoch(MonoNs now) {
  if (!proposal_ || proposal_->adopted || core_.next_epoch != proposal_->challenge.epoch) {
    return false;
  }
  commit(now);
  return true;
}

void Jumper::take_proposal(MonoNs now) {
  // Against the version that the CHALLENGE was taken in.
  const auto bound = core_.commit_binding(proposal_->challenge.binding_version - 1);
  if (!bound) {
    core_.terminate(Reason::kInternalInconsistency, now);
    return;
  }
  const UplinkId old_uplink = core_.route().uplink;
  core_.world.uplinks.rtt(old_uplink) = core_.rtt;
  core_.promote_next(now);
  core_.jump_ids = proposal_->challenge.jump_ids;
  core_.jump_id_phase = proposal_->id_key_phase;
  jump_id_user_.fill(kNoUplink);
  core_.budget.spend_commit(now);
  core_.quality.restart();
  core_.volatile_for = Reason::kNone;
  if (proposal_->uplink == old_uplink) return;
  core_.rtt = core_.world.uplinks.rtt(proposal_->uplink);
  ++core_.jumps;
}

void Jumper::commit(MonoNs now) {
  const audit::SwitchDetail left = path_left();
  const Reason cause = core_.trouble;
  // A late answer may find the window over: the way back to ATTACHED is through RECOVERING all the
  // same.
  if (!enter_recovering(cause == Reason::kNone ? Reason::kHeartbeatTimeout : cause,
                        start_reason(proposal_->uplink), now))
    return;
  const bool moved = proposal_->uplink != core_.route().uplink;
  take_proposal(now);
  if (core_.over()) return;
  // Late it may be of an attempt that was given up: that has its result, and the one that is open
  // stays without an answer.
  const bool of_attempt = attempt_.jump_seq == proposal_->challenge.jump_seq;
  const auto result =
      result_of_attempt(of_attempt ? Reason::kReattachSuccess : Reason::kPathNotValidated, now);
  if (!core_.transition(Trigger::kReattachOk, Reason::kReattachSuccess, now,
                        result ? &*result : nullptr))
    return;
  core_.declare_alive();
  core_.world.uplinks.paths().mark_validated(proposal_->uplink, now);
  emit_switch(left, moved ? cause : Reason::kInPlaceRecovery, now);
  core_.trouble = Reason::kNone;
  wants_new_session_ = false;
  proposal_.reset();
  target_.reset();
  in_place_wanted_ = false;
  reset_exchange();
}

audit::SwitchDetail Jumper::path_left() const {
  return {.from = core_.route().gateway,
          .to = {},
          .loss_permille = core_.quality.figures(0).loss_permille,
          .latency = core_.rtt.smoothed()};
}

void Jumper::emit_switch(audit::SwitchDetail left, Reason why, MonoNs now) {
  const wire::PathChallenge& challenge = proposal_->challenge;
  if (challenge.kind == wire::ChallengeKind::kRebinding) why = Reason::kTransportRebound;
  left.to = proposal_->gateway;
  left.jump_seq = challenge.jump_seq;
  left.binding_version = challenge.binding_version;
  left.epoch = challenge.epoch;
  left.candidates = 1;
  core_.emit(EventType::kTransportSwitch, why, now, left, proposal_->uplink);
  core_.keys_installed(core_.current()->info(), now);
}

void Jumper::conclude(const wire::Refusal& refusal, std::optional<Reason> failure, MonoNs now) {
  const UplinkId uplink = attempt_.uplink;
  attempt_.open = false;
  const SessionCore::Preface verdict{
      .type = EventType::kReattachResult,
      .reason = refusal.reason,
      .detail = audit::ReattachDetail{.from = attempt_.gateway,
                                      .jump_seq = refusal.jump_seq,
                                      .binding_version = refusal.binding_version,
                                      .elapsed = now - attempt_.started},
      .uplink = uplink};
  if (failure && core_.state() == State::kRecovering) {
    if (!core_.transition(Trigger::kRecoveryFailed, *failure, now, &verdict)) return;
  } else {
    core_.emit(verdict, now);
  }
  if (is_policy_verdict(refusal.reason)) {
    core_.emit(EventType::kTransportSwitchDenied, refusal.reason, now,
               audit::SwitchDetail{.from = core_.route().gateway,
                                   .to = attempt_.gateway,
                                   .jump_seq = refusal.jump_seq,
                                   .binding_version = refusal.binding_version,
                                   .epoch = refusal.epoch},
               uplink);
  }
  if (failure) after_failure(*failure, now);
}

void Jumper::on_refusal(const wire::Refusal& refusal, const Arrival& arrival, MonoNs now) {
  if (const auto reason = fault(refusal, arrival)) {
    core_.world.drops.add(*reason);
    return;
  }
  const Duration wait = std::max(milliseconds(refusal.retry_after_ms), milliseconds(100));
  switch (refusal.reason) {
    case Reason::kStaleBindingVersion:
    case Reason::kNotOwner:
      adopt_or_give_up(refusal, now);
      return;
    case Reason::kCooldownActive:
    case Reason::kSwitchRateLimited:
    case Reason::kAttemptsExhausted:
      if (retry_same_) {  // the wait runs already; a copy does not begin it anew
        core_.world.drops.add(DropReason::kControlStale);
        return;
      }
      if (now + wait >= core_.record.state_deadline()) {
        conclude(refusal, Reason::kPolicyDenied, now);
      } else {
        conclude(refusal, std::nullopt, now);
        timer_.stop();
        retry_same_ = true;
      }
      retry_at_ = now + wait;
      return;
    case Reason::kPolicyDenied:
    case Reason::kInvalidTransportCandidate:
      core_.world.uplinks.paths().cool_down(attempt_.uplink, now,
                                            now + core_.policy.switching.recovery_window);
      denied_.at(attempt_.uplink) = true;
      target_.reset();
      if (const auto other = untried(std::nullopt, now)) {
        conclude(refusal, std::nullopt, now);
        begin_attempt(*other, now);
      } else {
        conclude(refusal, Reason::kPolicyDenied, now);
      }
      return;
    default:
      if (core_.budget.attempts(now) < limits::kMaxReattachAttemptsPerMin) {
        conclude(refusal, std::nullopt, now);
        begin_attempt(attempt_.uplink, now);
      } else {
        conclude(refusal, Reason::kReattachValidationFailed, now);
      }
  }
}

void Jumper::adopt_or_give_up(const wire::Refusal& refusal, MonoNs now) {
  const bool matches = proposal_ && !proposal_->adopted &&
                       core_.next_epoch == proposal_->challenge.epoch &&
                       refusal.epoch == proposal_->challenge.epoch &&
                       refusal.binding_version == proposal_->challenge.binding_version &&
                       refusal.gateway_cid == proposal_->challenge.gateway_id.cid &&
                       refusal.client_cid == proposal_->client_cid;
  if (refusal.reason != Reason::kStaleBindingVersion || !matches) {
    wants_new_session_ = true;
    conclude(refusal, Reason::kReattachValidationFailed, now);
    return;
  }
  conclude(refusal, std::nullopt, now);
  // The commit happened and its ACK was lost; that binding's path is not known to be good, so the
  // session stays RECOVERING and the jump goes on from the binding adopted.
  proposal_->adopted = true;
  const audit::SwitchDetail left = path_left();
  const bool moved = proposal_->uplink != core_.route().uplink;
  take_proposal(now);
  if (core_.over()) return;
  emit_switch(left, moved ? core_.trouble : Reason::kInPlaceRecovery, now);
  proposal_.reset();
  // The refusal came over this uplink, so it works both ways now; of the others nothing is known.
  if (core_.budget.attempts(now) < limits::kMaxReattachAttemptsPerMin) {
    begin_attempt(attempt_.uplink, now);
  } else {
    fail(Reason::kReattachValidationFailed, now);
  }
}

}  // namespace jumpgate::client
