#include "ctl/closing.hpp"

#include <optional>
#include <utility>

#include "base/invariant.hpp"
#include "wire/control.hpp"

namespace jumpgate::ctl {
namespace {

/// Sessions looked at each tick of a stop: a million end within a few seconds, and no tick takes
/// long.
constexpr std::uint32_t kStopSlice = 512;

/// Ends that the peer caused, or that it learns by its own means.
bool peer_knows(Reason reason) {
  return reason == Reason::kPeerClosed || reason == Reason::kSuperseded ||
         reason == Reason::kHandshakeTimeout;
}

}  // namespace

void Closing::terminate(Session& session, Reason reason, MonoNs now) {
  if (session.record.state() == State::kTerminated) return end_drain(session, now);
  if (session.doom != Reason::kNone) reason = session.doom;  // the first reason stays
  if (!session.installed) {
    finish(session, reason, false, now);
    return;
  }
  bus::Command* command = core_.obtain(session, now);
  if (command == nullptr) {
    session.doom = reason;
    core_.arm(session);
    return;
  }
  if (reason == Reason::kSuperseded && session.binding) return drain(session, command, now);
  const bool tell = !peer_knows(reason);
  const bool by_traffic_key = tell && session.record.state() == State::kAttached;
  if (tell && !by_traffic_key && session.binding) send_control_close(session, reason);
  finish(session, reason, true, now);
  core_.send(session, command, Ack::kRemove, 0,
             bus::RemoveSession{.reason = reason, .send_close = by_traffic_key});
}

void Closing::drain(Session& session, bus::Command* command, MonoNs now) {
  Peer& peer = core_.peers[session.peer];
  Session* earlier = peer.draining ? core_.sessions.find(*peer.draining) : nullptr;
  if (earlier != nullptr) end_drain(*earlier, now);
  peer.draining = session.ref;
  session.drained_at = now + limits::kDrainMax;
  finish(session, Reason::kSuperseded, true, now);
  core_.send(session, command, Ack::kDrain, 0, bus::DrainSession{});
}

void Closing::end_drain(Session& session, MonoNs now) {
  if (session.drained_at == kNever) return;
  bus::Command* command = core_.obtain(session, now);
  session.drained_at = command != nullptr ? kNever : session.retry_at;
  core_.arm(session);
  if (command != nullptr)
    core_.send(session, command, Ack::kRemove, 0,
               bus::RemoveSession{.reason = session.last_reason, .send_close = false});
}

TrafficFigures Closing::charge(Session& session, Peer& peer) {
  const TrafficFigures figures = core_.ports.workers.figures(session.ref);
  const std::uint64_t carried = figures.rx_bytes + figures.tx_bytes;
  peer.carried += carried - std::exchange(session.charged, carried);
  return figures;
}

void Closing::finish(Session& session, Reason reason, bool told_worker, MonoNs now) {
  const auto lost_since = session.record.lost_since();
  std::optional<Core::Preface> unanswered;
  if (session.exchange)
    unanswered = {
        .type = EventType::kReattachResult,
        .reason = Reason::kPathNotValidated,
        .detail = result_detail(session, *session.exchange, session.exchange->newest(), now)};
  const Core::Preface* preface = unanswered ? &*unanswered : nullptr;
  if (!core_.transition(session, Trigger::kTerminate, reason, now, preface)) {
    // Not for such a reason; but what was to end does not go on.
    reason = Reason::kInternalInconsistency;
    const bool ended = core_.transition(session, Trigger::kTerminate, reason, now, preface);
    JG_INVARIANT(ended);
  }
  core_.counters.add(ControllerCounter::kSessionsTerminated);
  Peer& peer = core_.peers[session.peer];
  const TrafficFigures figures = charge(session, peer);
  core_.emit(session, EventType::kSessionTerminated, reason,
             audit::TerminatedDetail{.age = now - session.record.created_at(),
                                     .transportless = lost_since ? now - *lost_since : Duration{},
                                     .rx_packets = figures.rx_packets,
                                     .rx_bytes = figures.rx_bytes,
                                     .tx_packets = figures.tx_packets,
                                     .tx_bytes = figures.tx_bytes,
                                     .peer_reason = session.peer_reason},
             now);
  if (peer.current == session.ref) {
    peer.current.reset();
    core_.ports.workers.unroute_peer(session.peer);
  }
  if (peer.birth == session.ref) peer.birth.reset();
  session.exchange.reset();
  session.rekey.reset();
  if (session.job != nullptr) {
    core_.ports.handshakes.release(session.job);
    session.job = nullptr;
  }
  core_.arm(session);
  if (!told_worker) core_.destroy(session);
}

void Closing::on_peer_closed(Session& session, std::uint64_t reason, MonoNs now) {
  session.peer_reason =
      reason_from_number(static_cast<std::uint16_t>(reason)).value_or(Reason::kNone);
  terminate(session, Reason::kPeerClosed, now);
}

void Closing::on_control_close(Session& session, const wire::ControlClose& message, MonoNs now) {
  if (message.session_id != session.record.id()) {
    core_.counters.drop(DropReason::kControlWrongSession);
    return;
  }
  if (message.close_seq <= session.last_close_seq) {
    core_.counters.drop(DropReason::kControlStale);
    return;
  }
  session.last_close_seq = message.close_seq;
  session.peer_reason = message.reason;
  terminate(session, Reason::kPeerClosed, now);
}

std::optional<bus::SessionRef> Closing::on_removed(Session& session, MonoNs now) {
  Peer& peer = core_.peers[session.peer];
  charge(session, peer);
  const auto successor = peer.current;
  if (peer.draining == session.ref) peer.draining.reset();
  const bool expired = session.last_reason == Reason::kKeysExpired;
  core_.all_keys_expired(session, expired ? Reason::kKeysExpired : Reason::kSessionEnded, now);
  if (session.binding) core_.ports.paths.release(session.binding->path);
  // Ended between a commit and the worker's word that it had moved.
  if (session.former_path) core_.ports.paths.release(*session.former_path);
  core_.destroy(session);
  return successor;
}

void Closing::send_control_close(Session& session, Reason reason) {
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  wire::encode_control_close(
      {.close_seq = ++session.own_close_seq, .reason = reason, .session_id = session.record.id()},
      payload);
  core_.send_control(session, wire::Type::kControlClose, session.binding->client_cid, payload,
                     session.binding->path.local, session.binding->path.remote);
}

void Closing::stop_slice(MonoNs now) {
  if (!core_.stopping) return;
  for (std::uint32_t i = 0; i < kStopSlice && core_.sessions.size() > 0; ++i) {
    Session* session = core_.sessions.at(stop_cursor_);
    stop_cursor_ = (stop_cursor_ + 1) % core_.sessions.slots();
    if (session != nullptr) terminate(*session, Reason::kGatewayStopping, now);
  }
}

}  // namespace jumpgate::ctl
