/// Everything one worker works on: its part of the sessions, its pools and its ends of the
/// channels.
///
/// Purpose: the stages are free functions over a Shard and a batch; the loop is in worker.hpp.
/// Owner thread: that worker alone, except what the channels and SharedState say.
/// Bound: WorkerLimits; taken at construction, nothing grows afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <jumpgate/aead.hpp>
#include <jumpgate/ports.hpp>
#include <jumpgate/time.hpp>

#include "base/random.hpp"
#include "base/timer_wheel.hpp"
#include "bus/command_channel.hpp"
#include "bus/frame_channel.hpp"
#include "bus/report_channel.hpp"
#include "bus/session_counters.hpp"
#include "bus/shared_state.hpp"
#include "bus/worker_counters.hpp"
#include "data/admission.hpp"
#include "data/aead_burst.hpp"
#include "data/batch.hpp"
#include "data/expanded_keys.hpp"
#include "data/handoff.hpp"
#include "data/held_packets.hpp"
#include "data/meter_table.hpp"
#include "data/packets.hpp"
#include "data/port_tx.hpp"
#include "data/reassembly.hpp"
#include "data/session_table.hpp"
#include "data/source_memo.hpp"
#include "data/tracer.hpp"
#include "data/waiting_parts.hpp"
#include "data/window_pool.hpp"
#include "data/worker_limits.hpp"

struct rte_mempool;

namespace jumpgate::data {

/// What src/app gives to a worker; all of it outlives the worker.
struct WorkerSetup {
  std::uint8_t worker{0};
  std::vector<WorkerPort> ports;  // each with a queue of this worker's number
  bus::SharedState& shared;
  bus::CommandChannel& commands;
  bus::ReportChannel& reports;
  bus::FrameChannel& frames;
  bus::SessionCounterTable& session_counters;
  bus::WorkerCounters& counters;
  HandOffMesh* mesh{nullptr};    // nullptr: a single worker
  rte_mempool* pool{nullptr};    // of the packets that the worker makes itself: heartbeats, CLOSE
  std::unique_ptr<Aead> aes;     // AES-256-GCM
  std::unique_ptr<Aead> chacha;  // ChaCha20-Poly1305
  base::RandomSource& random;    // at construction only
  WorkerLimits limits;
  bus::TraceChannel* trace{nullptr};  // nullptr: nobody looks into sessions
};

struct Shard {
  Shard(WorkerSetup setup, SessionTable session_table, WindowPool window_pool,
        ExpandedKeys expanded_keys, MeterTable meter_table,
        std::unique_ptr<Reassembly> outer_reassembly, MonoNs start)
      : worker(setup.worker),
        ports(std::move(setup.ports)),
        shared(setup.shared),
        commands(setup.commands),
        reports(setup.reports),
        frames(setup.frames),
        session_counters(setup.session_counters),
        counters(setup.counters),
        mesh(setup.mesh),
        pool(setup.pool),
        aes(std::move(setup.aes)),
        chacha(std::move(setup.chacha)),
        sessions(std::move(session_table)),
        windows(std::move(window_pool)),
        keys(std::move(expanded_keys)),
        meters(std::move(meter_table)),
        reassembly(std::move(outer_reassembly)),
        aead_burst(keys, *aes, *chacha, counters),
        held(setup.limits.held_packets),
        admission(setup.limits, setup.random, start),
        timers(setup.limits.slots, start),
        tracer(setup.trace),
        drops(counters, tracer),
        tx(ports, setup.worker, counters, drops, tracer),
        now(start) {}
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  ~Shard() = default;

  std::uint8_t worker;
  std::vector<WorkerPort> ports;
  bus::SharedState& shared;
  bus::CommandChannel& commands;
  bus::ReportChannel& reports;
  bus::FrameChannel& frames;
  bus::SessionCounterTable& session_counters;
  bus::WorkerCounters& counters;
  HandOffMesh* mesh;
  rte_mempool* pool;
  std::unique_ptr<Aead> aes;
  std::unique_ptr<Aead> chacha;

  SessionTable sessions;
  WindowPool windows;
  ExpandedKeys keys;
  MeterTable meters;
  std::unique_ptr<Reassembly> reassembly;  // nullptr: outer fragments are dropped
  AeadBurst aead_burst;
  HeldPackets held;
  WaitingParts parts;
  Admission admission;
  SourceMemo sources;
  base::TimerWheel timers;  // one a slot: heartbeat, silence, drain, owed reports
  std::uint64_t next_key_id{1};

  Tracer tracer;
  Drops drops;
  PortTx tx;
  Batch<Outgoing> own;  // the worker's own messages, sealed at the end of the round

  MonoNs now;                                // of this round
  const net::RouteImage* routes{nullptr};    // valid for this round
  const net::FilterImage* filters{nullptr};  // likewise; nullptr: no peer has one
  const net::RateImage* rates{nullptr};      // likewise

  [[nodiscard]] bus::SessionRef ref(std::uint32_t slot) {
    return {.worker = worker, .slot = slot, .life = sessions.ids(slot).life};
  }
};

}  // namespace jumpgate::data
