#include "client/jumper.hpp"

#include <algorithm>
#include <utility>

#include "base/secret.hpp"
#include "wire/control.hpp"

namespace jumpgate::client {
namespace {

Reason start_reason_for(Reason cause) {
  switch (cause) {
    case Reason::kTransportRetiring:
      return Reason::kPolicyForcedRecovery;
    case Reason::kLossThresholdExceeded:
    case Reason::kConsecutiveDropExceeded:
    case Reason::kLatencyThresholdExceeded:
      return Reason::kLossRecovery;
    default:
      return Reason::kDeadTransportRecovery;
  }
}

}  // namespace

void RetransmitTimer::start(Duration rtt, MonoNs now) {
  interval = std::max(rtt * 3 / 2, kMinRetransmit);
  at = now + interval;
  sent = 1;
}

void RetransmitTimer::sent_again(MonoNs now) {
  interval = interval * 3 / 2;
  at = now + interval;
  ++sent;
}

Jumper::Jumper(SessionCore& core) : core_(core) {
  jump_id_user_.fill(kNoUplink);
}

void Jumper::start(std::optional<UplinkId> target, MonoNs now) {
  if (phase_ != Phase::kIdle && !target) return;
  target_ = target;
  in_place_wanted_ = false;
  if (phase_ != Phase::kIdle) {  // a planned target overrides the attempt that runs
    try_next(now);
    return;
  }
  begin(now);
}

void Jumper::on_healed(MonoNs now) {
  if (phase_ != Phase::kIdle || target_ || in_place_failed_ ||
      now < recovery_began_ + kMinRetransmit)
    return;
  in_place_wanted_ = true;
  begin(now);
}

void Jumper::on_uplink_up(MonoNs now) {
  const State state = core_.state();
  if (phase_ == Phase::kIdle && (state == State::kVolatile || state == State::kDegraded))
    begin(now);
}

void Jumper::on_uplink_down(UplinkId uplink, MonoNs now) {
  if (phase_ == Phase::kIdle || attempt_.uplink != uplink) return;
  give_up_attempt(now);
}

void Jumper::on_deadline(const session::DueTransition& due, MonoNs now) {
  const auto result = result_of_attempt(Reason::kPathNotValidated, now);
  // Another takes its turn in the next window, however this one ranks.
  if (result) cool_down_attempted(now);
  if (core_.transition(due.trigger, due.reason, now, result ? &*result : nullptr))
    after_failure(due.reason, now);
}

void Jumper::after_failure(Reason reason, MonoNs now) {
  if (phase_ == Phase::kIdle) return;
  core_.emit(EventType::kTransportSwitchFailed, reason, now,
             audit::SwitchDetail{.from = core_.route().gateway,
                                 .to = attempt_.gateway,
                                 .jump_seq = attempt_.jump_seq,
                                 .latency = now - recovery_began_},
             attempt_.uplink);
  reset_exchange();
  target_.reset();
  // The retained path may be good still: prove it afresh at once, anything else after a pause.
  if (core_.path_is_healthy() && !in_place_wanted_ &&
      core_.world.uplinks.up(core_.route().uplink)) {
    in_place_wanted_ = true;
    retry_at_ = now;
  } else {
    // A path that is heard and yet proves nothing takes its turn among the others.
    in_place_failed_ = std::exchange(in_place_wanted_, false);
    retry_at_ = now + std::max(core_.policy.switching.switch_cooldown, kMinRecoveryPause);
  }
}

std::optional<SessionCore::Preface> Jumper::result_of_attempt(Reason reason, MonoNs now) {
  if (!std::exchange(attempt_.open, false)) return std::nullopt;
  return SessionCore::Preface{
      .type = EventType::kReattachResult,
      .reason = reason,
      .detail = audit::ReattachDetail{.from = attempt_.gateway,
                                      .jump_seq = attempt_.jump_seq,
                                      .binding_version = core_.record.binding_version(),
                                      .elapsed = now - attempt_.started},
      .uplink = attempt_.uplink};
}

void Jumper::reset_exchange() {
  phase_ = Phase::kIdle;
  timer_.stop();
  give_up_at_ = kNever;
  retry_at_ = kNever;
  retry_same_ = false;
  core_.leave_next();
}

void Jumper::fail(Reason reason, MonoNs now) {
  if (core_.state() == State::kRecovering) {
    on_deadline({.trigger = Trigger::kRecoveryFailed, .reason = reason}, now);
  } else {
    after_failure(reason, now);
  }
}

std::optional<UplinkId> Jumper::pick(MonoNs now) const {
  const Uplinks& uplinks = core_.world.uplinks;
  const UplinkId retained = core_.route().uplink;
  if (in_place_wanted_) return uplinks.up(retained) ? std::optional(retained) : std::nullopt;
  if (target_) return uplinks.up(*target_) ? target_ : std::nullopt;
  if (const auto other = untried(std::nullopt, now)) return other;
  // Each has failed: round again, and the retained one when there is no other; but not while it
  // carries the session badly: a proof that it does carry it would tell nothing.
  if (const auto again = failed_first(now)) return again;
  return uplinks.up(retained) && !core_.path_is_bad() ? std::optional(retained) : std::nullopt;
}

bool Jumper::candidate(const session::CandidatePath& path, MonoNs now) const {
  // A path that still carries the session is left only for one that is clearly better.
  if (core_.path_is_bad()) {
    const session::CandidatePath* retained = core_.world.uplinks.paths().find(core_.route().uplink);
    if (!session::beats(path, *retained, core_.policy.switching.switch_improvement_permille, now))
      return false;
  }
  return path.up && path.allowed && !denied_.at(path.id) && path.id != core_.route().uplink &&
         jump_id_for(path.id).has_value();
}

std::optional<UplinkId> Jumper::untried(std::optional<UplinkId> busy, MonoNs now) const {
  std::array<session::CandidatePath, limits::kMaxUplinks> open;
  std::size_t count = 0;
  for (const session::CandidatePath& path : core_.world.uplinks.paths().paths()) {
    if (candidate(path, now)) open.at(count++) = path;
  }
  return session::choose_candidate(std::span(open).first(count), busy,
                                   core_.policy.volatility.loss_volatile_permille, now);
}

std::optional<UplinkId> Jumper::failed_first(MonoNs now) const {
  const session::CandidatePath* best = nullptr;
  // A retained path that is lost takes its turn as well: its uplink may have another address by now.
  const auto lost = [this](const session::CandidatePath& path) {
    return core_.lost && path.id == core_.route().uplink && path.up && path.allowed &&
           !denied_.at(path.id) && jump_id_for(path.id).has_value();
  };
  for (const session::CandidatePath& path : core_.world.uplinks.paths().paths()) {
    if (!candidate(path, now) && !lost(path)) continue;
    if (best == nullptr || path.cooling_until < best->cooling_until) best = &path;
  }
  return best != nullptr ? std::optional(best->id) : std::nullopt;
}

std::optional<std::size_t> Jumper::jump_id_for(UplinkId uplink) const {
  std::optional<std::size_t> free;
  for (std::size_t i = 0; i < jump_id_user_.size(); ++i) {
    if (core_.jump_ids.at(i).cid.value == 0) continue;
    if (jump_id_user_.at(i) == uplink) return i;
    if (jump_id_user_.at(i) == kNoUplink && !free) free = i;
  }
  return free;
}

bool Jumper::policy_allows(UplinkId uplink, MonoNs now) {
  const bool in_place = uplink == core_.route().uplink;
  const session::SwitchVerdict verdict = session::may_switch(
      core_.policy, {.now = now,
                     .attempts_last_minute = core_.budget.attempts(now),
                     .commits_last_minute = core_.budget.commits(now),
                     .last_commit = core_.budget.last_commit(),
                     .exempt_from_cooldown = in_place,
                     .recovery_deadline = kNever,
                     .family = core_.world.uplinks.gateway(uplink).address.family});
  if (verdict.reason == Reason::kNone) return true;
  if (verdict.reason == Reason::kSwitchRateLimited && core_.state() == State::kVolatile &&
      !core_.transition(Trigger::kDegrade, Reason::kSwitchRateLimited, now))
    return false;
  retry_at_ = now + std::max(verdict.retry_after, kMinRetransmit);
  return false;
}

Reason Jumper::start_reason(UplinkId uplink) const {
  return uplink == core_.route().uplink ? Reason::kInPlaceRecovery
                                        : start_reason_for(core_.trouble);
}

void Jumper::begin(MonoNs now) {
  retry_at_ = kNever;
  denied_.fill(false);
  wary_ = false;
  in_place_failed_ = false;
  const auto uplink = pick(now);
  if (!uplink || !jump_id_for(*uplink)) {
    target_.reset();
    in_place_wanted_ = false;
    retry_at_ = std::min(core_.world.uplinks.paths().next_change(now), now + kMinRecoveryPause);
    return;
  }
  if (!policy_allows(*uplink, now)) return;
  recovery_began_ = now;
  if (!enter_recovering(core_.trouble, start_reason(*uplink), now)) return;
  begin_attempt(*uplink, now);
}

bool Jumper::enter_recovering(Reason cause, Reason start, MonoNs now) {
  if (!core_.declare_unstable(cause, now)) return false;
  return core_.state() == State::kRecovering || core_.transition(Trigger::kSwitchStart, start, now);
}

void Jumper::begin_attempt(UplinkId uplink, MonoNs now) {
  const auto jump_id = jump_id_for(uplink);
  if (!jump_id) {
    fail(Reason::kNoCandidateTransports, now);
    return;
  }
  jump_id_user_.at(*jump_id) = uplink;
  if (const auto result = result_of_attempt(Reason::kPathNotValidated, now))
    core_.emit(*result, now);
  attempt_ = {.jump_seq = ++jump_seq_,
              .uplink = uplink,
              .gateway = core_.world.uplinks.gateway(uplink),
              .jump_id = *jump_id,
              .client_cid = core_.fresh_cid(),
              .started = now,
              .open = true};
  phase_ = Phase::kRequesting;
  core_.leave_next();
  retry_at_ = kNever;
  retry_same_ = false;
  core_.budget.spend_attempt(now);
  timer_.start(core_.rtt_over(uplink), now);
  give_up_at_ = now + kAttemptTimeout;
  core_.emit(EventType::kReattachAttempt, core_.trouble, now,
             audit::ReattachDetail{.from = attempt_.gateway,
                                   .jump_seq = attempt_.jump_seq,
                                   .binding_version = core_.record.binding_version()},
             uplink);
  send_reattach();
}

void Jumper::try_next(MonoNs now) {
  const auto uplink = pick(now);
  if (uplink) {
    begin_attempt(*uplink, now);
  } else {
    fail(Reason::kNoCandidateTransports, now);
  }
}

void Jumper::send_reattach() {
  const wire::Reattach message{.jump_seq = attempt_.jump_seq,
                               .binding_version = core_.record.binding_version(),
                               .root_generation = core_.keys.newest().number,
                               .cause = core_.trouble,
                               .client_cid = attempt_.client_cid,
                               .session_id = core_.record.id()};
  std::array<std::uint8_t, wire::kControlPayloadSize> payload;
  wire::encode_reattach(message, payload);
  core_.send_control(attempt_.uplink, attempt_.gateway, wire::Type::kReattach,
                     core_.jump_ids.at(attempt_.jump_id), core_.jump_id_phase, payload);
}

void Jumper::on_heartbeat_sent(MonoNs now) {
  if (phase_ == Phase::kResponding && timer_.at == kNever && proposal_)
    respond(proposal_->challenge, now);
}

void Jumper::tick(MonoNs now) {
  if (now >= retry_at_) {
    retry_at_ = kNever;
    const State state = core_.state();
    if (retry_same_ && phase_ != Phase::kIdle) {
      if (core_.world.uplinks.up(attempt_.uplink)) {
        begin_attempt(attempt_.uplink, now);
      } else {
        try_next(now);
      }
    } else if (phase_ == Phase::kIdle && (state == State::kVolatile || state == State::kDegraded)) {
      begin(now);
    }
  }
  if (unanswered(now)) {
    give_up_attempt(now);
    return;
  }
  if (now < timer_.at) return;
  if (phase_ == Phase::kRequesting) {
    timer_.sent_again(now);
    send_reattach();
  } else if (phase_ == Phase::kResponding) {
    timer_.sent_again(now);
    respond(proposal_->challenge, now);
    if (timer_.sent > limits::kMaxAnswerRepeats) timer_.stop();
  }
}

bool Jumper::unanswered(MonoNs now) const {
  if (phase_ == Phase::kIdle || retry_at_ != kNever) return false;
  if (now >= give_up_at_) return true;
  return now >= timer_.at && timer_.sent > kRepeatsWithAlternative && !target_ &&
         !in_place_wanted_ && untried(attempt_.uplink, now).has_value();
}

void Jumper::give_up_attempt(MonoNs now) {
  // Whatever was sent over that path may be lost: the next attempt's DATA waits for its proof.
  wary_ = wary_ || phase_ == Phase::kResponding;
  in_place_wanted_ = false;
  cool_down_attempted(now);
  try_next(now);
}

void Jumper::cool_down_attempted(MonoNs now) {
  core_.world.uplinks.paths().cool_down(attempt_.uplink, now, now + kFailedUplinkPause);
}

MonoNs Jumper::next_deadline() const {
  const MonoNs give_up = retry_at_ == kNever ? give_up_at_ : kNever;
  return std::min({timer_.at, retry_at_, give_up});
}

bool Jumper::matches_reset(const ResetToken& token) const {
  bool match = false;
  if (phase_ == Phase::kRequesting) {
    match |= base::equal_constant_time(core_.jump_ids.at(attempt_.jump_id).reset_token, token);
  }
  if (phase_ == Phase::kResponding && proposal_) {
    match |= base::equal_constant_time(proposal_->challenge.gateway_id.reset_token, token);
  }
  return match;
}

}  // namespace jumpgate::client
