#include "client/client_session.hpp"

#include <algorithm>
#include <utility>

#include "base/secret.hpp"
#include "crypto/control_seal.hpp"
#include "wire/control.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::client {
namespace {

/// So much before the lifetime's end the successor is made: min(60 s, a tenth of the lifetime).
Duration renewal_lead(Duration lifetime) {
  return std::min(seconds(60), lifetime / 10);
}

session::LivenessTimers timers_of(const session::Policy& policy) {
  return {.interval = policy.volatility.heartbeat_interval,
          .idle_interval = policy.volatility.idle_heartbeat_interval,
          .silence_floor = policy.volatility.heartbeat_volatile};
}

}  // namespace

ClientSession::ClientSession(World& world, Aead& aead, WelcomeResult&& welcome, MonoNs now)
    : core_(world, aead, std::move(welcome), now),
      inner_path_(core_.setup.mtu, now),
      jumper_(core_),
      rekeyer_(core_),
      liveness_(timers_of(core_.policy), now),
      liveness_epoch_(core_.current_epoch),
      renew_at_(now + core_.policy.session.max_lifetime -
                renewal_lead(core_.policy.session.max_lifetime)) {
  liveness_.set_quick(true, now);
  confirm_timer_.start(core_.rtt.smoothed(), now);
  confirm_timer_.interval = std::max(confirm_timer_.interval, kConfirmMin);
  confirm_timer_.at = now + confirm_timer_.interval;
  confirm();
}

void ClientSession::confirm() {
  std::array<std::uint8_t, wire::kControlPayloadSize> payload;
  wire::encode_confirm({.session_id = core_.record.id(), .hello_counter = core_.hello_counter},
                       payload);
  const Route& route = core_.route();
  core_.send_control(route.uplink, route.gateway, wire::Type::kConfirm, route.gateway_id,
                     route.id_key_phase, payload);
}

// ---- Reception
// -----------------------------------------------------------------------------------

void ClientSession::on_opened(const OpenedPacket& packet, MonoNs now) {
  on_authentic(now);
  const EpochInfo& info = packet.epoch->info();
  const bool proposed = core_.next_epoch == info.number;
  if (proposed && rekeyer_.on_confirmed(now)) {
    // The same binding under new keys.
  } else if (proposed && jumper_.on_proposed_epoch(now)) {
    on_committed(now);
  }
  if (core_.over()) return;
  on_heard(info.binding_version, now);
  if (packet.type == wire::Type::kHeartbeat) {
    on_heartbeat(packet, now);
  } else if (packet.type == wire::Type::kClose) {
    on_close(packet, now);
  } else {
    last_data_ = now;
    liveness_.on_traffic(now);
  }
}

void ClientSession::on_authentic(MonoNs now) {
  if (core_.state() != State::kBirth) return;
  confirm_timer_.stop();
  const auto bound = core_.commit_binding(0);
  if (!bound) {
    core_.terminate(Reason::kInternalInconsistency, now);
    return;
  }
  if (!core_.transition(Trigger::kAttachOk, Reason::kAttachedToTransport, now)) return;
  const Route& route = core_.route();
  core_.emit(EventType::kTransportAttached, Reason::kAttachedToTransport, now,
             audit::AttachDetail{.remote = route.gateway,
                                 .local = {},
                                 .binding_version = core_.record.binding_version(),
                                 .epoch = core_.current_epoch,
                                 .suite = core_.suite});
  core_.keys_installed(core_.current()->info(), now);
  core_.world.uplinks.paths().mark_validated(route.uplink, now);
  restart_liveness(now);
  restart_path_mtu(now);
}

void ClientSession::on_heard(std::uint64_t binding_version, MonoNs now) {
  if (binding_version != core_.record.binding_version()) return;
  liveness_.on_authentic(now);
  core_.declare_alive();
  const State state = core_.state();
  if ((state == State::kVolatile || state == State::kDegraded) && core_.path_is_healthy()) {
    jumper_.on_healed(now);
    after_change(now);
  }
}

void ClientSession::on_close(const OpenedPacket& packet, MonoNs now) {
  const auto close = wire::decode_close(packet.plaintext);
  if (!close) {
    core_.world.drops.add(close.error());
    return;
  }
  core_.peer_reason = close->reason;
  core_.terminate(Reason::kPeerClosed, now);
}

