/// Heartbeats and silence of one session (spec/heartbeat.md).
///
/// Purpose: when the next heartbeat is due, what it says, since when the path is silent. It decides
/// nothing about the session: it answers the session's questions.
/// Owner thread: the client's loop. Bound: a few words. Failure: none.
#pragma once

#include <cstdint>

#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "client/epoch.hpp"
#include "session/liveness.hpp"
#include "session/policy.hpp"

namespace jumpgate::client {

/// Traffic within this time makes the heartbeats quick.
inline constexpr Duration kQuickAfterData = seconds(3);
/// Answers to reply_wanted are at least so far apart.
inline constexpr Duration kReplySpacing = milliseconds(100);
/// Zero bytes behind each of the client's heartbeats, so that a single one from a new address pays
/// for the challenge it needs (spec/heartbeat.md "Padding").
inline constexpr std::size_t kHeartbeatPadding = 32;
/// Probes that ICMP errors cause are at least so far apart.
inline constexpr Duration kProbeSpacing = seconds(1);

class Heartbeats {
 public:
  Heartbeats(const session::Policy& policy, MonoNs now);

  /// DATA was sent or received. True: the session goes from idle to quick, a heartbeat is due now.
  void on_data(MonoNs now);
  /// Anything authentic and fresh on the current binding.
  void on_heard(MonoNs now);
  /// A heartbeat was heard; returns whether it is to be answered now.
  [[nodiscard]] bool on_heartbeat(const wire::Heartbeat& heartbeat, Epoch& epoch, MonoNs now);
  /// The binding is another one: silence counts from now, and a heartbeat is due.
  void on_new_binding(MonoNs now);
  void set_attached(bool attached, MonoNs now);
  /// An unauthentic hint of trouble; true when it may cause a probe now.
  [[nodiscard]] bool may_probe(MonoNs now);

  [[nodiscard]] bool due(MonoNs now) const { return now >= next_send_; }
  [[nodiscard]] MonoNs next_send() const { return next_send_; }
  /// The next scheduled heartbeat; moves the schedule.
  [[nodiscard]] wire::Heartbeat make_scheduled(Epoch& epoch, MonoNs now);
  /// One out of turn: an answer (reply_wanted false) or a probe.
  [[nodiscard]] wire::Heartbeat make(Epoch& epoch, bool reply_wanted, MonoNs now);

  [[nodiscard]] MonoNs silent_from() const;
  [[nodiscard]] MonoNs last_heard() const { return last_heard_; }

  /// The round trip a heartbeat's echo shows, or nothing usable (negative).
  [[nodiscard]] static Duration rtt_sample(const wire::Heartbeat& heartbeat,
                                           const Epoch::Echo& echo, MonoNs now);

 private:
  [[nodiscard]] bool quick(MonoNs now) const;
  [[nodiscard]] Duration interval(MonoNs now) const;

  Duration quick_interval_;
  Duration idle_interval_;
  Duration silence_floor_;
  bool attached_{false};
  bool was_quick_{true};
  std::uint8_t idle_announcements_{0};  // sent since the change from quick to idle
  bool asking_{false};                  // quick again, and nothing heard since
  MonoNs last_data_;
  MonoNs next_send_;
  MonoNs last_heard_;
  MonoNs interval_start_;  // of the peer's interval in force
  Duration peer_interval_;
  MonoNs last_reply_{};
  MonoNs last_probe_{};
};

}  // namespace jumpgate::client
