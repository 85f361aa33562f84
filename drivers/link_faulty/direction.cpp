#include "link_faulty/direction.hpp"

namespace jumpgate::link_faulty {

void Direction::arrive(MonoNs now, std::span<const std::byte> frame, bool truncated) {
  ++counters_.received;
  if (truncated) {
    ++counters_.oversized;
    return;
  }
  const Verdict verdict = model_.offer(now, frame.size());
  switch (verdict.fate) {
    case Fate::kLost:
      ++counters_.lost;
      return;
    case Fate::kRateQueueFull:
      ++counters_.rate_queue_full;
      return;
    case Fate::kDelivered:
      break;
  }
  for (std::size_t copy = 0; copy < verdict.copies; ++copy) {
    if (!queue_.push(verdict.deliver_at[copy], frame)) {
      ++counters_.store_full;
    } else if (copy > 0) {
      ++counters_.duplicated;
    }
  }
}

void Direction::sent(std::size_t offered, std::size_t taken) {
  counters_.delivered += taken;
  counters_.send_refused += offered - taken;
}

}  // namespace jumpgate::link_faulty