void ClientSession::on_control(const wire::Prefix& prefix, std::span<std::uint8_t> message,
                               UplinkId uplink, const Endpoint& from, MonoNs now) {
  if (core_.over()) {  // by what stood before it in the same burst
    core_.world.drops.add(DropReason::kSessionStateForbids);
    return;
  }
  const Generation* generation = core_.keys.by_phase(prefix.phase);
  if (generation == nullptr) {
    core_.world.drops.add(DropReason::kEpochUnknown);
    return;
  }
  const bool newest = generation->number == core_.keys.newest().number;
  std::array<std::uint8_t, wire::kControlPayloadSize> payload;
  if (!crypto::open_control(message.first<wire::kControlSize>(), generation->receive.get(),
                            payload)) {
    core_.world.drops.add(DropReason::kAuthFailed);
    return;
  }
  // A message under the new generation shows that the gateway has it too.
  if (newest && rekeyer_.on_confirmed(now)) on_heard(core_.record.binding_version(), now);
  handle_control(
      {.prefix = prefix, .generation = generation->number, .uplink = uplink, .from = from}, payload,
      now);
}

void ClientSession::handle_control(const Arrival& arrival,
                                   std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                                   MonoNs now) {
  // One screen of cases would hide the rule that each has: decode, then judge freshness.
  const auto decoded = [&](auto message) -> bool {
    if (!message) core_.world.drops.add(message.error());
    return message.has_value();
  };
  switch (arrival.prefix.type) {
    case wire::Type::kAck: {
      const auto ack = wire::decode_ack(payload);
      if (decoded(ack)) on_ack(*ack, arrival, now);
      break;
    }
    case wire::Type::kPathChallenge: {
      if (core_.state() == State::kBirth) on_authentic(now);
      const auto challenge = wire::decode_path_challenge(payload);
      if (!decoded(challenge)) return;
      if (jumper_.on_challenge(*challenge, arrival, now)) rekeyer_.cancel_unanswered();
      break;
    }
    case wire::Type::kRefusal: {
      const auto refusal = wire::decode_refusal(payload);
      if (decoded(refusal)) jumper_.on_refusal(*refusal, arrival, now);
      break;
    }
    case wire::Type::kRekeyReply: {
      const auto reply = wire::decode_rekey_reply(payload);
      if (decoded(reply)) on_rekey_reply(*reply, arrival, now);
      break;
    }
    case wire::Type::kControlClose: {
      const auto close = wire::decode_control_close(payload);
      if (decoded(close)) on_control_close(*close, now);
      break;
    }
    default:
      core_.world.drops.add(DropReason::kWireWrongRole);
  }
  after_change(now);
}

void ClientSession::on_ack(const wire::Ack& ack, const Arrival& arrival, MonoNs now) {
  if (ack.subject != wire::Type::kConfirm) {
    if (!jumper_.on_ack(ack, arrival, now)) return;
    on_committed(now);
    on_heard(ack.binding_version, now);
    return;
  }
  // Awaited once: a later copy shows no path to be alive.
  if (confirm_timer_.at == kNever) return core_.world.drops.add(DropReason::kControlStale);
  if (ack.binding_version != 1) return core_.world.drops.add(DropReason::kControlWrongBinding);
  if (ack.epoch != core_.current_epoch)
    return core_.world.drops.add(DropReason::kControlWrongEpoch);
  on_authentic(now);
  on_heard(ack.binding_version, now);
}

void ClientSession::on_rekey_reply(const wire::RekeyReply& reply, const Arrival& arrival,
                                   MonoNs now) {
  if (const auto reason = rekeyer_.fault(reply, arrival)) return core_.world.drops.add(*reason);
  if (rekeyer_.on_reply(reply, now)) send_heartbeat(liveness_.make(now));
  if (!core_.over()) on_heard(core_.record.binding_version(), now);
}

void ClientSession::on_control_close(const wire::ControlClose& close, MonoNs now) {
  if (close.session_id != core_.record.id()) {
    core_.world.drops.add(DropReason::kControlWrongSession);
    return;
  }
  if (close.close_seq <= peer_close_seq_) {
    core_.world.drops.add(DropReason::kControlStale);
    return;
  }
  peer_close_seq_ = close.close_seq;
  core_.peer_reason = close.reason;
  core_.terminate(Reason::kPeerClosed, now);
}

bool ClientSession::on_reset(const ResetToken& token, MonoNs now) {
  if (core_.over()) return false;
  const bool binding = base::equal_constant_time(core_.route().gateway_id.reset_token, token);
  if (!binding && !jumper_.matches_reset(token)) return false;
  core_.terminate(Reason::kGatewayLostSession, now);
  return true;
}

