/// Both directions of the worker, stage by stage over a burst.
///
///   port ──> outer_input ─┬─> classify ─> find_owner ─> find_session ─┬─> control_input ─>
///   controller
///                         │                   └─> another worker      │
///                         │                                           └─> check_replay ─> open ─>
///                         │        commit_replay ─> note_edges ─> traffic_input ─┐ (or held)
///                         └──────────────────── plain packets ───────────────────┴─> forward
///
///   forward: inner_input ─┬─> port
///                         └─> find_sender ─> take_counters ─> seal ─> send_outer ─> port
///                                  └─> another worker
///
/// A stage keeps the survivors in its batch, in order; what it rejects is a counted drop, what it
/// gives away (controller, other worker, held) has left. No state of a session changes before
/// commit_replay.
/// Owner thread: the worker. Bound: one batch.
#pragma once

#include "data/batch.hpp"
#include "data/classify.hpp"
#include "data/control_input.hpp"
#include "data/edges.hpp"
#include "data/inner_input.hpp"
#include "data/open.hpp"
#include "data/outer_input.hpp"
#include "data/packets.hpp"
#include "data/seal.hpp"
#include "data/shard.hpp"
#include "data/traffic_input.hpp"

namespace jumpgate::data {

/// Inner packets, from a tunnel or a port, to where they go. `inner` is empty afterwards.
inline void forward(Shard& shard, Batch<InnerPacket>& inner) {
  Batch<Routed> routed;
  Batch<Outgoing> outgoing;
  inner_input(shard, inner, routed);
  if (routed.empty()) return;
  find_sender(shard, routed, outgoing);
  take_counters(shard, outgoing);
  seal(shard, outgoing);
  send_outer(shard, outgoing);
}

/// Frames of one port, or handed over by another worker. `frames` is empty afterwards.
inline void run_frames(Shard& shard, Batch<rte_mbuf*>& frames) {
  Batch<Datagram> datagrams;
  Batch<Datagram> control;
  Batch<InnerPacket> inner;
  outer_input(shard, frames, datagrams, inner);
  if (!datagrams.empty()) {
    classify(shard, datagrams);
    find_owner(shard, datagrams);
    find_session(shard, datagrams, control);
    control_input(shard, control);
    check_replay(shard, datagrams);
    open(shard, datagrams);
    commit_replay(shard, datagrams);
    note_edges(shard, datagrams);
    traffic_input(shard, datagrams, inner);
  }
  if (!inner.empty()) forward(shard, inner);
}

}  // namespace jumpgate::data
