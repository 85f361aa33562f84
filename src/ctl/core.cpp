#include "ctl/core.hpp"

#include <algorithm>
#include <utility>

#include "base/invariant.hpp"
#include "crypto/control_seal.hpp"

namespace jumpgate::ctl {
namespace {

/// Security events a second: enough to see an attack, too few to flood the log by one.
constexpr base::TokenRate kSecurityEvents{.tokens = 10, .per = seconds(1), .burst = 20};
/// A forbidden transition is a fault of our own: the first of them tell it, a thousand tell no more.
constexpr base::TokenRate kRejectionEvents{.tokens = 1, .per = seconds(1), .burst = 5};

}  // namespace

Core::Core(Settings the_settings, const Ports& the_ports, session::PolicySet the_policies,
           crypto::ResetKey the_reset_key, MonoNs now)
    : settings(std::move(the_settings)),
      ports(the_ports),
      policies(std::move(the_policies)),
      sessions(settings.workers, settings.slots_per_worker, settings.max_sessions, ports.random),
      peers(settings.max_peers, ports.random),
      wheel(sessions.slots(), now),
      reset_key(std::move(the_reset_key)),
      cid_cipher_(settings.cid_key),
      security_events_(kSecurityEvents, now),
      rejection_events_(kRejectionEvents, now) {}

bus::Command* Core::obtain(Session& session, MonoNs now) {
  bus::Command* command = ports.workers.obtain(session.ref.worker);
  if (command == nullptr) {
    counters.add(ControllerCounter::kCommandsUnavailable);
    session.retry_at = now + kRetryDelay;
  }
  return command;
}

void Core::send(Session& session, bus::Command* command, Ack ack, std::uint64_t number) {
  command->session = session.ref;
  command->tag = std::uint64_t{std::to_underlying(ack)} << 56 | (number & ((1ULL << 56) - 1));
  command->applied = false;
  ports.workers.send(session.ref.worker, command);
}

void Core::release(Session& session, bus::Command* command) {
  ports.workers.release(session.ref.worker, command);
}

bool Core::transition(Session& session, Trigger trigger, Reason reason, MonoNs now,
                      const Preface* preface) {
  const auto change = session.record.apply(authority_, trigger, reason, now);
  if (!change) {
    emit_rejected(session, trigger, reason, now);
    if (session.doom == Reason::kNone) session.doom = Reason::kInternalInconsistency;
    return false;
  }
  counters.transition(reason);
  session.last_reason = reason;
  ++session.told_version;
  if (change->now == State::kAttached) ++attached;
  if (change->previous == State::kAttached) --attached;
  if (preface != nullptr) emit(session, preface->type, preface->reason, preface->detail, now);
  emit(session, EventType::kSessionStateChange, reason,
       audit::StateChangeDetail{
           .previous = change->previous, .now = change->now, .trigger = change->trigger},
       now);
  // A policy applied with grace waits for this moment; the transition itself is still the old one's.
  if (session.record.policy_version() != policies.version()) adopt_policy(session, now);
  return true;
}

bool Core::degrade_for_rate(Session& session, MonoNs now) {
  return session.record.state() != State::kVolatile ||
         transition(session, Trigger::kDegrade, Reason::kSwitchRateLimited, now);
}

bool Core::enter_recovering(Session& session, Reason cause, Reason start, MonoNs now) {
  if (session.record.state() == State::kAttached &&
      !transition(session, Trigger::kInstability, cause, now))
    return false;
  return session.record.state() == State::kRecovering ||
         transition(session, Trigger::kSwitchStart, start, now);
}

void Core::adopt_policy(Session& session, MonoNs now) {
  const session::Policy& policy = policy_of(session);
  session.record.adopt_policy(authority_, policy, now);
  session.liveness = liveness_policy(session);
  if (session.rekey) session.rekey->keys.adopt(policy.keys, now);
}

void Core::emit_rejected(const Session& session, Trigger trigger, Reason reason, MonoNs now) {
  counters.add(ControllerCounter::kTransitionsRejected);
  if (!rejection_events_.take(now)) {
    ++rejections_suppressed_;
    return;
  }
  emit(session, EventType::kTransitionRejected, reason,
       audit::RejectedDetail{.state = session.record.state(),
                             .trigger = trigger,
                             .count = 1 + std::exchange(rejections_suppressed_, 0)},
       now);
}

void Core::keys_installed(Session& session, std::uint64_t epoch, std::uint32_t generation,
                          MonoNs now) {
  if (const auto left = session.told_keys.install({.epoch = epoch, .generation = generation}))
    emit(session, EventType::kKeyExpired, Reason::kDrainOver,
         audit::KeyDetail{.epoch = left->epoch, .generation = left->generation}, now);
  emit(session, EventType::kKeyInstalled, Reason::kEpochInstalled,
       audit::KeyDetail{.epoch = epoch, .generation = generation}, now);
}

void Core::keys_expired(Session& session, std::uint64_t epoch, Reason reason, MonoNs now) {
  if (const auto ended = session.told_keys.expire(epoch))
    emit(session, EventType::kKeyExpired, reason,
         audit::KeyDetail{.epoch = ended->epoch, .generation = ended->generation}, now);
}

void Core::all_keys_expired(Session& session, Reason reason, MonoNs now) {
  while (const auto ended = session.told_keys.expire_oldest())
    emit(session, EventType::kKeyExpired, reason,
         audit::KeyDetail{.epoch = ended->epoch, .generation = ended->generation}, now);
}

void Core::emit(const Session& session, EventType type, Reason reason,
                const audit::EventDetail& detail, MonoNs now) {
  audit::Event event;
  event.mono = now;
  event.type = type;
  event.reason = reason;
  event.session = session.record.id();
  event.state_version = session.record.state_version();
  event.policy_version = session.record.policy_version();
  event.peer = peer_name(session);
  event.detail = detail;
  ports.events.publish(event);
}

void Core::emit_node(EventType type, Reason reason, const audit::EventDetail& detail, MonoNs now) {
  audit::Event event;
  event.mono = now;
  event.type = type;
  event.reason = reason;
  event.policy_version = policies.version();
  event.detail = detail;
  ports.events.publish(event);
}

void Core::emit_security(const Session* session, EventType type, Reason reason,
                         const Endpoint& from, MonoNs now) {
  if (!security_events_.take(now)) {
    ++security_suppressed_;
    return;
  }
  const audit::SecurityDetail detail{.from = from, .count = 1 + security_suppressed_};
  security_suppressed_ = 0;
  if (session != nullptr) {
    emit(*session, type, reason, detail, now);
  } else {
    emit_node(type, reason, detail, now);
  }
}

bool Core::send_control(const Session& session, wire::Type type, ConnectionId to_cid,
                        std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                        const Endpoint& local, const Endpoint& remote) {
  const wire::Prefix prefix{
      .type = type,
      .phase = static_cast<std::uint8_t>(session.record.root_generation() & wire::kFlagPhaseMask),
      .id_key_phase = type == wire::Type::kPathChallenge ? settings.id_key_phase : std::uint8_t{0},
      .counter = 0,
      .cid = to_cid};
  std::array<std::uint8_t, wire::kControlSize> message{};
  crypto::seal_control(prefix, payload, session.control_send.get(), ports.random, message);
  if (!ports.datagrams.send(local, remote, message)) {
    counters.add(ControllerCounter::kSendFailed);
    return false;
  }
  counters.add(ControllerCounter::kControlOut);
  return true;
}

std::optional<ConnectionId> Core::issue_id(const Session& session) {
  // The one value of 2^64 that enciphers to zero is passed over.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto generation = sessions.next_generation(session);
    if (!generation) return std::nullopt;
    const ConnectionId cid = cid_cipher_.encode({.node = settings.node_id,
                                                 .worker = session.ref.worker,
                                                 .slot = session.ref.slot,
                                                 .generation = *generation});
    if (cid.value != 0) return cid;
  }
  return std::nullopt;
}