void ClientSession::close(Reason reason, MonoNs now) {
  if (core_.over()) return;
  if (core_.state() == State::kAttached) {
    std::array<std::uint8_t, wire::kCloseSize> plaintext{};
    wire::encode_close({.reason = reason}, plaintext);
    (void)core_.send_small(*core_.sending(), wire::Type::kClose, plaintext);
  } else {
    std::array<std::uint8_t, wire::kControlPayloadSize> payload;
    wire::encode_control_close(
        {.close_seq = ++core_.control_close_seq, .reason = reason, .session_id = core_.record.id()},
        payload);
    const Route& route = core_.route();
    for (std::size_t i = 0; i < core_.world.uplinks.size(); ++i) {
      const auto uplink = static_cast<UplinkId>(i);
      if (!core_.world.uplinks.up(uplink)) continue;
      core_.send_control(uplink, core_.world.uplinks.gateway(uplink), wire::Type::kControlClose,
                         route.gateway_id, route.id_key_phase, payload);
    }
  }
  core_.terminate(Reason::kOperatorTerminated, now);
}

// ---- Paths
// ---------------------------------------------------------------------------------------

void ClientSession::start_jump(Reason cause, std::optional<UplinkId> target, MonoNs now) {
  rekeyer_.cancel_unanswered();
  if (!core_.declare_unstable(cause, now)) return;
  jumper_.start(target, now);
  after_change(now);
}

void ClientSession::on_committed(MonoNs now) {
  if (core_.over()) return;
  restart_liveness(now);
  restart_path_mtu(now);
  send_due_heartbeat(now);
  run_path_probe(now);
}

void ClientSession::after_change(MonoNs now) {
  if (core_.over()) return;
  liveness_.set_quick(core_.state() != State::kAttached, now);
}

void ClientSession::on_uplink(UplinkId uplink, bool up, bool moved, MonoNs now) {
  if (core_.over() || core_.state() == State::kBirth) return;
  const bool active = uplink == core_.route().uplink;
  if (active && (!up || moved)) {
    core_.declare_lost(now);
    start_jump(Reason::kTransportDead, std::nullopt, now);
  }
  if (!up) {
    jumper_.on_uplink_down(uplink, now);
  } else {
    jumper_.on_uplink_up(now);
  }
  after_change(now);
}

void ClientSession::on_path_error(UplinkId uplink, MonoNs now) {
  if (core_.over() || core_.state() == State::kBirth) return;
  const Epoch* epoch = core_.sending();
  if (epoch != nullptr && epoch->info().route.uplink == uplink) probe(now);
}

void ClientSession::probe(MonoNs now) {
  if (const auto heartbeat = liveness_.make_probe(now)) send_heartbeat(*heartbeat);
}

bool ClientSession::move_to(UplinkId uplink, MonoNs now) {
  if (core_.state() != State::kAttached || !core_.world.uplinks.up(uplink) ||
      uplink == core_.route().uplink || jumper_.pending()) {
    return false;
  }
  start_jump(Reason::kTransportRetiring, uplink, now);
  return true;
}

// ---- Time
// ----------------------------------------------------------------------------------------

void ClientSession::check_deadlines(MonoNs now) {
  // A session wakes up from a long sleep with several timers due at once: each in its turn.
  while (const auto due = core_.record.due(now)) {
    if (due->trigger == Trigger::kTerminate) {
      core_.terminate(due->reason, now);
      return;
    }
    jumper_.on_deadline(*due, now);
    if (core_.over()) return;
  }
  if (core_.state() == State::kBirth) return;
  if (const auto cause = liveness_.poll_silence(now)) {
    core_.declare_lost(now);
    if (core_.state() == State::kAttached) start_jump(*cause, std::nullopt, now);
  }
}

void ClientSession::tick(MonoNs now) {
  if (core_.over()) return;
  check_deadlines(now);
  if (core_.over()) return;
  core_.expire(now);
  if (now >= confirm_timer_.at) {
    confirm_timer_.sent_again(now);
    confirm_timer_.interval = std::min(confirm_timer_.interval, kConfirmMax);
    confirm_timer_.at = now + confirm_timer_.interval;
    confirm();
  }
  if (core_.state() == State::kBirth) return;
  jumper_.tick(now);
  if (core_.over()) return;
  const Rekeyer::Want want = rekeyer_.tick(jumper_.pending(), now);
  if (want == Rekeyer::Want::kProbe) probe(now);
  if (want == Rekeyer::Want::kConfirmation) {
    wire::Heartbeat heartbeat = liveness_.make(now);
    heartbeat.reply_wanted = true;
    send_heartbeat(heartbeat);
  }
  send_due_heartbeat(now);
  run_path_probe(now);
  after_change(now);
}

MonoNs ClientSession::next_deadline() const {
  if (core_.over()) return kNever;
  const MonoNs deadline =
      std::min({core_.record.next_deadline(), confirm_timer_.at, core_.drain_deadline});
  if (core_.state() == State::kBirth) return deadline;
  return std::min({deadline, jumper_.next_deadline(), rekeyer_.next_deadline(),
                   liveness_.next_due(), liveness_.silence_deadline(),
                   path_mtu_.next_due(busy_until())});
}

}  // namespace jumpgate::client
