#include "session/liveness.hpp"

#include <algorithm>
#include <limits>

#include "session/path_mtu.hpp"
#include "session/policy.hpp"

namespace jumpgate::session {

namespace {

std::uint16_t to_announced_ms(Duration interval) {
  return static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(interval.ms(), 1, std::numeric_limits<std::uint16_t>::max()));
}

// A round trip above this is a stale or wrapped echo, no measurement.
constexpr std::uint32_t kMaxSampleUs = 60'000'000;

// Odd ones are those of path MTU probes (session/path_mtu.hpp).
std::uint32_t ordinary_time_us(MonoNs now) {
  const std::uint32_t even = wire_time_us(now) & ~1U;
  return even == 0 ? 2 : even;
}

}  // namespace

std::uint32_t wire_time_us(MonoNs now) {
  const auto time = static_cast<std::uint32_t>(now.ns / 1000);
  return time == 0 ? 1 : time;
}

Liveness::Liveness(const LivenessTimers& timers, MonoNs now)
    : timers_(timers),
      last_heard_(now),
      last_sent_(now),
      last_traffic_(now),
      quick_since_(now),
      sent_from_(now) {}

void Liveness::become_quick(MonoNs now) {
  if (is_quick(now)) return;
  quick_since_ = now;
  idle_announcements_ = 0;
}

void Liveness::set_quick(bool quick, MonoNs now) {
  if (quick) become_quick(now);
  // Leaving it, the interval falls back to what the traffic asks for.
  quick_ = quick;
}

void Liveness::restart(MonoNs now, MonoNs sent_from) {
  last_heard_ = now;
  quick_since_ = now;
  silent_ = false;
  sent_any_ = false;
  probe_open_ = kNever;
  peer_interval_ms_ = 0;
  idle_announcements_ = 0;  // the peer counts anew as well
  begin_epoch(sent_from);
}

void Liveness::begin_epoch(MonoNs sent_from) {
  echo_time_us_ = 0;
  sent_from_ = sent_from;
}

bool Liveness::on_authentic(MonoNs now) {
  last_heard_ = now;
  probe_open_ = kNever;
  const bool was_silent = silent_;
  silent_ = false;
  return was_silent;
}

void Liveness::on_traffic(MonoNs now) {
  become_quick(now);
  last_traffic_ = now;
}

std::optional<Duration> Liveness::on_heartbeat(const wire::Heartbeat& heartbeat, MonoNs now) {
  peer_interval_ms_ = heartbeat.next_interval_ms;
  echo_time_us_ = heartbeat.send_time_us;
  echo_received_at_ = now;
  if (heartbeat.echo_time_us == 0) return std::nullopt;
  const std::uint32_t elapsed = wire_time_us(now) - heartbeat.echo_time_us;  // modulo 2^32
  if (elapsed > kMaxSampleUs || heartbeat.echo_delay_us > elapsed) return std::nullopt;
  // Two microseconds more: the wire's clock is cut down to whole, even ones.
  if (elapsed > (now - sent_from_).us() + 2) return std::nullopt;
  return microseconds(elapsed - heartbeat.echo_delay_us);
}

wire::Heartbeat Liveness::make(MonoNs now) const {
  wire::Heartbeat heartbeat;
  heartbeat.next_interval_ms = to_announced_ms(interval(now));
  heartbeat.send_time_us = ordinary_time_us(now);
  if (echo_time_us_ != 0) {
    heartbeat.echo_time_us = echo_time_us_;
    heartbeat.echo_delay_us = static_cast<std::uint32_t>(std::clamp<std::int64_t>(
        (now - echo_received_at_).us(), 0, std::numeric_limits<std::uint32_t>::max()));
  }
  heartbeat.reply_wanted = is_quick(now) && peer_interval() > timers_.interval;
  return heartbeat;
}

wire::Heartbeat Liveness::make_path_probe(MonoNs now) const {
  wire::Heartbeat heartbeat = make(now);
  heartbeat.send_time_us = probe_time_us(now);
  heartbeat.reply_wanted = true;
  return heartbeat;
}

unsigned Liveness::in_flight(const base::RttEstimator& rtt, MonoNs now) const {
  const Duration round_trip = rtt.smoothed() + rtt.variation() * 4;
  return static_cast<unsigned>(1 + round_trip.ns / interval(now).ns);
}

void Liveness::on_sent(MonoNs now) {
  last_sent_ = now;
  sent_any_ = true;
  if (is_quick(now)) {
    idle_announcements_ = 0;
  } else if (idle_announcements_ < kIdleAnnouncements) {
    ++idle_announcements_;
  }
}

std::optional<wire::Heartbeat> Liveness::make_reply(MonoNs now) {
  if (last_reply_.ns != 0 && now - last_reply_ < kReplyInterval) return std::nullopt;
  last_reply_ = now;
  wire::Heartbeat heartbeat = make(now);
  heartbeat.reply_wanted = false;  // else two eager sides would never stop
  return heartbeat;
}

std::optional<wire::Heartbeat> Liveness::make_probe(MonoNs now) {
  if (last_probe_.ns != 0 && now - last_probe_ < kProbeInterval) return std::nullopt;
  last_probe_ = now;
  probe_open_ = std::min(probe_open_, now);
  wire::Heartbeat heartbeat = make(now);
  heartbeat.reply_wanted = true;
  return heartbeat;
}

MonoNs Liveness::next_due() const {
  if (!sent_any_) return MonoNs{};
  if (quick_since_ > last_sent_) return quick_since_;
  const bool announced = idle_announcements_ >= kIdleAnnouncements;
  return last_sent_ + (announced ? timers_.idle_interval : timers_.interval);
}

Duration Liveness::interval(MonoNs now) const {
  return is_quick(now) ? timers_.interval : timers_.idle_interval;
}

Duration Liveness::peer_interval() const {
  return peer_interval_ms_ == 0 ? timers_.interval : milliseconds(peer_interval_ms_);
}

Duration Liveness::quick_threshold() const {
  // Each of our heartbeats asks a slower peer to answer: it is heard at our pace.
  return silence_threshold(timers_.silence_floor, std::min(peer_interval(), timers_.interval));
}

Duration Liveness::idle_threshold() const {
  return silence_threshold(timers_.silence_floor, peer_interval());
}

MonoNs Liveness::silence_deadline() const {
  if (silent_) return kNever;
  const MonoNs from = std::max(last_heard_, quick_since_);
  const MonoNs while_quick = from + quick_threshold();
  // As time passes we turn idle, and then the peer's own pace counts.
  const bool still_quick = quick_ || while_quick < quick_until();
  const MonoNs scheduled =
      still_quick ? while_quick : std::max(quick_until(), from + idle_threshold());
  return std::min(scheduled, probe_deadline());
}

MonoNs Liveness::probe_deadline() const {
  return probe_open_ == kNever ? kNever : probe_open_ + quick_threshold();
}

std::optional<Reason> Liveness::poll_silence(MonoNs now) {
  if (silent_ || now < silence_deadline()) return std::nullopt;
  silent_ = true;
  return now >= probe_deadline() ? Reason::kTransportDead : Reason::kHeartbeatTimeout;
}

}  // namespace jumpgate::session
