/// One direction of the faulty link: its model, the frames on their way, and what became of each.
///
/// Owner thread: the relay's. Bound: that of DelayQueue. Sans-I/O: the relay brings frames and
/// takes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "link_faulty/delay_queue.hpp"
#include "link_faulty/fault_model.hpp"

namespace jumpgate::link_faulty {

struct DirectionCounters {
  std::uint64_t received{0};
  std::uint64_t delivered{0};
  std::uint64_t duplicated{0};
  std::uint64_t lost{0};             ///< by the model's probability
  std::uint64_t rate_queue_full{0};  ///< by the model's rate limit
  std::uint64_t store_full{0};       ///< more frames on their way than the store holds
  std::uint64_t oversized{0};        ///< longer than a frame of the store
  std::uint64_t send_refused{0};     ///< by the interface it should leave on
};

class Direction {
 public:
  Direction(const FaultSettings& settings, std::uint64_t seed, std::size_t capacity,
            std::size_t frame_bytes)
      : model_(settings, seed), queue_(capacity, frame_bytes) {}

  void arrive(MonoNs now, std::span<const std::byte> frame, bool truncated);

  [[nodiscard]] FaultModel& model() { return model_; }
  [[nodiscard]] DelayQueue& queue() { return queue_; }
  [[nodiscard]] const DelayQueue& queue() const { return queue_; }
  void sent(std::size_t offered, std::size_t taken);
  [[nodiscard]] const DirectionCounters& counters() const { return counters_; }

 private:
  FaultModel model_;
  DelayQueue queue_;
  DirectionCounters counters_;
};

}  // namespace jumpgate::link_faulty
