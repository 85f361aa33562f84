/// Keeping a path alive and noticing its silence, for one side of one session.
///
/// Purpose: when the next heartbeat is due, what it says, and the edges "silent" and "alive again"
/// (spec/heartbeat.md). Used by the gateway's worker, per session, and by the client.
/// Owner thread: the one that owns the session's traffic keys. Bound: a fixed object of two cache
/// lines. Failure: none; every outcome is a value. Times are passed in and never go backwards.
#pragma once

#include <cstdint>
#include <optional>

#include <jumpgate/reasons.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "base/rtt_estimator.hpp"

namespace jumpgate::session {

/// From the policy in force.
struct LivenessTimers {
  Duration interval{milliseconds(500)};  // while traffic flows, or not ATTACHED
  Duration idle_interval{seconds(25)};   // otherwise
  Duration silence_floor{seconds(2)};    // heartbeat_volatile
  bool operator==(const LivenessTimers&) const = default;
};

/// Traffic either way keeps the quick interval for so long: six quick heartbeats, so that the last
/// packets of a conversation are still watched closely.
inline constexpr Duration kTrafficMemory = seconds(3);
/// At most one answer to `reply_wanted` in this time: ten a second are no amplifier.
inline constexpr Duration kReplyInterval = milliseconds(100);
/// At most one probe in this time: hints of trouble that nobody vouches for cost no more than that.
inline constexpr Duration kProbeInterval = seconds(1);
/// Heartbeats that announce the idle interval and are still sent at the quick pace: two of them may
/// be lost before the other side takes the new pace for silence.
inline constexpr std::uint8_t kIdleAnnouncements = 3;

class Liveness {
 public:
  Liveness(const LivenessTimers& timers, MonoNs now);

  /// A policy's change; silence and schedule so far stay.
  void set_timers(const LivenessTimers& timers) { timers_ = timers; }
  /// Quick whatever the traffic: not ATTACHED, or the gateway asks for new keys.
  void set_quick(bool quick, MonoNs now);

  /// A new binding is in force: silence counts from now, a heartbeat is due at once, nothing of the
  /// old path is echoed. `sent_from`: nothing was sent in its epoch before.
  void restart(MonoNs now, MonoNs sent_from);
  /// A new epoch on the same binding (rekey): its echoes start anew.
  void begin_epoch(MonoNs sent_from);

  /// An authentic, fresh packet of the peer. True when it ends a declared silence.
  bool on_authentic(MonoNs now);
  /// DATA went out or came in (authentic): the quick interval for the next kTrafficMemory.
  void on_traffic(MonoNs now);
  /// An authentic heartbeat (after on_authentic): learns the peer's interval and what to echo.
  /// Returns a sample of the round-trip time, if its echo is of this epoch; it is for the RTT
  /// estimator.
  std::optional<Duration> on_heartbeat(const wire::Heartbeat& heartbeat, MonoNs now);

  /// A heartbeat of this moment: interval, times, echo, and reply_wanted where the peer's own
  /// interval is longer than ours. What was received is for the caller to fill in.
  [[nodiscard]] wire::Heartbeat make(MonoNs now) const;
  /// A probe of the path MTU: one that wants a reply, and whose echo names it (spec/path-mtu.md).
  [[nodiscard]] wire::Heartbeat make_path_probe(MonoNs now) const;
  /// Our heartbeats that may be under way, or their echo: those of the last round trip.
  [[nodiscard]] unsigned in_flight(const base::RttEstimator& rtt, MonoNs now) const;
  /// The one that was due was sent.
  void on_sent(MonoNs now);
  /// The answer to reply_wanted, at most one in kReplyInterval. It does not move the schedule.
  std::optional<wire::Heartbeat> make_reply(MonoNs now);
  /// The question that a hint of trouble causes, at most one in kProbeInterval. Its answer is
  /// waited for no longer than at the quick pace, whatever interval the peer announced. It does not
  /// move the schedule.
  std::optional<wire::Heartbeat> make_probe(MonoNs now);

  /// When the next heartbeat is due if nothing changes; in the past: at once.
  [[nodiscard]] MonoNs next_due() const;
  /// The interval in force: quick or idle.
  [[nodiscard]] Duration interval(MonoNs now) const;

  /// When silence is to be declared if nothing comes; kNever once it was.
  [[nodiscard]] MonoNs silence_deadline() const;
  /// Once when silence is to be declared: `heartbeat_timeout`, or `transport_dead` when a probe went
  /// unanswered. on_authentic and restart re-arm it.
  std::optional<Reason> poll_silence(MonoNs now);
  [[nodiscard]] bool silent() const { return silent_; }
  [[nodiscard]] MonoNs last_heard() const { return last_heard_; }

 private:
  [[nodiscard]] bool is_quick(MonoNs now) const { return quick_ || now < quick_until(); }
  /// Traffic alone keeps the quick interval until then.
  [[nodiscard]] MonoNs quick_until() const { return last_traffic_ + kTrafficMemory; }
  void become_quick(MonoNs now);
  [[nodiscard]] Duration peer_interval() const;
  /// Silence after which we, being quick, or idle, miss the peer.
  [[nodiscard]] Duration quick_threshold() const;
  [[nodiscard]] Duration idle_threshold() const;
  [[nodiscard]] MonoNs probe_deadline() const;

  LivenessTimers timers_;
  MonoNs last_heard_;
  MonoNs last_sent_;
  MonoNs last_traffic_;
  MonoNs quick_since_;  // the last change from idle to quick
  MonoNs last_reply_{};
  MonoNs last_probe_{};
  MonoNs probe_open_{kNever};  // the oldest probe since the peer was heard
  MonoNs sent_from_;           // nothing was sent in this epoch before
  MonoNs echo_received_at_{};
  std::uint32_t echo_time_us_{0};       // 0: nothing to echo
  std::uint16_t peer_interval_ms_{0};   // 0: none announced yet
  std::uint8_t idle_announcements_{0};  // sent since the change from quick to idle
  bool quick_{false};
  bool silent_{false};
  bool sent_any_{false};
};

static_assert(sizeof(Liveness) <= 128, "two cache lines a session");

/// The 32-bit microsecond clock of heartbeats; never 0, which means "none".
[[nodiscard]] std::uint32_t wire_time_us(MonoNs now);

}  // namespace jumpgate::session
