#include "session/path_quality.hpp"

#include <algorithm>
#include <limits>

namespace jumpgate::session {

namespace {

std::uint32_t clamp32(std::uint64_t value) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

void PathQuality::begin_epoch() {
  reported_next_ = 0;
  reported_count_ = 0;
  echoed_us_ = 0;
  heartbeats_out_ = 0;
}

void PathQuality::turn_to(MonoNs now, Duration cell) {
  if (now - cell_began_ >= cell * static_cast<std::int64_t>(kCells)) {
    cells_ = {};
    cell_began_ = now;
    return;
  }
  while (now - cell_began_ >= cell) {
    std::ranges::copy_backward(cells_.begin(), cells_.end() - 1, cells_.end());
    cells_.front() = {};
    cell_began_ = cell_began_ + cell;
  }
}

void PathQuality::on_report(const wire::Heartbeat& report, std::uint64_t sent, Duration window,
                            MonoNs now) {
  const bool none = report.received_highest == wire::kNothingReceived;
  const std::uint64_t next = none ? 0 : report.received_highest + 1;
  if (next > sent || next < reported_next_ || report.received_count < reported_count_ ||
      report.received_count > next)
    return;
  turn_to(now, window / static_cast<std::int64_t>(kCells));
  cells_.front().sent = clamp32(cells_.front().sent + (next - reported_next_));
  cells_.front().received =
      clamp32(cells_.front().received + (report.received_count - reported_count_));
  reported_next_ = next;
  reported_count_ = report.received_count;
  if (report.echo_time_us == echoed_us_) return;
  echoed_us_ = report.echo_time_us;
  heartbeats_out_ = 0;
}

void PathQuality::on_round_trip(Duration rtt) {
  round_trip_us_.at(next_round_trip_) = clamp32(static_cast<std::uint64_t>(rtt.us()));
  next_round_trip_ = static_cast<std::uint8_t>((next_round_trip_ + 1) % kRoundTrips);
  if (round_trips_ < kRoundTrips) ++round_trips_;
}

PathFigures PathQuality::figures(unsigned in_flight) const {
  return {.loss_permille = loss_permille(),
          .consecutive_drops = heartbeats_out_ > in_flight ? heartbeats_out_ - in_flight : 0,
          .latency_p95 = latency_p95()};
}

std::uint16_t PathQuality::loss_permille() const {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  for (const Cell& cell : cells_) {
    sent += cell.sent;
    received += cell.received;
  }
  // Late ones were counted as lost before: they may make up for it, never more.
  if (sent < kMinPackets || received >= sent) return 0;
  return static_cast<std::uint16_t>((sent - received) * 1000 / sent);
}

Duration PathQuality::latency_p95() const {
  if (round_trips_ < kRoundTrips) return {};
  std::array<std::uint32_t, kRoundTrips> sorted = round_trip_us_;
  constexpr std::size_t kRank = kRoundTrips * 95 / 100 - 1;
  std::ranges::nth_element(sorted, sorted.begin() + kRank);
  return microseconds(sorted.at(kRank));
}

}  // namespace jumpgate::session
