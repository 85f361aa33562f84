/// The packets of one lane: plaintext frames for the inner port, or datagrams sealed by their
/// clients for the outer one, of sessions in uniformly random order.
///
/// Owner thread: the lane's. Bound: kChunk packets at a time. The counters of a session rise by one
/// a packet, so that the worker's replay window lives through what it would in traffic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <jumpgate/aead.hpp>

#include "rig.hpp"

namespace jumpgate::bench {

enum class Flow : std::uint8_t { kSeal, kOpen };

/// What one row measures.
struct Recipe {
  Flow flow{Flow::kSeal};
  std::span<const std::uint16_t> sizes;  // of inner packets in bytes, used by turns
  std::uint32_t sessions{1};             // the first so many of the rig's
  unsigned hand_off{0};                  // percent that arrive at a worker that is not their owner
};

class Traffic {
 public:
  Traffic(Rig& rig, unsigned lane);

  /// kChunk new packets; the mbufs are the caller's.
  std::span<rte_mbuf*> make(const Recipe& recipe);
  /// kChunk packets of the sessions `first`, `first` + stride, ...: each once, to warm caches.
  std::span<rte_mbuf*> sweep(const Recipe& recipe, std::uint32_t first);
  /// Whose the packets of the last call are, and their counters.
  [[nodiscard]] std::uint32_t session_of(std::size_t i) const { return sessions_[i]; }
  [[nodiscard]] std::uint64_t counter_of(std::size_t i) const { return counters_[i]; }
  [[nodiscard]] std::size_t length_of(std::size_t i) const { return lengths_[i]; }
  /// How many of them are `worker`'s.
  [[nodiscard]] std::size_t count_for(unsigned worker) const;

 private:
  std::uint32_t below(std::uint32_t bound);
  std::uint32_t pick(const Recipe& recipe, std::size_t i);
  void build(const Recipe& recipe);
  void build_plain(std::size_t i);
  void build_sealed(std::size_t i);
  void finish_sealed(std::size_t first, std::size_t count);

  Rig& rig_;
  unsigned lane_;
  std::uint64_t state_;
  std::unique_ptr<Aead> aead_;
  std::vector<ExpandedKey> expanded_;
  std::vector<AeadOp> ops_;
  std::array<rte_mbuf*, kChunk> packets_{};
  std::array<std::uint32_t, kChunk> sessions_{};
  std::array<std::uint64_t, kChunk> counters_{};
  std::array<std::uint16_t, kChunk> lengths_{};
};

}  // namespace jumpgate::bench
