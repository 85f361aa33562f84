/// Follows the packets of one session through the worker's stages while an operator looks.
///
/// Purpose: a packet is known by its mbuf, from where the session is found to where the mbuf leaves the
/// worker's hands; then its record is written. While nobody looks, on() is all that a stage asks.
/// Owner thread: the worker. Bound: as many packets as were asked for, until a time; kInFlight at once
/// (one burst and its like). Failure: beyond kInFlight a packet is not followed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <rte_mbuf.h>

#include <jumpgate/drops.hpp>
#include <jumpgate/time.hpp>

#include "bus/trace_channel.hpp"

namespace jumpgate::data {

class Tracer {
 public:
  /// `channel` may be null: nobody ever looks.
  explicit Tracer(bus::TraceChannel* channel) : channel_(channel) {}

  /// At the beginning of a round: what was asked for meanwhile, and whether it is over. `life_of` a
  /// slot.
  template <class LifeOf>
  void begin_round(MonoNs now, const LifeOf& life_of) {
    now_ = now;
    if (channel_ == nullptr) return;
    while (channel_->take_request(request_)) {
      on_ = true;
      count_ = 0;
    }
    if (on_ && (now >= request_.until || life_of(request_.session.slot) != request_.session.life))
      on_ = false;
  }
  /// What is still in flight went where nobody told of.
  void end_round() {
    if (in_flight_ != 0) end_all();
  }

  [[nodiscard]] bool on() const { return on_; }
  [[nodiscard]] bool follows(std::uint32_t slot) const {
    return on_ && slot == request_.session.slot;
  }

  /// The record of a packet that is met for the first time or again; nullptr: none is kept of it.
  bus::TracedPacket* meet(const rte_mbuf* packet);
  /// nullptr: it is not followed.
  bus::TracedPacket* find(const rte_mbuf* packet);
  /// What `from` held is in `to` now.
  void rename(const rte_mbuf* from, const rte_mbuf* to);
  void pass(const rte_mbuf* packet, bus::TraceStage stage);
  void end(const rte_mbuf* packet, bus::TraceEnd end, DropReason reason = {},
           std::uint8_t port = 0);

 private:
  static constexpr std::size_t kInFlight = 64;
  struct Followed {
    const rte_mbuf* packet{nullptr};
    bus::TracedPacket record;
  };
  void end_all();

  bus::TraceChannel* channel_;
  bus::TraceRequest request_;
  bool on_{false};
  std::uint32_t count_{0};
  MonoNs now_{};
  std::size_t in_flight_{0};
  std::array<Followed, kInFlight> followed_;
};

}  // namespace jumpgate::data
