#include "data/tracer.hpp"

#include <utility>

namespace jumpgate::data {

bus::TracedPacket* Tracer::meet(const rte_mbuf* packet) {
  if (bus::TracedPacket* known = find(packet)) return known;
  if (count_ == request_.packets || in_flight_ == kInFlight) return nullptr;
  Followed& next = followed_[in_flight_++];
  next.packet = packet;
  next.record = {};
  next.record.serial = request_.serial;
  next.record.number = ++count_;
  next.record.at = now_;
  return &next.record;
}

bus::TracedPacket* Tracer::find(const rte_mbuf* packet) {
  for (std::size_t i = 0; i < in_flight_; ++i)
    if (followed_[i].packet == packet) return &followed_[i].record;
  return nullptr;
}

void Tracer::rename(const rte_mbuf* from, const rte_mbuf* to) {
  for (std::size_t i = 0; i < in_flight_; ++i)
    if (followed_[i].packet == from) followed_[i].packet = to;
}

void Tracer::pass(const rte_mbuf* packet, bus::TraceStage stage) {
  if (bus::TracedPacket* record = find(packet))
    record->stages = static_cast<std::uint8_t>(record->stages | 1U << std::to_underlying(stage));
}

void Tracer::end(const rte_mbuf* packet, bus::TraceEnd end, DropReason reason, std::uint8_t port) {
  for (std::size_t i = 0; i < in_flight_; ++i) {
    if (followed_[i].packet != packet) continue;
    bus::TracedPacket& record = followed_[i].record;
    record.end = end;
    record.reason = reason;
    record.port = port;
    // A reader that is gone costs records, and nobody waits for it.
    static_cast<void>(channel_->write(record));
    followed_[i] = followed_[--in_flight_];
    break;
  }
  if (count_ == request_.packets && in_flight_ == 0) on_ = false;
}

void Tracer::end_all() {
  while (in_flight_ != 0)
    end(followed_[0].packet, bus::TraceEnd::kTaken);
}

}  // namespace jumpgate::data
