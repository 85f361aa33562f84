/// The path MTU of one binding in one direction, found by Datagram Packetization Layer Path MTU
/// Discovery (RFC 8899).
///
/// Purpose: which probe is due, what its answer or its loss means, what may be sent meanwhile
/// (spec/path-mtu.md). A probe is a padded HEARTBEAT that wants a reply; the answer is a heartbeat
/// that echoes it. Used by the gateway's worker, for each session, and by the client.
/// Owner thread: the one that owns the session's traffic keys. Bound: a fixed object; one probe at a
/// time. Failure: none; every outcome is a value. Sizes are bytes of outer IP packets. Times are
/// passed in and never go backwards.
#pragma once

#include <cstdint>
#include <optional>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>

namespace jumpgate::session {

/// BASE_PLPMTU (RFC 8899 section 5.1.2): what every path is taken to carry.
inline constexpr std::uint16_t kBasePathMtu = limits::kMinPathMtu;
/// MAX_PROBES: so many losses of one size in a row are no accident.
inline constexpr std::uint8_t kMaxPathProbes = 3;
/// PROBE_TIMER of the search: never below a second (RFC 8899 section 5.1.1); four times the round
/// trip where that is longer.
inline constexpr Duration kProbeTimer = seconds(1);
/// While traffic flows the MTU in force is confirmed so often.
inline constexpr Duration kConfirmInterval = seconds(1);
/// PROBE_TIMER of a confirmation: the path's round trip is known by then, and QUIC waits no longer
/// (RFC 9000 section 14.3); so a black hole is found within two seconds, before TCP's
/// retransmissions are far apart.
inline constexpr Duration kConfirmTimer = milliseconds(300);
/// PMTU_RAISE_TIMER: after it a search that has ended begins again.
inline constexpr Duration kRaiseInterval = seconds(600);
/// Between an answer and the next probe: longer than the peer's kReplyInterval, jitter included.
inline constexpr Duration kProbeSpacing = milliseconds(150);
/// The search ends when it is known to so many bytes.
inline constexpr std::uint16_t kSearchStep = 8;

class PathMtu {
 public:
  /// A new binding: BASE, and the search for more begins. `largest`: what the local link takes.
  void restart(std::uint16_t largest, MonoNs now);

  /// What probes have shown: nothing larger is sent but probes.
  [[nodiscard]] std::uint16_t confirmed() const { return mtu_; }
  /// What hosts are told: that; and as long as the binding's first probe is on its way, as much as that
  /// one tries (spec/path-mtu.md "The first probe").
  [[nodiscard]] std::uint16_t told() const { return first_ ? largest_ : mtu_; }

  /// When poll() has something to do; kNever while it has not. What is worth a probe only while
  /// traffic flows counts when it falls due before `busy_until`.
  [[nodiscard]] MonoNs next_due(MonoNs busy_until) const;
  /// The size of the probe that is to be sent now, if one is; sent() follows. told() may fall.
  std::optional<std::uint16_t> poll(MonoNs now, MonoNs busy_until);
  /// A probe of poll()'s size left, under this send_time_us.
  void sent(std::uint16_t size, std::uint32_t time_us, Duration round_trip, MonoNs now);
  /// An authentic heartbeat echoes this. True when it answered a probe; told() may have risen.
  bool on_echo(std::uint32_t time_us, MonoNs now);
  /// Somebody, whom nobody vouches for, says that the path takes no more than `size`: a reason to
  /// probe, and nothing else (RFC 8899 section 4.6.1).
  void hint(std::uint16_t size, MonoNs now);

 private:
  void on_lost(MonoNs now);
  [[nodiscard]] bool searching() const;
  [[nodiscard]] std::uint16_t candidate() const;
  [[nodiscard]] MonoNs confirm_at(MonoNs busy_until) const;

  MonoNs ready_at_{kNever};  // for the next probe; while one is out, when it counts as lost
  MonoNs confirmed_at_{};    // the MTU in force was last answered
  MonoNs search_from_{kNever};
  std::uint32_t probe_time_us_{0};
  std::uint16_t mtu_{kBasePathMtu};
  std::uint16_t largest_{kBasePathMtu};
  std::uint16_t too_big_{kBasePathMtu + 1};  // the smallest size known not to pass
  std::uint16_t hint_{0};
  std::uint16_t probe_{0};  // the size on its way; 0: none
  std::uint8_t search_losses_{0};
  std::uint8_t confirm_losses_{0};
  bool first_{false};
  bool doubted_{false};  // a hint asks for a confirmation at once
};

static_assert(sizeof(PathMtu) <= 48, "one of each session");

/// `send_time_us` of heartbeats: odd in a probe, even in all others, so that an echo names one of
/// them; never 0. The microsecond clock of 32 bits.
[[nodiscard]] std::uint32_t probe_time_us(MonoNs now);

}  // namespace jumpgate::session
