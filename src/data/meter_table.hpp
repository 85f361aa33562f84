/// The buckets of one worker: of each slot, and of each set's total.
///
/// Owner thread: the worker. Bound: `slots` entries and net::kMaxRateSets totals, taken once. What they
/// hold is data/meters.hpp's.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include <rte_meter.h>

#include <jumpgate/time.hpp>

#include "bus/zone.hpp"
#include "net/rate_set.hpp"

namespace jumpgate::data {

/// One way of one session: the line that a packet of it touches.
struct alignas(64) WayMeters {
  rte_meter_srtcm bytes{};
  rte_meter_srtcm packets{};
  MonoNs filled{};  // the round whose tokens are in
  // The session has carried so much when its quota is to be looked at; out of reach: not at all.
  std::uint64_t look_at{UINT64_MAX};
};
static_assert(sizeof(WayMeters) == 64);

class MeterTable {
 public:
  static std::size_t footprint(std::size_t slots) { return bus::zone_bytes<Ways>(slots); }
  static std::expected<MeterTable, std::string> create(unsigned worker, std::uint32_t slots,
                                                       int socket) {
    auto zone =
        bus::Zone::create("jg_meters_" + std::to_string(worker), footprint(slots), socket, false);
    if (!zone) return std::unexpected(zone.error());
    MeterTable table;
    table.zone_ = std::move(*zone);
    table.slots_ = table.zone_.objects<Ways>(slots);
    return table;
  }

  WayMeters& of(std::uint32_t slot, net::Way way) {
    return slots_[slot][static_cast<std::size_t>(way)];
  }
  WayMeters& total(std::uint16_t set, net::Way way) {
    return totals_[set][static_cast<std::size_t>(way)];
  }

  /// Of the image of rates that the totals go by.
  std::uint32_t totals_by{0};

 private:
  using Ways = std::array<WayMeters, net::kWays>;
  bus::Zone zone_;
  std::span<Ways> slots_;
  std::array<Ways, net::kMaxRateSets> totals_{};
};

}  // namespace jumpgate::data
