/// Opened DATA that is one part of an inner packet and waits for the other (spec/wire.md "DATA in two parts").
///
/// Two parts belong together when their counters follow each other under one key: no other name is needed, and none can
/// be forged. Owner thread: the worker. Bound: limits::kWaitingParts buffers, which it has beside all others;
/// kPlaces for each session, which it shares with few others; kPartTimeout. Failure: what waits in vain is `inner_part_lost`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>

#include "bus/messages.hpp"
#include "net/parts.hpp"

struct rte_mbuf;

namespace jumpgate::data {

struct Part {
  rte_mbuf* mbuf{nullptr};  // nullptr: nobody waits here
  bus::SessionRef session{};
  std::uint64_t key_id{0};
  std::uint64_t head{0};  // the head's counter, the tail's less one
  MonoNs since{};
  std::uint64_t number{0};  // of those that began to wait
  net::PartKind kind{net::PartKind::kHead};
  std::uint8_t outer_class{0};

  [[nodiscard]] bool completes(const Part& other) const {
    return mbuf != nullptr && key_id == other.key_id && head == other.head && kind != other.kind;
  }
};

class WaitingParts {
 public:
  static constexpr std::size_t kPlaces = 4;
  static constexpr std::size_t kSets = limits::kWaitingParts / kPlaces;
  static std::size_t footprint() { return limits::kWaitingParts * sizeof(Part); }

  WaitingParts() : parts_(limits::kWaitingParts) {}

  /// The part that waits for this one, which waits no more.
  std::optional<Part> take_other(const Part& part) {
    for (Part& waiting : set_of(part.session.slot)) {
      if (!waiting.completes(part)) continue;
      --count_;
      return std::exchange(waiting, {});
    }
    return std::nullopt;
  }
  /// Lets `part` wait, in the place of the one returned: the oldest of its own session where none is free, so that who
  /// sends parts alone drives out no other's; the oldest of all where it has none.
  std::optional<Part> put(const Part& part) {
    const std::span<Part> set = set_of(part.session.slot);
    Part* place = &set.front();
    for (Part& waiting : set)
      if (goes_before(waiting, *place, part.session.slot)) place = &waiting;
    const Part before = std::exchange(*place, part);
    place->number = next_number_++;
    if (before.mbuf != nullptr) return before;
    ++count_;
    return std::nullopt;
  }
  /// One that has waited for too long, of the few that are looked at; nothing most of the time.
  std::optional<Part> take_expired(MonoNs now) {
    for (std::size_t look = 0; look < kPlaces && count_ != 0; ++look) {
      Part& waiting = parts_[next_look_];
      next_look_ = (next_look_ + 1) % parts_.size();
      if (waiting.mbuf == nullptr || now - waiting.since < limits::kPartTimeout) continue;
      --count_;
      return std::exchange(waiting, {});
    }
    return std::nullopt;
  }
  /// At the worker's end: all places, taken or not.
  [[nodiscard]] std::span<const Part> places() const { return parts_; }

 private:
  /// Which of two places a part of `slot` is to take.
  static bool goes_before(const Part& one, const Part& other, std::uint32_t slot) {
    if ((one.mbuf == nullptr) != (other.mbuf == nullptr)) return one.mbuf == nullptr;
    const bool own = one.session.slot == slot;
    if (own != (other.session.slot == slot)) return own;
    return one.number < other.number;
  }
  std::span<Part> set_of(std::uint32_t slot) {
    return std::span(parts_).subspan(slot % kSets * kPlaces, kPlaces);
  }

  std::vector<Part> parts_;  // kSets of kPlaces
  std::size_t count_{0};
  std::size_t next_look_{0};
  std::uint64_t next_number_{0};
};

}  // namespace jumpgate::data
