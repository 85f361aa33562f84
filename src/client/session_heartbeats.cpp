// The heartbeats of a session: what they say, what is learnt from them (spec/heartbeat.md).
#include <algorithm>

#include "client/client_session.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::client {

void ClientSession::on_heartbeat(const OpenedPacket& packet, MonoNs now) {
  const auto heartbeat = wire::decode_heartbeat(packet.plaintext);
  if (!heartbeat) {
    core_.world.drops.add(heartbeat.error());
    return;
  }
  // What another epoch's says is of another path or of a time gone by.
  if (packet.epoch->info().number != core_.current_epoch) return;
  follow_epoch();
  if (const auto sample = liveness_.on_heartbeat(*heartbeat, now)) {
    core_.rtt.sample(*sample);
    core_.quality.on_round_trip(*sample);
  }
  core_.quality.on_report(*heartbeat, packet.epoch->sent(), core_.policy.volatility.loss_window,
                          now);
  judge_path(now);
  if (path_mtu_.on_echo(heartbeat->echo_time_us, now)) use_path_mtu();
  if (heartbeat->reply_wanted) {
    if (const auto reply = liveness_.make_reply(now)) send_heartbeat(*reply);
  }
  if (heartbeat->rekey_wanted) rekeyer_.on_wanted(jumper_.pending(), now);
  if (heartbeat->reattach_wanted && core_.state() == State::kAttached &&
      now >= wanted_jump_not_before_ &&
      core_.world.uplinks.paths().choose(core_.route().uplink,
                                         core_.policy.volatility.loss_volatile_permille, now)) {
    wanted_jump_not_before_ = now + core_.policy.switching.switch_cooldown;
    start_jump(Reason::kLossThresholdExceeded, std::nullopt, now);
  }
}

void ClientSession::judge_path(MonoNs now) {
  const session::PathFigures figures = core_.quality.figures(liveness_.in_flight(core_.rtt, now));
  const Reason verdict = session::judge_path(
      session::in_state(session::tolerance(core_.policy), core_.state()), figures);
  session::PathSet& paths = core_.world.uplinks.paths();
  const UplinkId uplink = core_.route().uplink;
  // Whatever is lost in a row is lost altogether.
  const bool dropping = verdict == Reason::kConsecutiveDropExceeded;
  paths.note_figures(uplink, dropping ? std::uint16_t{1000} : figures.loss_permille,
                     std::max(core_.rtt.smoothed(), figures.latency_p95), now);
  const bool crossed = verdict != Reason::kNone && core_.volatile_for == Reason::kNone;
  core_.volatile_for = verdict;
  if (!crossed) return;
  paths.note_trouble(uplink, now);
  if (core_.state() == State::kAttached) start_jump(verdict, std::nullopt, now);
}

void ClientSession::send_due_heartbeat(MonoNs now) {
  if (now < liveness_.next_due()) return;
  send_heartbeat(liveness_.make(now));
  liveness_.on_sent(now);
  core_.quality.on_sent();
  jumper_.on_heartbeat_sent(now);
  rekeyer_.on_send(jumper_.pending(), now);
}

void ClientSession::send_heartbeat(const wire::Heartbeat& heartbeat) {
  send_padded_heartbeat(heartbeat, wire::kHeartbeatSize + kHeartbeatPadding);
}

void ClientSession::send_padded_heartbeat(wire::Heartbeat heartbeat, std::size_t size) {
  Epoch& epoch = *core_.sending();
  if (epoch.info().number != liveness_epoch_) {
    // An echo belongs to the epoch in which it was heard; in this one nothing was.
    heartbeat.echo_time_us = 0;
    heartbeat.echo_delay_us = 0;
  }
  if (epoch.window().any()) heartbeat.received_highest = epoch.window().highest();
  heartbeat.received_count = epoch.window().count();
  std::array<std::uint8_t, limits::kMaxDatagram> plaintext;
  wire::encode_heartbeat(heartbeat, std::span(plaintext).first<wire::kHeartbeatSize>());
  std::ranges::fill(std::span(plaintext).first(size).subspan(wire::kHeartbeatSize),
                    std::uint8_t{0});
  (void)core_.send_small(epoch, wire::Type::kHeartbeat, std::span(plaintext).first(size));
}

void ClientSession::restart_liveness(MonoNs now) {
  liveness_.set_quick(false, now);
  liveness_.restart(now, core_.current()->installed_at());
  liveness_epoch_ = core_.current_epoch;
}

void ClientSession::follow_epoch() {
  if (liveness_epoch_ == core_.current_epoch) return;
  liveness_epoch_ = core_.current_epoch;
  liveness_.begin_epoch(core_.current()->installed_at());
  core_.quality.begin_epoch();
}

}  // namespace jumpgate::client
