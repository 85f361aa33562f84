/// A bounded batch, and the mbufs that a batch loses on its way.
///
/// Purpose: each stage takes a batch and compacts the survivors; what it rejects is tagged with a
/// drop reason: counted at once, freed in bulk.
/// Owner thread: the worker. Bound: limits::kBurst items. Failure: none; push() beyond the bound is
/// a fault of our own.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>

#include <rte_mbuf.h>

#include <jumpgate/drops.hpp>
#include <jumpgate/limits.hpp>

#include "base/invariant.hpp"
#include "bus/worker_counters.hpp"
#include "data/tracer.hpp"

namespace jumpgate::data {

template <typename T>
class Batch {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Not `= default`, which would zero the room in Batch{}: a batch is made for each burst.
  Batch() {}  // NOLINT(modernize-use-equals-default)

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool full() const { return size_ == limits::kBurst; }
  T& operator[](std::size_t i) { return begin()[i]; }
  void push(const T& item) {
    JG_INVARIANT(!full());
    begin()[size_++] = item;
  }
  /// One more, to be filled in where it stands: what is written in parts and then copied as a whole
  /// waits for the parts to reach the cache.
  T& add() {
    JG_INVARIANT(!full());
    return begin()[size_++];
  }
  /// In place of what was there: `source` writes into the room it is given and says how many.
  template <typename Source>
  std::size_t fill(Source&& source) {
    return size_ = source(std::span<T>(begin(), limits::kBurst));
  }
  void clear() { size_ = 0; }
  std::span<T> items() { return {begin(), size_}; }
  T* begin() { return reinterpret_cast<T*>(room_.data()); }
  T* end() { return begin() + size_; }

  /// Keeps, in order, what `keep(item)` says true to; the rest belongs to `keep` now.
  template <typename Keep>
  void retain(Keep&& keep) {
    T* const last = end();
    T* item = begin();
    // Nothing moves before the first that goes: mostly none does.
    while (item != last && keep(*item))
      ++item;
    T* kept = item;
    while (item != last && ++item != last)
      if (keep(*item)) *kept++ = *item;
    size_ = static_cast<std::size_t>(kept - begin());
  }

 private:
  // Bytes, in which items come to be where they are written: none is made beforehand.
  alignas(T) std::array<std::byte, limits::kBurst * sizeof(T)> room_;
  std::size_t size_{0};
};

/// Where rejects go. Returns false, so that a stage may say `return drops.drop(mbuf, reason)`.
class Drops {
 public:
  Drops(bus::WorkerCounters& counters, Tracer& tracer) : counters_(counters), tracer_(tracer) {}
  Drops(const Drops&) = delete;
  Drops& operator=(const Drops&) = delete;
  ~Drops() { flush(); }

  bool drop(rte_mbuf* mbuf, DropReason reason) {
    counters_.drop(reason);
    if (tracer_.on()) tracer_.end(mbuf, bus::TraceEnd::kDropped, reason);
    return free(mbuf);
  }
  /// Done with, not lost.
  bool free(rte_mbuf* mbuf) {
    if (tracer_.on()) tracer_.end(mbuf, bus::TraceEnd::kTaken);
    if (size_ == mbufs_.size()) flush();
    mbufs_[size_++] = mbuf;
    return false;
  }
  void flush() {
    if (size_ != 0) rte_pktmbuf_free_bulk(mbufs_.data(), static_cast<unsigned>(size_));
    size_ = 0;
  }

 private:
  bus::WorkerCounters& counters_;
  Tracer& tracer_;
  std::array<rte_mbuf*, 2 * limits::kBurst> mbufs_{};
  std::size_t size_{0};
};

}  // namespace jumpgate::data
