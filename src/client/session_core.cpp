#include "client/session_core.hpp"

#include <cstring>
#include <utility>

#include "base/invariant.hpp"
#include "crypto/control_seal.hpp"
#include "session/epoch_slots.hpp"
#include "session/invariants.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::client {
namespace {

/// The largest message of our own: a heartbeat that probes the path MTU.
constexpr std::size_t kSmallRoom = limits::kMaxDatagram;

TunnelSetup setup_of(const wire::WelcomePayload& welcome) {
  return {.mtu = welcome.inner_mtu,
          .address_count = welcome.address_count,
          .addresses = welcome.addresses};
}

}  // namespace

SessionCore::SessionCore(World& surroundings, Aead& aead, WelcomeResult&& welcome, MonoNs now)
    : world(surroundings),
      policy(session::from_client_policy(welcome.payload.policy)),
      record(authority_, welcome.payload.session_id, policy, now),
      suite(welcome.payload.suite),
      keys(welcome.payload.session_id, welcome.payload.suite, std::move(welcome.root)),
      tunnel(aead, welcome.payload.policy.replay_window_packets, world.outer_class),
      owner_epoch(welcome.payload.owner_epoch),
      hello_counter(welcome.hello_counter),
      current_epoch(welcome.payload.epoch),
      bound_uplink(welcome.uplink),
      highest_epoch(welcome.payload.epoch),
      jump_ids(welcome.payload.jump_ids),
      jump_id_phase(welcome.id_key_phase),
      setup(setup_of(welcome.payload)) {
  const EpochBinding binding{.epoch = welcome.payload.epoch,
                             .binding_version = welcome.payload.binding_version,
                             .owner_epoch = owner_epoch};
  const Keyring::TrafficPair traffic = keys.traffic_keys(keys.newest(), binding);
  const EpochInfo info{.number = welcome.payload.epoch,
                       .generation = 0,
                       .binding_version = welcome.payload.binding_version,
                       .route = {.uplink = welcome.uplink,
                                 .gateway = welcome.gateway,
                                 .gateway_id = welcome.payload.gateway_id,
                                 .id_key_phase = welcome.id_key_phase,
                                 .client_cid = welcome.client_cid}};
  Epoch* epoch = tunnel.install(info, traffic.send, traffic.receive, now);
  JG_INVARIANT(epoch != nullptr);
  record.begin_keys(authority_, {policy.keys, now});
  rtt.sample(welcome.rtt);
  emit(EventType::kSessionCreated, Reason::kNone, now,
       audit::AttachDetail{.remote = welcome.gateway,
                           .local = welcome.payload.observed,
                           .binding_version = welcome.payload.binding_version,
                           .epoch = welcome.payload.epoch,
                           .suite = suite},
       welcome.uplink);
}

void SessionCore::emit(EventType type, Reason reason, MonoNs now, const audit::EventDetail& detail,
                       UplinkId uplink) {
  audit::Event event;
  event.mono = now;
  event.type = type;
  event.reason = reason;
  event.session = record.id();
  event.state_version = record.state_version();
  event.policy_version = record.policy_version();
  if (uplink == kNoUplink && current() != nullptr) uplink = route().uplink;
  event.peer = world.uplinks.name(uplink);
  event.detail = detail;
  world.output.event(event);
}

bool SessionCore::step(Trigger trigger, Reason reason, MonoNs now, const Preface* preface) {
  const auto change = record.apply(authority_, trigger, reason, now);
  if (!change) {
    emit(EventType::kTransitionRejected, reason, now,
         audit::RejectedDetail{.state = state(), .trigger = trigger, .count = 1});
    return false;
  }
  ++told_version_;
  if (preface != nullptr) emit(*preface, now);
  emit(EventType::kSessionStateChange, reason, now,
       audit::StateChangeDetail{
           .previous = change->previous, .now = change->now, .trigger = change->trigger});
  return true;
}

