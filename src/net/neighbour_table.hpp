/// Neighbours' MAC addresses as the workers read them: an array with one atomic word an entry, and
/// a lock-free index from (port, address) to the entry (rte_hash, one writer, lock-free readers).
///
/// Owner: the controller writes (through net::Neighbours); any worker reads. Bound:
/// limits::kMaxNeighbours entries, all memory taken at construction. An index that a worker found
/// stays the same neighbour's until that worker's next quiescent state; one that the controller
/// pinned (Neighbours::acquire) until it is released.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include <jumpgate/limits.hpp>
#include <jumpgate/types.hpp>

#include "base/bytes.hpp"

struct rte_hash;

namespace jumpgate::net {

class NeighbourTable {
 public:
  /// Needs EAL. Fails, with the reason, when memory does not suffice.
  static std::expected<std::unique_ptr<NeighbourTable>, std::string> create();
  ~NeighbourTable();
  NeighbourTable(const NeighbourTable&) = delete;
  NeighbourTable& operator=(const NeighbourTable&) = delete;

  // ---- Workers ----
  /// The MAC of an entry as a word: its six bytes, first one lowest; nullopt while unresolved.
  /// Notes that the entry is in use, which is what starts the reachability probe of a stale one
  /// (RFC 4861 section 7.3.3).
  [[nodiscard]] std::optional<std::uint64_t> mac_word(std::uint32_t index) const noexcept {
    if (index >= words_.size()) return std::nullopt;
    if (used_[index].load(std::memory_order_relaxed) == 0)
      used_[index].store(1, std::memory_order_relaxed);
    const std::uint64_t word = words_[index].load(std::memory_order_acquire);
    if ((word & kResolvedBit) == 0) return std::nullopt;
    return word & kMacMask;
  }
  /// Index of a known neighbour, resolved or not.
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint8_t port,
                                                  const IpAddress& address) const noexcept;

  // ---- Controller (net::Neighbours) ----
  /// Makes (port, address) findable at `index`. False when the index refuses it (full).
  [[nodiscard]] bool insert(std::uint32_t index, std::uint8_t port, const IpAddress& address);
  /// Hides the key; returns what release_key() needs after every worker has been quiescent.
  [[nodiscard]] std::int32_t remove(std::uint8_t port, const IpAddress& address);
  void release_key(std::int32_t position);
  void set_mac(std::uint32_t index, const MacAddress& mac) noexcept;
  void clear_mac(std::uint32_t index) noexcept;
  /// Whether a worker has used the entry since the last call.
  [[nodiscard]] bool take_used(std::uint32_t index) noexcept;

 private:
  explicit NeighbourTable(rte_hash* hash) : hash_{hash} {}
  // MAC in bits 0-47, bit 56: resolved.
  static constexpr std::uint64_t kMacMask = (std::uint64_t{1} << 48) - 1;
  static constexpr std::uint64_t kResolvedBit = std::uint64_t{1} << 56;

  rte_hash* hash_;
  std::array<std::atomic<std::uint64_t>, limits::kMaxNeighbours> words_{};
  mutable std::array<std::atomic<std::uint8_t>, limits::kMaxNeighbours> used_{};
};

}  // namespace jumpgate::net
