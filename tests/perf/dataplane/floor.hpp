/// The floor under the figures: the AEAD alone and the port alone, over the same packets, the same
/// number of keys and the same cache of expanded keys as the worker's.
///
/// Owner thread: the lane's. Bound: kChunk packets at a time. Results are TSC cycles of the whole
/// chunk; an AEAD that does not verify ends the program, since its time would mean nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <jumpgate/aead.hpp>

#include "data/expanded_keys.hpp"
#include "rig.hpp"
#include "traffic.hpp"

namespace jumpgate::bench {

class Floor {
 public:
  static std::expected<std::unique_ptr<Floor>, std::string> create(Rig& rig, unsigned lane);

  /// Seals or opens each packet in bursts, nothing else.
  std::uint64_t aead(const Recipe& recipe, const Traffic& traffic, std::span<rte_mbuf*> packets);
  /// Receives each packet from one port in bursts, and sends it by the other.
  std::uint64_t port(const Recipe& recipe, std::span<rte_mbuf*> packets);

 private:
  Floor(Rig& rig, unsigned lane, data::ExpandedKeys cache);

  Rig& rig_;
  std::uint16_t lane_;
  std::unique_ptr<Aead> aead_;
  bus::WorkerCounters counters_;
  data::ExpandedKeys cache_;
  std::vector<TrafficKey> client_keys_;
  std::vector<TrafficKey> gateway_keys_;
};

struct ReplayCost {
  double in_order_ns{0};   // check, and commit
  double reordered_ns{0};  // the same, within half a window
  double replays_ns{0};    // check alone: each is refused
};
ReplayCost measure_replay(std::size_t window_packets);

/// The driver alone over one warm key and one warm buffer: what a data sheet would say.
double warm_aead_ns(Suite suite, Flow flow, std::size_t length);

}  // namespace jumpgate::bench
