/// The controller's commands, applied to one slot each.
///
/// Purpose: binding and keys change together, between two bursts; everything a command needs is
/// checked before anything is changed, so a command is applied whole or not at all.
/// Owner thread: the worker. Bound: limits::kCommandsPerRound a round. Failure: `applied` is false
/// when the slot lives another life, the state does not fit, or no window is left.
#pragma once

#include "data/shard.hpp"

namespace jumpgate::data {

/// Applies what waits and acknowledges each; returns how many.
std::size_t run_commands(Shard& shard);

}  // namespace jumpgate::data
