/// How good a path is, from the heartbeats on it: loss of what we send over a sliding window, our
/// heartbeats that went missing in a row, and the 95th percentile of the round trip
/// (spec/heartbeat.md "Signals").
///
/// Purpose: measure; whether a figure is too bad is policy's to say (judge_path).
/// Owner thread: the one that owns the session's traffic keys. Bound: four cells of the window, the
/// last twenty round trips, whatever the traffic. Failure: a report that can not be (it falls back,
/// or claims more than was sent) changes nothing. Times are passed in and never go backwards.
#pragma once

#include <array>
#include <cstdint>

#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "session/signals.hpp"

namespace jumpgate::session {

class PathQuality {
 public:
  /// Fewer packets in the window are no ground for a loss in percent: one of them would weigh more
  /// than five.
  static constexpr std::uint32_t kMinPackets = 20;
  /// With twenty round trips the 95th percentile is the second largest: a single late one is
  /// nothing.
  static constexpr std::size_t kRoundTrips = 20;

  /// A new binding: nothing is known of its path.
  void restart() { *this = PathQuality(); }
  /// A new epoch on the same binding (rekey): reports count from its first packet.
  void begin_epoch();

  /// A scheduled heartbeat of ours left.
  void on_sent() {
    if (heartbeats_out_ < UINT8_MAX) ++heartbeats_out_;
  }
  /// What an authentic heartbeat of the current epoch reports; `sent` counts the messages that left
  /// in it.
  void on_report(const wire::Heartbeat& report, std::uint64_t sent, Duration window, MonoNs now);
  /// A sample of the round trip.
  void on_round_trip(Duration rtt);

  /// `in_flight`: heartbeats of ours that may still be on their way, or their echo.
  [[nodiscard]] PathFigures figures(unsigned in_flight) const;

 private:
  static constexpr std::size_t kCells = 4;
  struct Cell {
    std::uint32_t sent{0};
    std::uint32_t received{0};
  };

  void turn_to(MonoNs now, Duration cell);
  [[nodiscard]] std::uint16_t loss_permille() const;
  [[nodiscard]] Duration latency_p95() const;

  std::array<Cell, kCells> cells_{};  // the newest first
  MonoNs cell_began_{};
  std::uint64_t reported_next_{0};   // highest counter reported, and one
  std::uint64_t reported_count_{0};  // messages reported
  std::uint32_t echoed_us_{0};       // the last of our heartbeats that came back
  std::uint8_t heartbeats_out_{0};   // sent since then
  std::uint8_t round_trips_{0};      // in the ring, at most all
  std::uint8_t next_round_trip_{0};
  std::array<std::uint32_t, kRoundTrips> round_trip_us_{};
};

}  // namespace jumpgate::session
