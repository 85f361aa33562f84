#include "client/heartbeats.hpp"

#include <algorithm>

namespace jumpgate::client {
namespace {

std::uint32_t clock_us(MonoNs now) {
  const auto us = static_cast<std::uint32_t>(now.ns / 1000);
  return us == 0 ? 1 : us;  // zero on the wire means "none"
}

}  // namespace

Heartbeats::Heartbeats(const session::Policy& policy, MonoNs now)
    : quick_interval_(policy.volatility.heartbeat_interval),
      idle_interval_(policy.volatility.idle_heartbeat_interval),
      silence_floor_(policy.volatility.heartbeat_volatile),
      last_data_(now),
      next_send_(now),
      last_heard_(now),
      interval_start_(now),
      peer_interval_(quick_interval_) {}

bool Heartbeats::quick(MonoNs now) const {
  return !attached_ || now < last_data_ + kQuickAfterData;
}

Duration Heartbeats::interval(MonoNs now) const {
  return quick(now) ? quick_interval_ : idle_interval_;
}

void Heartbeats::on_data(MonoNs now) {
  last_data_ = now;
  if (was_quick_) return;
  // The peer has told us of a long interval; the request in this heartbeat makes it a short one.
  was_quick_ = true;
  asking_ = true;
  peer_interval_ = quick_interval_;
  interval_start_ = now;
  next_send_ = now;
}

void Heartbeats::on_heard(MonoNs now) {
  last_heard_ = now;
  asking_ = false;
}

bool Heartbeats::on_heartbeat(const wire::Heartbeat& heartbeat, Epoch& epoch, MonoNs now) {
  // Zero announces nothing: the peer's interval is the quick one, as until its first heartbeat.
  peer_interval_ =
      heartbeat.next_interval_ms == 0 ? quick_interval_ : milliseconds(heartbeat.next_interval_ms);
  interval_start_ = now;
  epoch.echo().peer_time_us = heartbeat.send_time_us;
  epoch.echo().heard_at = now;
  if (!heartbeat.reply_wanted || now < last_reply_ + kReplySpacing) return false;
  last_reply_ = now;
  return true;
}

void Heartbeats::on_new_binding(MonoNs now) {
  last_heard_ = now;
  interval_start_ = now;
  peer_interval_ = quick_interval_;
  idle_announcements_ = 0;  // the peer counts anew as well
  next_send_ = now;
}

void Heartbeats::set_attached(bool attached, MonoNs now) {
  if (attached == attached_) return;
  attached_ = attached;
  if (attached || was_quick_) return;
  was_quick_ = true;
  asking_ = true;
  next_send_ = now;
}

bool Heartbeats::may_probe(MonoNs now) {
  if (last_probe_.ns != 0 && now < last_probe_ + kProbeSpacing) return false;
  last_probe_ = now;
  return true;
}

wire::Heartbeat Heartbeats::make_scheduled(Epoch& epoch, MonoNs now) {
  was_quick_ = quick(now);
  if (was_quick_) {
    idle_announcements_ = 0;
  } else if (idle_announcements_ < session::kIdleAnnouncements) {
    ++idle_announcements_;
  }
  const bool announced = idle_announcements_ == session::kIdleAnnouncements;
  next_send_ = now + (announced ? idle_interval_ : quick_interval_);
  return make(epoch, asking_, now);
}

wire::Heartbeat Heartbeats::make(Epoch& epoch, bool reply_wanted, MonoNs now) {
  Epoch::Echo& echo = epoch.echo();
  if (!echo.sent_any) {
    echo.sent_any = true;
    echo.first_sent = now;
  }
  wire::Heartbeat heartbeat;
  heartbeat.reply_wanted = reply_wanted;
  heartbeat.next_interval_ms =
      static_cast<std::uint16_t>(std::clamp<std::int64_t>(interval(now).ms(), 1, UINT16_MAX));
  heartbeat.send_time_us = clock_us(now);
  if (echo.peer_time_us != 0) {
    heartbeat.echo_time_us = echo.peer_time_us;
    heartbeat.echo_delay_us = static_cast<std::uint32_t>((now - echo.heard_at).us());
  }
  if (epoch.window().any()) heartbeat.received_highest = epoch.window().highest();
  heartbeat.received_count = epoch.window().count();
  return heartbeat;
}

MonoNs Heartbeats::silent_from() const {
  return std::max(last_heard_, interval_start_) +
         session::silence_threshold(silence_floor_, peer_interval_);
}

Duration Heartbeats::rtt_sample(const wire::Heartbeat& heartbeat, const Epoch::Echo& echo,
                                MonoNs now) {
  constexpr Duration kUnusable{-1};
  constexpr std::uint32_t kLongest = 60'000'000;
  if (heartbeat.echo_time_us == 0 || !echo.sent_any) return kUnusable;
  const std::uint32_t since_sent = clock_us(now) - heartbeat.echo_time_us;
  const std::uint32_t sample = since_sent - heartbeat.echo_delay_us;
  if (sample > kLongest || microseconds(since_sent) > now - echo.first_sent + milliseconds(1)) {
    return kUnusable;
  }
  return microseconds(sample);
}

}  // namespace jumpgate::client
