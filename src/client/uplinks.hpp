/// The client's uplinks: which are up, which gateway address each one reaches, how they fared.
///
/// Purpose: PathSet (the choice) with what the choice does not need to know.
/// Owner thread: the client's loop. Bound: limits::kMaxUplinks. Failure: an unknown id is ignored.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "audit/event.hpp"
#include "base/rtt_estimator.hpp"
#include "client/output.hpp"
#include "session/path_set.hpp"

namespace jumpgate::client {

/// What the host says of an uplink: whether it can carry packets now, and to which of the gateway's
/// addresses (the family that this uplink has).
struct UplinkStatus {
  bool up{false};
  Endpoint gateway;
  std::uint64_t addresses{0};  // any number that changes when the uplink's own addresses do
  bool operator==(const UplinkStatus&) const = default;
};

class Uplinks {
 public:
  /// In the order of the configuration; ids are 0, 1, ... False when there are too many.
  [[nodiscard]] bool add(std::string_view name, std::uint8_t preference);
  [[nodiscard]] std::size_t size() const { return size_; }

  void set_status(UplinkId id, const UplinkStatus& status, MonoNs now);
  [[nodiscard]] bool up(UplinkId id) const { return id < size_ && links_.at(id).status.up; }
  [[nodiscard]] const UplinkStatus& status(UplinkId id) const { return links_.at(id).status; }
  [[nodiscard]] const Endpoint& gateway(UplinkId id) const { return links_.at(id).status.gateway; }
  [[nodiscard]] audit::ShortName name(UplinkId id) const {
    return id < size_ ? links_.at(id).name : audit::ShortName{};
  }

  /// The last estimate for a path; the default of RttEstimator when it was never used.
  [[nodiscard]] base::RttEstimator& rtt(UplinkId id) { return links_.at(id).rtt; }

  [[nodiscard]] session::PathSet& paths() { return paths_; }
  [[nodiscard]] const session::PathSet& paths() const { return paths_; }
  /// The uplink for the HELLO after one over `last`: the next one up in the configured order.
  [[nodiscard]] std::optional<UplinkId> after(UplinkId last) const;

 private:
  struct Link {
    audit::ShortName name;
    UplinkStatus status;
    base::RttEstimator rtt;
  };
  std::array<Link, limits::kMaxUplinks> links_;
  std::size_t size_{0};
  session::PathSet paths_;
};

}  // namespace jumpgate::client
