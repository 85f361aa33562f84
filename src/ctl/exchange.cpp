#include "ctl/exchange.hpp"

#include <algorithm>
#include <utility>

#include "base/invariant.hpp"
#include "base/secret.hpp"
#include "session/reattach.hpp"
#include "wire/control.hpp"

namespace jumpgate::ctl {
namespace {

/// First repetition of a challenge that the gateway started: max(1.5 x RTT, 200 ms).
Duration first_resend(const TrafficFigures& figures) {
  const Duration rtt = figures.srtt_us != 0 ? microseconds(figures.srtt_us) : limits::kInitialRtt;
  return std::max(rtt * 3 / 2, milliseconds(200));
}

/// What an answer to a challenge of this exchange copied otherwise than it was given.
std::optional<DropReason> fault_in_copies(const Exchange& exchange,
                                          const wire::PathResponse& message) {
  if (message.binding_version != exchange.replaces + 1) return DropReason::kControlWrongBinding;
  if (message.epoch != exchange.epoch) return DropReason::kControlWrongEpoch;
  // A client that was asked by the gateway names the id itself.
  const bool client_cid_fits =
      exchange.client_cid.value == 0 || message.client_cid == exchange.client_cid;
  if (message.jump_seq != exchange.jump_seq || !client_cid_fits) return DropReason::kWireBadField;
  return std::nullopt;
}

}  // namespace

std::expected<Exchanges::Reservation, Exchanges::Lack> Exchanges::reserve(Session& session,
                                                                          MonoNs now) {
  Reservation reservation;
  reservation.command = core_.obtain(session, now);
  if (reservation.command == nullptr) return std::unexpected(Lack::kCommand);
  const auto cid = core_.issue_id(session);
  if (!cid || !core_.issue_jump_ids(session, reservation.jump_ids)) {
    core_.release(session, reservation.command);
    return std::unexpected(Lack::kIds);
  }
  reservation.gateway_cid = *cid;
  return reservation;
}

void Exchanges::begin(Session& session, const Reservation& reservation, const Start& start,
                      std::span<const Candidate> candidates, MonoNs now) {
  JG_INVARIANT(session.record.state() == State::kRecovering);
  JG_INVARIANT(!session.rekey.has_value());
  Exchange& exchange = session.exchange.emplace();
  exchange.kind = start.kind;
  exchange.jump_seq = start.jump_seq;
  exchange.challenge_seq = ++session.last_challenge_seq;
  exchange.epoch = session.epochs.propose();
  exchange.replaces = session.record.binding_version();
  exchange.gateway_cid = reservation.gateway_cid;
  exchange.client_cid = start.client_cid;
  exchange.jump_ids = reservation.jump_ids;
  exchange.cause = start.cause;
  exchange.begun = now;
  for (const Candidate& candidate : candidates) {
    Challenged& address = exchange.addresses[exchange.address_count++];
    address.remote = candidate.remote;
    address.local = candidate.local;
    address.allowed = candidate.allowed;
    address.token = core_.ports.random.array<16>();
  }
  session.healing = false;
  session.cancel_epoch = 0;  // the new proposal takes its place in the worker
  auto& body = reservation.command->body.emplace<bus::ProposeEpoch>();
  body.gateway_cid = exchange.gateway_cid;
  core_.derive_epoch(session, session.root,
                     {.epoch = exchange.epoch, .generation = session.record.root_generation()},
                     exchange.replaces + 1, body.epoch);
  core_.send(session, reservation.command, Ack::kPropose, exchange.epoch);
}

void Exchanges::on_proposed(Session& session, std::uint64_t epoch, MonoNs now) {
  if (!session.exchange || session.exchange->epoch != epoch) return;
  Exchange& exchange = *session.exchange;
  exchange.installed = true;
  for (std::uint8_t i = 0; i < exchange.address_count; ++i)
    challenge(session, i, now);
  if (exchange.kind == wire::ChallengeKind::kReattach) return;  // the client's repetitions drive it
  exchange.resend_interval = first_resend(core_.ports.workers.figures(session.ref));
  exchange.resend_at = now + exchange.resend_interval;
  if (exchange.kind == wire::ChallengeKind::kRebinding)
    exchange.probe_deadline = now + limits::kRebindProbeTimeout;
}

void Exchanges::on_proposal_refused(Session& session, std::uint64_t epoch, MonoNs now) {
  if (!session.exchange || session.exchange->epoch != epoch) return;
  turn_down(session, session.exchange->addresses[0], Reason::kReattachValidationFailed,
            {.reason = Reason::kAtomicityFailed}, now);
}

void Exchanges::challenge(Session& session, std::uint8_t index, MonoNs now) {
  Exchange& exchange = *session.exchange;
  Challenged& address = exchange.addresses[index];
  if (!exchange.installed || address.sent >= address.allowed) return;
  if (address.sent == 0) address.first_sent = now;
  ++address.sent;
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  wire::encode_path_challenge({.jump_seq = exchange.jump_seq,
                               .challenge_seq = exchange.challenge_seq,
                               .token = address.token,
                               .epoch = exchange.epoch,
                               .binding_version = exchange.replaces + 1,
                               .owner_epoch = core_.settings.owner_epoch,
                               .gateway_id = core_.with_token(exchange.gateway_cid),
                               .observed = address.remote,
                               .kind = exchange.kind,
                               .client_cid = exchange.client_cid,
                               .jump_ids = core_.with_tokens(exchange.jump_ids)},
                              payload);
  const ConnectionId to =
      exchange.client_cid.value != 0 ? exchange.client_cid : session.binding->client_cid;
  core_.counters.add(ControllerCounter::kChallenges);
  core_.send_control(session, wire::Type::kPathChallenge, to, payload, address.local,
                     address.remote);
}

bool Exchanges::add_candidate(Session& session, const Candidate& candidate, MonoNs now) {
  Exchange& exchange = *session.exchange;
  if (exchange.address_count >= limits::kMaxChallengedAddresses) return false;
  const std::uint8_t index = exchange.address_count++;
  Challenged& address = exchange.addresses[index];
  address.remote = candidate.remote;
  address.local = candidate.local;
  address.allowed = candidate.allowed;
  address.token = core_.ports.random.array<16>();
  challenge(session, index, now);
  return true;
}

void Exchanges::on_response(Session& session, const wire::PathResponse& message,
                            std::uint32_t generation, const Endpoint& from, const Endpoint& to,
                            MonoNs now) {
  Challenged* matched = nullptr;
  if (session.exchange && session.exchange->challenge_seq == message.challenge_seq) {
    for (Challenged& address :
         std::span(session.exchange->addresses).first(session.exchange->address_count)) {
      if (address.sent > 0 && base::equal_constant_time(address.token, message.token))
        matched = &address;
    }
  }
  if (matched == nullptr) {
    if (!answer_again(session, message, from)) {
      core_.counters.add(ControllerCounter::kResponsesIgnored);
      core_.counters.drop(DropReason::kControlStale);
    }
    return;
  }
  Exchange& exchange = *session.exchange;
  // No rekey is pending beside an exchange: whoever answers it has the keys in force.
  if (generation != session.record.root_generation())
    return core_.counters.drop(DropReason::kControlWrongGeneration);
  if (const auto fault = fault_in_copies(exchange, message)) return core_.counters.drop(*fault);
  const Reason verdict = judge_answer(session, message, *matched, from, now);
  if (verdict == Reason::kPathNotValidated) {
    core_.counters.add(ControllerCounter::kResponsesIgnored);
    // No result of the attempt, which goes on and has its own.
    if (!std::exchange(matched->misplaced, true))
      core_.emit_security(&session, EventType::kSecurityValidationFailed, Reason::kPathNotValidated,
                          from, now);
    return;
  }
  if (verdict != Reason::kNone) {
    if (exchange.kind == wire::ChallengeKind::kReattach)
      refuse(session, exchange.jump_seq, verdict, {}, exchange.client_cid, to, from);
    fail(session, Reason::kReattachValidationFailed, verdict, now);
    return;
  }
  if (!matched->answered) {
    matched->answered = true;
    matched->client_cid = message.client_cid;
  }
  decide(session, static_cast<std::uint8_t>(matched - exchange.addresses.data()), now);
}

Reason Exchanges::judge_answer(const Session& session, const wire::PathResponse& message,
                               const Challenged& address, const Endpoint& from, MonoNs now) const {
  const session::SessionRecord& record = session.record;
  return session::judge_reattach(
      {.stage = session::ReattachStage::kAnswer,
       .now = now,
       .session_exists = true,
       .state = record.state(),
       .lifetime_deadline = record.lifetime_deadline(),
       .transport_deadline = record.transport_deadline(),
       .proof_ok = true,  // opened under a key of this session
       .fresh = true,     // of the pending exchange, with a token of its own
       .binding_version = message.binding_version - 1,
       .current_binding_version = session.exchange->replaces,
       .owner = true,
       .switching = {},  // asked at the commit, which may come later
       .candidate_allowed = true,
       .path_validated = from == address.remote,
       // A copy of what was answered in time is no late answer.
       .proof_age = address.answered ? Duration{} : now - address.first_sent,
       .proof_max_age = core_.policy_of(session).security.reattach_proof_max_age});
}

void Exchanges::decide(Session& session, std::uint8_t index, MonoNs now) {
  const Exchange& exchange = *session.exchange;
  // The new address of a rebinding check waits until the bound one has had its time.
  if (exchange.kind == wire::ChallengeKind::kRebinding && index != 0 &&
      now < exchange.addresses[0].first_sent + limits::kRebindProbeTimeout)
    return;
  if (exchange.winner) return;
  commit(session, index, now);
}

void Exchanges::abandon(Session& session, MonoNs now) {
  if (!session.exchange) return;
  const Exchange& exchange = *session.exchange;
  const Endpoint to = exchange.newest();
  core_.emit(session, EventType::kReattachResult, Reason::kPathNotValidated,
             result_detail(session, exchange, to, now), now);
  core_.emit(session, EventType::kTransportSwitchFailed, Reason::kPathNotValidated,
             switch_detail(session, to), now);
  cancel_epoch(session, exchange.epoch, now);
  session.epochs.cancel();
  session.exchange.reset();
}

void Exchanges::fail(Session& session, Reason state_reason, Reason verdict, MonoNs now) {
  JG_INVARIANT(session.record.state() == State::kRecovering);
  std::optional<Core::Preface> result;
  if (session.exchange)
    result = {.type = EventType::kReattachResult,
              .reason = verdict,
              .detail = result_detail(session, *session.exchange, session.exchange->newest(), now)};
  const bool left = core_.transition(session, Trigger::kRecoveryFailed, state_reason, now,
                                     result ? &*result : nullptr);
  if (!left || !session.exchange) return;
  const Exchange exchange = *session.exchange;
  const Endpoint to = exchange.newest();
  core_.emit(session, EventType::kTransportSwitchFailed, verdict, switch_detail(session, to), now);
  cancel_epoch(session, exchange.epoch, now);
  session.epochs.cancel();
  session.exchange.reset();
  if (exchange.kind == wire::ChallengeKind::kRebinding) {
    session.rebind_refused = to;
    session.rebind_refused_until = now + core_.policy_of(session).switching.switch_cooldown;
  }
  if (!session.path_is_healthy()) return;
  // The retained path lives: back to it by a fresh proof; after a failed jump at once.
  session.healing = true;
  session.in_place_at = exchange.kind == wire::ChallengeKind::kReattach
                            ? now
                            : now + core_.policy_of(session).volatility.heartbeat_interval;
}

void Exchanges::run_out(Session& session, Reason state_reason, MonoNs now) {
  if (!session.exchange) return fail(session, state_reason, Reason::kNone, now);
  const Exchange& exchange = *session.exchange;
  const bool lacked_commands = exchange.winner.has_value();
  turn_down(session, exchange.addresses[exchange.address_count - 1], state_reason,
            {.reason = lacked_commands ? Reason::kAtomicityFailed : Reason::kPathNotValidated},
            now);
}

void Exchanges::cancel_epoch(Session& session, std::uint64_t epoch, MonoNs now) {
  bus::Command* command = core_.obtain(session, now);
  session.cancel_epoch = command == nullptr ? epoch : 0;
  if (command == nullptr) return;
  core_.send(session, command, Ack::kCancelEpoch, epoch, bus::CancelEpoch{.epoch = epoch});
}

void Exchanges::on_timer(Session& session, MonoNs now) {
  if (session.cancel_epoch != 0) cancel_epoch(session, session.cancel_epoch, now);
  if (!session.exchange) return;
  Exchange& exchange = *session.exchange;
  if (exchange.winner) {
    const std::uint8_t index = *exchange.winner;
    exchange.winner.reset();
    commit(session, index, now);
    return;
  }
  if (now >= exchange.probe_deadline) {
    exchange.probe_deadline = kNever;
    if (exchange.address_count > 1 && exchange.addresses[1].answered) {
      commit(session, 1, now);
      return;
    }
  }
  if (now < exchange.resend_at) return;
  bool more = false;
  for (std::uint8_t i = 0; i < exchange.address_count; ++i) {
    if (!exchange.addresses[i].answered) challenge(session, i, now);
    more = more || exchange.addresses[i].sent < exchange.addresses[i].allowed;
  }
  exchange.resend_interval = exchange.resend_interval * 3 / 2;
  exchange.resend_at = more ? now + exchange.resend_interval : kNever;
}

}  // namespace jumpgate::ctl
