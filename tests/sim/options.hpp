/// What a run of the simulation is asked for, and what it reports.
///
/// Owner thread: the simulation's. Bound: a few numbers.
#pragma once

#include <cstdint>
#include <string>

namespace jumpgate::sim {

class World;

/// --seed, --jumps, --hostile, --report, --details, --case of the command line. The defaults are those of the test suite.
struct Options {
  std::uint64_t seed{1};
  std::uint64_t jumps{100'000};
  std::uint64_t hostile{10'000};
  std::string report;  // JSON files; none when empty
  std::string details;
  std::string replay;  // a file with one case, to be played instead of new ones; none when empty
};
Options& options();

/// Sums over all worlds of a run.
struct Tally {
  std::uint64_t worlds{0};
  std::uint64_t jumps{0};
  std::uint64_t delivered{0};
  std::uint64_t nonce_pairs{0};
  std::uint64_t resets{0};
  std::uint64_t dual_bindings{0};
  std::uint64_t invalid_transitions_applied{0};
  std::uint64_t events_lost{0};
  std::uint64_t nonce_repeats{0};
  std::uint64_t not_delivered{0};
  std::uint64_t not_converged{0};
  std::uint64_t hostile_messages{0};
  std::uint64_t hostile_in_scripts{0};
  std::uint64_t hostile_at_aead{0};
  std::uint64_t hostile_at_freshness{0};

  void add(World& world);
};
Tally& tally();

/// build/soak/report.json: all but the first and the last are 0 in a good run. False when the file can not be written.
bool write_report(const std::string& path);
/// build/soak/details.json: how much was done.
bool write_details(const std::string& path);

}  // namespace jumpgate::sim
