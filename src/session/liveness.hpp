/// Keeping a path alive and noticing its silence, for one side of one session.
///
/// Purpose: when the next heartbeat is due, what it says, and the edges "silent" and "alive again"
/// (spec/jump.md "Heartbeats"). Used by the gateway's worker, per session, and by the client.
/// Owner thread: the one that owns the session's traffic keys. Bound: a fixed object of two cache
/// lines. Failure: none; every outcome is a value. Times are passed in.
#pragma once

#include <cstdint>
#include <optional>

#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

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

/// What `poll` noticed.
enum class SilenceEdge : std::uint8_t {
  kNone,
  kSilent,           // nothing authentic for longer than the threshold in force
  kProbeUnanswered,  // heartbeats with `reply_wanted` met with silence for the floor
};

class Liveness {
 public:
  Liveness(const LivenessTimers& timers, MonoNs now);

  /// A policy's change; silence and schedule so far stay.
  void set_timers(const LivenessTimers& timers) { timers_ = timers; }
  /// Quick whatever the traffic: the state is not ATTACHED.
  void set_quick(bool quick) { quick_ = quick; }

  /// A new path or epoch is in force: silence counts from now, and a heartbeat is due at once.
  void restart(MonoNs now);

  /// An authentic, fresh packet of the peer. True when it ends a declared silence.
  bool on_authentic(MonoNs now);
  /// DATA went out or came in (authentic): the quick interval for the next kTrafficMemory.
  void on_traffic(MonoNs now) { last_traffic_ = now; }
  /// An authentic heartbeat (after on_authentic): learns the peer's interval and what to echo.
  /// Returns a sample of the round-trip time, if its echo holds one; it is for the RTT estimator.
  std::optional<Duration> on_heartbeat(const wire::Heartbeat& heartbeat, MonoNs now);

  /// A heartbeat to send now: interval, times, echo, and reply_wanted where the peer's own interval
  /// is too long for the silence to be noticed. What was received is for the caller to fill in.
  [[nodiscard]] wire::Heartbeat make(MonoNs now) const;
  /// That heartbeat was sent.
  void on_sent(const wire::Heartbeat& heartbeat, MonoNs now);

  /// When the next heartbeat is due; in the past: at once.
  [[nodiscard]] MonoNs next_due(MonoNs now) const;
  /// The interval in force: quick or idle.
  [[nodiscard]] Duration interval(MonoNs now) const;

  /// The peer asked for an answer: true, at most once in kReplyInterval, if it is to be sent.
  [[nodiscard]] bool take_reply(MonoNs now);

  /// The silence threshold in force.
  [[nodiscard]] Duration threshold() const;
  /// When `poll` will notice silence if nothing comes; kNever once it was noticed.
  [[nodiscard]] MonoNs silence_deadline() const;
  /// The silent edge, once; on_authentic re-arms it.
  SilenceEdge poll(MonoNs now);
  [[nodiscard]] bool silent() const { return silent_; }
  [[nodiscard]] MonoNs last_heard() const { return last_heard_; }

 private:
  LivenessTimers timers_;
  MonoNs last_heard_;
  MonoNs last_sent_;
  MonoNs last_traffic_;
  MonoNs last_reply_{};
  MonoNs probing_since_{kNever};  // first unanswered heartbeat with reply_wanted
  MonoNs echo_received_at_{};
  std::uint32_t peer_interval_ms_{0};
  std::uint32_t announced_ms_{0};
  std::uint32_t echo_time_us_{0};  // 0: nothing to echo
  bool quick_{false};
  bool silent_{false};
  bool sent_any_{false};
};

static_assert(sizeof(Liveness) <= 128, "two cache lines a session");

/// The 32-bit microsecond clock of heartbeats; never 0, which means "none".
[[nodiscard]] std::uint32_t wire_time_us(MonoNs now);

}  // namespace jumpgate::session
