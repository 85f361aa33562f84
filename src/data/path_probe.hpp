/// Path MTU probes of a session's binding: when they leave, what their answers change.
///
/// Purpose: session::PathMtu, which decides, tied to the slot's heartbeats, timer and headers
/// (spec/path-mtu.md).
/// Owner thread: the worker. Bound: one probe at a time a session. Failure: without an mbuf a probe
/// counts as sent, and so as lost.
#pragma once

#include <cstdint>

#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "data/shard.hpp"

namespace jumpgate::data {

/// A binding was made: its path is unknown. Where probes are switched off it carries what the port
/// does.
void restart_path_mtu(Shard& shard, std::uint32_t slot);
/// When the next probe, or the judgement of the last, is due.
[[nodiscard]] MonoNs next_path_probe(Shard& shard, std::uint32_t slot);
void run_path_probe(Shard& shard, std::uint32_t slot);
/// An authentic heartbeat of the current epoch came.
void note_path_echo(Shard& shard, std::uint32_t slot, const wire::Heartbeat& heartbeat);

}  // namespace jumpgate::data
