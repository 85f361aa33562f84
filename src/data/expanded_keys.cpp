#include "data/expanded_keys.hpp"

#include <bit>
#include <utility>

#include "base/invariant.hpp"
#include "base/secret.hpp"

namespace jumpgate::data {

std::expected<ExpandedKeys, std::string> ExpandedKeys::create(unsigned worker,
                                                              std::uint32_t entries, int socket) {
  if (entries < 2 * kWays || !std::has_single_bit(entries))
    return std::unexpected(std::string("expanded keys: a power of two, at least 8"));
  const std::size_t count = entries + limits::kBurst;
  auto zone = bus::Zone::create("jg_keys" + std::to_string(worker), count * sizeof(ExpandedKey),
                                socket, true);
  if (!zone) return std::unexpected(zone.error());
  ExpandedKeys cache;
  cache.zone_ = std::move(*zone);
  cache.keys_ = {static_cast<ExpandedKey*>(cache.zone_.data()), count};
  cache.tags_.resize(entries);
  return cache;
}

void ExpandedKeys::prefetch_key(std::uint64_t id, std::size_t bytes) const {
  const std::size_t first = set_of(id) * kWays;
  for (std::size_t i = first; i < first + kWays; ++i) {
    if (tags_[i].id != id) continue;
    // Used by the burst before: still warm, and asking would only cost.
    if (tags_[i].burst == burst_) return;
    for (std::size_t offset = 0; offset < bytes; offset += RTE_CACHE_LINE_SIZE)
      rte_prefetch0(keys_[i].bytes.data() + offset);
    return;
  }
}

const void* ExpandedKeys::get(std::uint64_t id, Aead& aead, std::span<const std::uint8_t, 32> key,
                              bus::WorkerCounters& counters) {
  const std::size_t first = set_of(id) * kWays;
  std::size_t victim = tags_.size();
  for (std::size_t i = first; i < first + kWays; ++i) {
    if (tags_[i].id == id) {
      tags_[i].burst = burst_;
      counters.add(bus::WorkerCounter::kKeyCacheHits);
      return keys_[i].bytes.data();
    }
    if (tags_[i].burst == burst_) continue;
    if (victim == tags_.size() || tags_[i].burst < tags_[victim].burst) victim = i;
  }
  counters.add(bus::WorkerCounter::kKeyCacheMisses);
  if (victim == tags_.size()) {
    // Every packet of the burst asks at most once.
    JG_INVARIANT(spares_used_ < limits::kBurst);
    victim = tags_.size() + spares_used_++;
  } else {
    tags_[victim] = {id, burst_};
  }
  aead.expand(key, keys_[victim].bytes.data());
  return keys_[victim].bytes.data();
}

void ExpandedKeys::forget(std::uint64_t id) {
  const std::size_t first = set_of(id) * kWays;
  for (std::size_t i = first; i < first + kWays; ++i) {
    if (tags_[i].id != id) continue;
    base::wipe(keys_[i].bytes);
    tags_[i] = {};
  }
  // A spare may hold it too; they are few, and keys seldom end.
  for (auto& spare : keys_.subspan(tags_.size()))
    base::wipe(spare.bytes);
}

bool ExpandedKeys::holds(std::uint64_t id) const {
  const std::size_t first = set_of(id) * kWays;
  for (std::size_t i = first; i < first + kWays; ++i)
    if (tags_[i].id == id) return true;
  return false;
}

}  // namespace jumpgate::data
