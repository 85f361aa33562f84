/// What was measured, as JSON for programs and as text for people.
///
/// Owner thread: main. Bound: one object a trial. Failure: none; writing is the caller's. Rates are
/// of inner packets: bytes of the IP packet inside the tunnel, without any outer header.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "client/tunnel.hpp"
#include "tools/jumpgen/player.hpp"

namespace jumpgate::jumpgen {

struct Report {
  std::string size;  // as it was given
  std::string suite;
  Opening opening;
  Histogram attach_time;
  std::vector<TrialResult> trials;
  std::optional<std::uint64_t> no_drop_rate;  // of a search: packets a second in each direction
  std::optional<std::size_t> best_trial;      // the one that showed it
  client::DropCounters drops;                 // of the clients' engines
  std::uint64_t misdirected{0};
  std::uint64_t refused{0};  // frames for which the generator itself had no room
};

[[nodiscard]] nlohmann::json to_json(const Report& report);
[[nodiscard]] std::string to_text(const Report& report);

}  // namespace jumpgate::jumpgen