bool SessionCore::transition(Trigger trigger, Reason reason, MonoNs now, const Preface* preface) {
  if (step(trigger, reason, now, preface)) return true;
  terminate(Reason::kInternalInconsistency, now);
  return false;
}

bool SessionCore::declare_unstable(Reason cause, MonoNs now) {
  if (state() != State::kAttached) return true;
  trouble = cause;
  return transition(Trigger::kInstability, cause, now);
}

void SessionCore::terminate(Reason reason, MonoNs now) {
  if (over()) return;
  end(reason, now);
  wipe_keys(now);
}

void SessionCore::supersede(MonoNs now) {
  if (over()) return;
  end(Reason::kSuperseded, now);
  drain_deadline = now + session::drain_time(rtt.smoothed(), rtt.variation());
}

void SessionCore::end(Reason reason, MonoNs now) {
  const auto lost_since = record.lost_since();
  const audit::TerminatedDetail detail{.age = now - record.created_at(),
                                       .transportless = lost_since ? now - *lost_since : Duration{},
                                       .rx_packets = totals.rx_packets,
                                       .rx_bytes = totals.rx_bytes,
                                       .tx_packets = totals.tx_packets,
                                       .tx_bytes = totals.tx_bytes,
                                       .peer_reason = peer_reason};
  if (!step(Trigger::kTerminate, reason, now, nullptr)) {
    // Not for such a reason; but what was to end does not go on.
    reason = Reason::kInternalInconsistency;
    const bool ended = step(Trigger::kTerminate, reason, now, nullptr);
    JG_INVARIANT(ended);
  }
  end_reason = reason;
  emit(EventType::kSessionTerminated, reason, now, detail);
}

void SessionCore::wipe_keys(MonoNs now) {
  const Reason why = end_reason == Reason::kKeysExpired ? end_reason : Reason::kSessionEnded;
  while (const auto ended = told_keys_.expire_oldest())
    emit(EventType::kKeyExpired, why, now,
         audit::KeyDetail{.epoch = ended->epoch, .generation = ended->generation});
  tunnel.release(current_epoch);
  if (previous_epoch) tunnel.release(*previous_epoch);
  if (next_epoch) tunnel.release(*next_epoch);
}

void SessionCore::check() {
  // In BIRTH there are keys already, but nothing is bound to them.
  session::check(record, record.binding_version() > 0 && current() != nullptr, told_version_);
}

void SessionCore::declare_lost(MonoNs now) {
  if (lost) return;
  lost = true;
  record.mark_transport_lost(authority_, now);
}

void SessionCore::declare_alive() {
  if (!lost) return;
  lost = false;
  record.mark_transport_alive(authority_);
}

bool SessionCore::may_install(std::uint64_t number) const {
  return number > highest_epoch && session::phase_of(number) != session::phase_of(current_epoch);
}

Epoch* SessionCore::install_next(const EpochInfo& info, std::uint64_t owner, MonoNs now) {
  if (!may_install(info.number)) return nullptr;
  const std::uint8_t phase = session::phase_of(info.number);
  drop_next(now);
  // A new epoch drops the previous one only when their phases would be confused: the gateway's
  // drain, which began before ours, is over.
  if (previous_epoch && session::phase_of(*previous_epoch) == phase) release_previous(now);
  const Keyring::TrafficPair traffic = keys.traffic_keys(
      keys.newest(),
      {.epoch = info.number, .binding_version = info.binding_version, .owner_epoch = owner});
  Epoch* epoch = tunnel.install(info, traffic.send, traffic.receive, now);
  if (epoch == nullptr) return nullptr;
  owner_epoch = owner;
  highest_epoch = info.number;
  next_epoch = info.number;
  return epoch;
}