bool Core::issue_jump_ids(const Session& session,
                          std::array<ConnectionId, limits::kMaxJumpIds>& ids) {
  ids = {};
  const std::size_t count =
      std::min<std::size_t>(policy_of(session).transport.max_candidate_count, limits::kMaxJumpIds);
  for (std::size_t i = 0; i < count; ++i) {
    const auto cid = issue_id(session);
    if (!cid) return false;
    ids[i] = *cid;
  }
  return true;
}

wire::IssuedId Core::with_token(ConnectionId cid) const {
  return {.cid = cid, .reset_token = crypto::derive_reset_token(reset_key, cid)};
}

wire::JumpIds Core::with_tokens(const std::array<ConnectionId, limits::kMaxJumpIds>& ids) const {
  wire::JumpIds issued{};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i].value != 0) issued[i] = with_token(ids[i]);
  }
  return issued;
}

void Core::derive_epoch(const Session& session, const crypto::RootSecret& root,
                        const session::KeyLedger::Entry& epoch, std::uint64_t binding_version,
                        bus::EpochKeys& out) const {
  crypto::TrafficContext context{.session_id = session.record.id(),
                                 .generation = epoch.generation,
                                 .epoch = epoch.epoch,
                                 .binding_version = binding_version,
                                 .owner_epoch = settings.owner_epoch,
                                 .suite = session.suite,
                                 .direction = Direction::kClientToGateway};
  out.epoch = epoch.epoch;
  out.generation = epoch.generation;
  out.suite = session.suite;
  out.receive = crypto::derive_traffic_key(root, context).get();
  context.direction = Direction::kGatewayToClient;
  out.send = crypto::derive_traffic_key(root, context).get();
}

