/// Proof that the measured worker checks what it must: each kind of bad packet goes through it, in
/// the benchmark's own program, and has to come to its own drop reason and nowhere else; so that no
/// figure is one of a worker that skips a check. And a flood of garbage beside good traffic.
///
/// Owner thread: main. Bound: a packet a kind; `chunks` of the flood. Failure: a text that names
/// the kind and what became of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "rig.hpp"

namespace jumpgate::bench {

/// How many kinds were refused, each for its reason. The rig has a worker and a session or more.
std::expected<std::size_t, std::string> prove_checks(Rig& rig);

/// That a rig with features has them: the last of the filter's rules denies, and the rates were asked.
std::expected<void, std::string> prove_features(Rig& rig);

struct Flood {
  std::uint64_t good_sent{0};
  std::uint64_t good_lost{0};
  std::uint64_t garbage{0};
  double ns_per_packet{0};  // of both kinds
};
/// For each good packet one of garbage, by turns a random id and one of a session that is gone.
std::expected<Flood, std::string> flood(Rig& rig, int chunks);

}  // namespace jumpgate::bench