void SessionCore::keys_installed(const EpochInfo& info, MonoNs now) {
  if (const auto left = told_keys_.install({.epoch = info.number, .generation = info.generation}))
    emit(EventType::kKeyExpired, Reason::kDrainOver, now,
         audit::KeyDetail{.epoch = left->epoch, .generation = left->generation});
  emit(EventType::kKeyInstalled, Reason::kEpochInstalled, now,
       audit::KeyDetail{.epoch = info.number, .generation = info.generation}, info.route.uplink);
}

void SessionCore::keys_expired(std::uint64_t epoch, Reason reason, MonoNs now) {
  if (const auto ended = told_keys_.expire(epoch))
    emit(EventType::kKeyExpired, reason, now,
         audit::KeyDetail{.epoch = ended->epoch, .generation = ended->generation});
}

void SessionCore::release_previous(MonoNs now) {
  if (!previous_epoch) return;
  tunnel.release(*previous_epoch);
  keys_expired(*previous_epoch, Reason::kDrainOver, now);
  previous_epoch.reset();
  drain_deadline = kNever;
}

void SessionCore::drop_next(MonoNs now) {
  if (next_epoch) {
    tunnel.release(*next_epoch);
    // A proposal was never told of; a rekey's epoch was.
    keys_expired(*next_epoch, Reason::kCancelledByJump, now);
  }
  next_epoch.reset();
  send_in_next = false;
}

void SessionCore::leave_next() {
  send_in_next = next() != nullptr && next()->info().binding_version == record.binding_version();
}

void SessionCore::promote_next(MonoNs now) {
  JG_INVARIANT(next_epoch.has_value());
  release_previous(now);
  previous_epoch = current_epoch;
  current_epoch = *next_epoch;
  next_epoch.reset();
  bound_uplink = route().uplink;
  send_in_next = false;
  drain_deadline = now + session::drain_time(rtt.smoothed(), rtt.variation());
}

void SessionCore::expire(MonoNs now) {
  if (!previous_epoch || now < drain_deadline) return;
  release_previous(now);
  if (current() != nullptr && current()->info().generation == keys.newest().number) {
    keys.retire_previous();
  }
}

void SessionCore::send_control(UplinkId uplink, const Endpoint& to, wire::Type type,
                               const wire::IssuedId& id, std::uint8_t id_key_phase,
                               std::span<const std::uint8_t, wire::kControlPayloadSize> payload) {
  const Generation& generation = keys.newest();
  std::array<std::uint8_t, wire::kControlSize> message;
  crypto::seal_control({.type = type,
                        .phase = static_cast<std::uint8_t>(generation.number & 3U),
                        .id_key_phase = id_key_phase,
                        .counter = 0,
                        .cid = id.cid},
                       payload, generation.send.get(), world.random, message);
  const TxDatagram datagram{.bytes = message, .to = to};
  world.output.send(uplink, {&datagram, 1});
}

bool SessionCore::send_small(Epoch& epoch, wire::Type type,
                             std::span<const std::uint8_t> plaintext) {
  JG_INVARIANT(plaintext.size() + wire::kTrafficOverhead <= kSmallRoom);
  std::array<std::uint8_t, kSmallRoom> room{};
  std::memcpy(room.data() + wire::kPrefixSize, plaintext.data(), plaintext.size());
  const std::span<std::uint8_t> packet(room.data() + wire::kPrefixSize, plaintext.size());
  TxDatagram datagram;
  if (tunnel.seal(epoch, type, {&packet, 1}, {&datagram, 1}) != 1) return false;
  ++totals.tx_packets;
  totals.tx_bytes += datagram.bytes.size();
  world.output.send(epoch.info().route.uplink, {&datagram, 1});
  return true;
}

ConnectionId SessionCore::fresh_cid() {
  ConnectionId cid;
  do {
    cid.value = world.random.nonzero_u64();
  } while (tunnel.knows(cid));
  return cid;
}

Duration SessionCore::rtt_over(UplinkId uplink) {
  const base::RttEstimator& own = world.uplinks.rtt(uplink);
  return own.has_sample() ? own.smoothed() : rtt.smoothed();
}

}  // namespace jumpgate::client