void Core::derive_control(const Session& session, const crypto::RootSecret& root,
                          std::uint32_t generation, bus::ControlReceiveKey& out) const {
  out.generation = generation;
  out.key =
      crypto::derive_control_key(root, session.record.id(), generation, Direction::kClientToGateway)
          .get();
}

bus::LivenessPolicy Core::liveness_policy(const Session& session) const {
  const session::Policy& policy = policy_of(session);
  bus::LivenessPolicy liveness;
  liveness.interval = policy.volatility.heartbeat_interval;
  liveness.idle_interval = policy.volatility.idle_heartbeat_interval;
  liveness.silence_floor = policy.volatility.heartbeat_volatile;
  liveness.tolerance = session::tolerance(policy);
  return liveness;
}

void Core::sync_liveness(Session& session, MonoNs now) {
  const State state = session.record.state();
  if (!session.binding || state == State::kTerminated) return;
  const Peer& peer = peers[session.peer];
  const std::uint64_t quota = peers.config(session.peer).quota;
  const Liveness wanted{.quick = state != State::kAttached || session.rekey_is_urgent(),
                        .reattach_wanted = state == State::kVolatile || state == State::kDegraded,
                        .rekey_wanted = session.rekey_wanted != Reason::kNone,
                        .policy_version = session.record.policy_version(),
                        .carried = quota != 0 ? peer.carried : session.told.carried};
  if (wanted == session.told) return;
  bus::Command* command = obtain(session, now);
  if (command == nullptr) return;
  session.told = wanted;
  bus::LivenessPolicy liveness = session.liveness;
  liveness.tolerance = session::in_state(liveness.tolerance, state);
  send(session, command, Ack::kLiveness, 0,
       bus::SetLiveness{.policy = liveness,
                        .quick = wanted.quick,
                        .reattach_wanted = wanted.reattach_wanted,
                        .rekey_wanted = wanted.rekey_wanted,
                        .carried = wanted.carried});
}

std::uint64_t Core::carried_so_far(const Peer& peer) const {
  if (!peer.current) return peer.carried;
  const TrafficFigures running = ports.workers.figures(*peer.current);
  return peer.carried + running.rx_bytes + running.tx_bytes;
}

void Core::on_quota(const Session& session, std::uint64_t percent, MonoNs now) {
  Peer& peer = peers[session.peer];
  const std::uint64_t quota = peers.config(session.peer).quota;
  if (peer.quota != quota) peer.quota_told = 0;
  peer.quota = quota;
  // A worker says it of each session, and again after a reload.
  if (quota == 0 || percent <= peer.quota_told) return;
  peer.quota_told = static_cast<std::uint8_t>(percent);
  emit(session, EventType::kQuotaReached,
       percent < 100 ? Reason::kQuotaNearlyUsed : Reason::kQuotaUsedUp,
       audit::QuotaDetail{.percent = peer.quota_told, .quota_bytes = quota}, now);
}

void Core::arm(Session& session) {
  const SlotHandle handle = sessions.handle_of(session);
  if (session.record.state() == State::kTerminated) {
    wheel.arm(handle, session.drained_at);
    return;
  }
  if (session.doom != Reason::kNone || session.retry_at != kNever) {
    // It waits for a command, and what fell due meanwhile would fire without a pause.
    wheel.arm(handle, session.retry_at);
    return;
  }
  MonoNs next = session.record.next_deadline();
  if (session.binding) {
    if (session.rekey_wanted == Reason::kNone) next = std::min(next, session.record.rekey_at());
    if (session.healing) next = std::min(next, session.in_place_at);
  }
  if (session.exchange)
    next = std::min({next, session.exchange->resend_at, session.exchange->probe_deadline});
  wheel.arm(handle, next);
}

void Core::destroy(Session& session) {
  peers.forget_session(session.peer);
  const std::uint32_t before = sessions.retired();
  sessions.destroy(session);
  counters.add(ControllerCounter::kSlotsRetired, sessions.retired() - before);
}

audit::ReattachDetail result_detail(const Session& session, const Exchange& exchange,
                                    const Endpoint& from, MonoNs now) {
  return {.from = from,
          .jump_seq = exchange.jump_seq,
          .binding_version = session.record.binding_version(),
          .elapsed = now - exchange.begun};
}

}  // namespace jumpgate::ctl
