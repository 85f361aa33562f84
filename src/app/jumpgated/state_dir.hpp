/// What the gateway keeps on disk over restarts: the secret behind its reset tokens, and the number of its starts.
///
/// Owner thread: main, at start. Bound: two small files. Failure: a text that names the file and what to do.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "base/random.hpp"
#include "crypto/key_schedule.hpp"

namespace jumpgate::app {

struct NodeState {
  crypto::ResetKey reset_key;
  std::uint64_t boot{
      0};  // 1 at the first start; its low bit is the id-key phase (spec/wire.md "Connection ids")
};

/// Makes the folder when there is none, and counts this start.
std::expected<NodeState, std::string> open_state_dir(const std::string& folder,
                                                     base::RandomSource& random);

}  // namespace jumpgate::app
