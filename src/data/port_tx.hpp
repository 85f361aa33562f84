/// What is to leave, batched for each port.
///
/// Purpose: as long as a port takes what it is given, frames leave in the order they came. What it does
/// not take waits, and from then on until nothing waits any more everything goes through its backlog,
/// which is fair (data/tx_backlog.hpp, spec/rates.md "A port that is short").
/// Owner thread: the worker, on its own queue of each port. Bound: one batch and one backlog a port.
/// Failure: what finds the backlog full is dropped and counted (`tx_queue_full`), and all of it where
/// the link is down (`link_down`).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include <rte_mbuf.h>

#include <jumpgate/limits.hpp>
#include <jumpgate/ports.hpp>

#include "bus/worker_counters.hpp"
#include "data/batch.hpp"
#include "data/tx_backlog.hpp"
#include "net/topology.hpp"

namespace jumpgate::data {

/// One port as the worker sees it; its place in the list is the port's index everywhere.
struct WorkerPort {
  PacketPort* port{nullptr};
  net::PortRole role{net::PortRole::kOuter};
  PortOffloads offloads;
  MacAddress mac;
  std::uint16_t mtu{1500};
  std::uint16_t vlan{0};  // of all its frames (IEEE 802.1Q); 0: untagged
};

class PortTx {
 public:
  PortTx(std::span<const WorkerPort> ports, std::uint16_t queue, bus::WorkerCounters& counters,
         Drops& drops, Tracer& tracer)
      : ports_(ports), queue_(queue), counters_(counters), drops_(drops), tracer_(tracer) {}

  /// Data of the session in `slot`.
  void send(std::uint8_t port, rte_mbuf* frame, std::uint32_t slot) {
    send_in(TxBacklog::lane_of(slot), port, frame);
  }
  /// Heartbeats, CLOSE, and the controller's frames.
  void send_control(std::uint8_t port, rte_mbuf* frame) {
    send_in(TxBacklog::kControlLane, port, frame);
  }
  /// Frames wait that their ports did not take.
  [[nodiscard]] bool backlogged() const {
    return std::ranges::any_of(backlogs_, [](const TxBacklog& each) { return !each.empty(); });
  }
  void flush_all() {
    for (std::size_t i = 0; i < ports_.size(); ++i)
      flush(i);
  }

 private:
  void send_in(std::uint8_t lane, std::uint8_t port, rte_mbuf* frame) {
    Batch<rte_mbuf*>& batch = batches_[port];
    if (batch.full()) flush(port);
    if (ports_[port].vlan != 0 && !insert_vlan(frame, ports_[port].vlan)) {
      drops_.drop(frame, DropReason::kNoHeadroom);
      return;
    }
    if (tracer_.on()) tracer_.end(frame, bus::TraceEnd::kSent, {}, port);
    // Nobody else has a use for the field of a frame that leaves.
    frame->hash.usr = lane;
    batch.push(frame);
  }
  void flush(std::size_t index) {
    Batch<rte_mbuf*>& batch = batches_[index];
    TxBacklog& backlog = backlogs_[index];
    if (batch.empty() && backlog.empty()) return;
    if (!ports_[index].port->link_up()) {
      drop_all(batch, backlog);
    } else if (backlog.empty()) {
      const std::size_t sent = transmit(index, batch.items());
      if (sent < batch.size()) queue(batch.items().subspan(sent), backlog);
    } else {
      queue(batch.items(), backlog);
      drain(index, backlog);
    }
    batch.clear();
  }
  /// How many of them the port took.
  std::size_t transmit(std::size_t index, std::span<rte_mbuf*> frames) {
    std::uint64_t bytes = 0;
    for (const rte_mbuf* frame : frames)
      bytes += frame->pkt_len;
    const std::size_t sent = ports_[index].port->tx_burst(queue_, frames);
    for (const rte_mbuf* frame : frames.subspan(sent))
      bytes -= frame->pkt_len;
    counters_.add(bus::WorkerCounter::kTxPackets, sent);
    counters_.add(bus::WorkerCounter::kTxBytes, bytes);
    return sent;
  }

  static bool insert_vlan(rte_mbuf* frame, std::uint16_t vlan);
  void queue(std::span<rte_mbuf*> frames, TxBacklog& backlog);
  void drain(std::size_t index, TxBacklog& backlog);
  void drop_all(Batch<rte_mbuf*>& batch, TxBacklog& backlog);

  std::span<const WorkerPort> ports_;
  std::uint16_t queue_;
  bus::WorkerCounters& counters_;
  Drops& drops_;
  Tracer& tracer_;
  std::array<Batch<rte_mbuf*>, limits::kMaxPorts> batches_;
  std::array<TxBacklog, limits::kMaxPorts> backlogs_;
};

}  // namespace jumpgate::data
