#include "data/tx_backlog.hpp"

namespace jumpgate::data {

TxBacklog::TxBacklog() {
  for (std::size_t i = 0; i + 1 < places_.size(); ++i)
    places_[i].next = static_cast<Index>(i + 1);
}

TxBacklog::~TxBacklog() {
  std::uint8_t lane = 0;
  while (rte_mbuf* frame = pop(lane))
    rte_pktmbuf_free(frame);
}

rte_mbuf* TxBacklog::push(rte_mbuf* frame, std::uint8_t lane) {
  if (lane == kControlLane) {
    if (control_ == kControl) return frame;
    put_last(frame, lane);
    return nullptr;
  }
  rte_mbuf* lost = nullptr;
  if (data_ == kData) {
    const std::uint8_t victim = longest();
    if (lanes_[lane].frames >= lanes_[victim].frames) return frame;
    lost = take_first(victim);
    if (lanes_[victim].frames == 0) leave_turn(victim);
  }
  if (lanes_[lane].frames == 0) turn_[(turn_first_ + turns_++) % kLanes] = lane;
  put_last(frame, lane);
  return lost;
}

rte_mbuf* TxBacklog::pop(std::uint8_t& lane) {
  if (control_ != 0) return take_first(lane = kControlLane);
  if (data_ == 0) return nullptr;
  for (;;) {
    lane = turn_[turn_first_];
    Lane& served = lanes_[lane];
    const std::uint32_t size = places_[served.first].frame->pkt_len;
    if (served.deficit < size) {
      served.deficit += kQuantum;
      turn_first_ = (turn_first_ + 1) % kLanes;
      turn_[(turn_first_ + turns_ - 1) % kLanes] = lane;
      continue;
    }
    served.deficit -= size;
    rte_mbuf* frame = take_first(lane);
    if (served.frames == 0) leave_turn(lane);
    return frame;
  }
}

void TxBacklog::give_back(rte_mbuf* frame, std::uint8_t lane) {
  if (lane != kControlLane) {
    if (lanes_[lane].frames == 0) {
      turn_first_ = (turn_first_ + kLanes - 1) % kLanes;
      turn_[turn_first_] = lane;
      ++turns_;
    }
    lanes_[lane].deficit += frame->pkt_len;
  }
  put_first(frame, lane);
}

std::uint8_t TxBacklog::longest() const {
  std::uint8_t found = turn_[turn_first_];
  for (std::size_t i = 1; i < turns_; ++i) {
    const std::uint8_t lane = turn_[(turn_first_ + i) % kLanes];
    if (lanes_[lane].frames > lanes_[found].frames) found = lane;
  }
  return found;
}

/// A lane that has nothing left saves nothing for later.
void TxBacklog::leave_turn(std::uint8_t lane) {
  lanes_[lane].deficit = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < turns_; ++i) {
    const std::uint8_t other = turn_[(turn_first_ + i) % kLanes];
    if (other != lane) turn_[(turn_first_ + kept++) % kLanes] = other;
  }
  turns_ = kept;
}

rte_mbuf* TxBacklog::take_first(std::uint8_t lane) {
  Lane& from = lanes_[lane];
  const Index index = from.first;
  from.first = places_[index].next;
  if (--from.frames == 0) from.last = kNone;
  --count_of(lane);
  places_[index].next = free_;
  free_ = index;
  return places_[index].frame;
}

TxBacklog::Index TxBacklog::place(rte_mbuf* frame) {
  const Index index = free_;
  free_ = places_[index].next;
  places_[index] = {.frame = frame, .next = kNone};
  return index;
}

void TxBacklog::put_first(rte_mbuf* frame, std::uint8_t lane) {
  Lane& to = lanes_[lane];
  const Index index = place(frame);
  places_[index].next = to.first;
  to.first = index;
  if (to.frames++ == 0) to.last = index;
  ++count_of(lane);
}

void TxBacklog::put_last(rte_mbuf* frame, std::uint8_t lane) {
  Lane& to = lanes_[lane];
  const Index index = place(frame);
  if (to.frames++ == 0)
    to.first = index;
  else
    places_[to.last].next = index;
  to.last = index;
  ++count_of(lane);
}

}  // namespace jumpgate::data
