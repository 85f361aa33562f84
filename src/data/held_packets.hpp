/// DATA of proposed epochs, opened and waiting for the commit: a queue for each session over one
/// pool.
///
/// Owner thread: the worker. Bound: the pool in all, limits::kMaxHeldPackets a session.
/// Failure: hold() returns false, the mbuf stays the caller's (`held_queue_full`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <jumpgate/limits.hpp>

struct rte_mbuf;

namespace jumpgate::data {

/// One session's queue, kept in its record.
struct HeldQueue {
  static constexpr std::uint32_t kEnd = UINT32_MAX;
  std::uint32_t first{kEnd};
  std::uint32_t last{kEnd};
  std::uint32_t count{0};
};

class HeldPackets {
 public:
  explicit HeldPackets(std::uint32_t capacity) : nodes_(capacity) {
    for (std::uint32_t i = 0; i < capacity; ++i)
      nodes_[i].next = i + 1 < capacity ? i + 1 : HeldQueue::kEnd;
    free_ = capacity == 0 ? HeldQueue::kEnd : 0;
  }
  static std::size_t footprint(std::size_t capacity) { return capacity * sizeof(Node); }

  [[nodiscard]] bool hold(HeldQueue& queue, rte_mbuf* mbuf) {
    if (queue.count >= limits::kMaxHeldPackets || free_ == HeldQueue::kEnd) return false;
    const std::uint32_t index = free_;
    Node& node = nodes_[index];
    free_ = node.next;
    node = {mbuf, HeldQueue::kEnd};
    if (queue.count == 0)
      queue.first = index;
    else
      nodes_[queue.last].next = index;
    queue.last = index;
    ++queue.count;
    return true;
  }
  /// The oldest, nullptr when there is none.
  [[nodiscard]] rte_mbuf* take(HeldQueue& queue) {
    if (queue.count == 0) return nullptr;
    const std::uint32_t index = queue.first;
    Node& node = nodes_[index];
    rte_mbuf* mbuf = node.mbuf;
    queue.first = node.next;
    if (--queue.count == 0) queue = {};
    node = {nullptr, free_};
    free_ = index;
    return mbuf;
  }

 private:
  struct Node {
    rte_mbuf* mbuf{nullptr};
    std::uint32_t next{HeldQueue::kEnd};
  };
  std::vector<Node> nodes_;
  std::uint32_t free_{HeldQueue::kEnd};
};

}  // namespace jumpgate::data
