/// A bounded cache of expanded AEAD keys; sessions hold raw ones.
///
/// Purpose: an expanded AES-256-GCM key is about a kilobyte; a miss expands it again (some 125 ns).
/// Sets of four; the victim is the one used longest ago, but none that the burst under way uses:
/// then a spare of that burst serves, so that get() can not fail.
/// Owner thread: the worker. Bound: `entries` keys and one burst of spares, in locked memory, wiped
/// when the key ends and at the end of the cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include <rte_common.h>
#include <rte_prefetch.h>

#include <jumpgate/aead.hpp>
#include <jumpgate/limits.hpp>

#include "bus/worker_counters.hpp"
#include "bus/zone.hpp"

namespace jumpgate::data {

class ExpandedKeys {
 public:
  static std::size_t footprint(std::size_t entries) {
    return (entries + limits::kBurst) * sizeof(ExpandedKey) + entries * sizeof(Tag);
  }
  /// `entries`: a power of two, at least 8.
  static std::expected<ExpandedKeys, std::string> create(unsigned worker, std::uint32_t entries,
                                                         int socket);

  /// Pointers of the burst before are no longer in use.
  void begin_burst() {
    ++burst_;
    spares_used_ = 0;
  }
  /// The expanded form of `key`, valid until begin_burst(). `id` names it for ever and is not zero.
  const void* get(std::uint64_t id, Aead& aead, std::span<const std::uint8_t, 32> key,
                  bus::WorkerCounters& counters);
  /// Brings the tags of the set that `id` belongs to; a stage later prefetch_key() brings the key.
  void prefetch_set(std::uint64_t id) const { rte_prefetch0(&tags_[set_of(id) * kWays]); }
  void prefetch_key(std::uint64_t id, std::size_t bytes) const;
  /// Wipes what is kept of it.
  void forget(std::uint64_t id);
  [[nodiscard]] bool holds(std::uint64_t id) const;

 private:
  static constexpr std::size_t kWays = 4;
  struct Tag {
    std::uint64_t id{0};
    std::uint64_t burst{0};  // that used it last
  };

  [[nodiscard]] std::size_t set_of(std::uint64_t id) const {
    // Fibonacci hashing: ids are consecutive numbers.
    const std::uint64_t mixed = id * 0x9e37'79b9'7f4a'7c15U;
    return static_cast<std::size_t>(mixed >> 32) & (tags_.size() / kWays - 1);
  }

  bus::Zone zone_;
  std::span<ExpandedKey> keys_;  // entries, then the spares
  std::vector<Tag> tags_;
  std::uint64_t burst_{1};
  std::size_t spares_used_{0};
};

}  // namespace jumpgate::data
