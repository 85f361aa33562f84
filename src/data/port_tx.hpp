/// What is to leave, batched for each port.
///
/// Owner thread: the worker, on its own queue of each port. Bound: one batch a port; a full one is
/// flushed. Failure: what a port does not take is dropped and counted (`tx_queue_full`,
/// `link_down`).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <rte_mbuf.h>

#include <jumpgate/limits.hpp>
#include <jumpgate/ports.hpp>

#include "bus/worker_counters.hpp"
#include "data/batch.hpp"
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
         Drops& drops)
      : ports_(ports), queue_(queue), counters_(counters), drops_(drops) {}

  void send(std::uint8_t port, rte_mbuf* frame) {
    Batch<rte_mbuf*>& batch = batches_[port];
    if (batch.full()) flush(port);
    if (ports_[port].vlan != 0 && !insert_vlan(frame, ports_[port].vlan)) {
      drops_.drop(frame, DropReason::kNoHeadroom);
      return;
    }
    batch.push(frame);
  }
  void flush_all() {
    for (std::size_t i = 0; i < ports_.size(); ++i)
      flush(i);
  }

 private:
  static bool insert_vlan(rte_mbuf* frame, std::uint16_t vlan);
  void flush(std::size_t index) {
    Batch<rte_mbuf*>& batch = batches_[index];
    if (batch.empty()) return;
    PacketPort& port = *ports_[index].port;
    const bool up = port.link_up();
    std::uint64_t bytes = 0;
    for (const rte_mbuf* frame : batch)
      bytes += frame->pkt_len;
    const std::size_t sent = up ? port.tx_burst(queue_, batch.items()) : 0;
    for (rte_mbuf* frame : batch.items().subspan(sent)) {
      bytes -= frame->pkt_len;
      drops_.drop(frame, up ? DropReason::kTxQueueFull : DropReason::kLinkDown);
    }
    counters_.add(bus::WorkerCounter::kTxPackets, sent);
    counters_.add(bus::WorkerCounter::kTxBytes, bytes);
    batch.clear();
  }

  std::span<const WorkerPort> ports_;
  std::uint16_t queue_;
  bus::WorkerCounters& counters_;
  Drops& drops_;
  std::array<Batch<rte_mbuf*>, limits::kMaxPorts> batches_;
};

}  // namespace jumpgate::data
