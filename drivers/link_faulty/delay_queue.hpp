/// Frames on their way: a bounded store, ordered by time of delivery.
///
/// Owner thread: any one. Bound: `capacity` frames of `frame_bytes`, all allocated at construction.
/// Failure: push() answers false when the store is full or the frame too long; the caller counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <jumpgate/time.hpp>

namespace jumpgate::link_faulty {

class DelayQueue {
 public:
  DelayQueue(std::size_t capacity, std::size_t frame_bytes);

  /// Copies the frame. Frames of the same time leave in the order in which they came.
  [[nodiscard]] bool push(MonoNs deliver_at, std::span<const std::byte> frame);

  /// Up to out.size() frames due at `now`, earliest first. They stay readable until release().
  std::size_t take_due(MonoNs now, std::span<std::span<const std::byte>> out);

  /// Gives the frames of the take_due() calls since the last release() back to the store.
  void release();

  /// When the next frame is due, kNever when there is none.
  [[nodiscard]] MonoNs next_due() const;
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    MonoNs at;
    std::uint64_t arrival;
    std::uint32_t slot;
    std::uint32_t bytes;
  };
  static bool later(const Entry& a, const Entry& b);

  std::size_t frame_bytes_;
  std::vector<std::byte> frames_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::uint32_t> taken_;
  std::vector<Entry> heap_;
  std::uint64_t arrivals_{0};
};

}  // namespace jumpgate::link_faulty
