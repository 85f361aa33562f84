/// Which session carries each configured peer now: how an inner packet finds its owner.
///
/// Owner thread: the controller writes at attach and end; every worker reads. A stale answer is
/// harmless: the owner compares life and peer with the slot.
/// Bound: one word a configured peer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "bus/messages.hpp"
#include "bus/zone.hpp"

namespace jumpgate::bus {

class PeerSlots {
 public:
  static std::size_t footprint(std::size_t peers) {
    return zone_bytes<std::atomic<std::uint64_t>>(peers);
  }
  static std::expected<std::unique_ptr<PeerSlots>, std::string> create(std::size_t peers,
                                                                       int socket);

  void set(std::uint32_t peer, const SessionRef& session) {
    if (peer < slots_.size()) slots_[peer].store(pack(session), std::memory_order_release);
  }
  void clear(std::uint32_t peer) {
    if (peer < slots_.size()) slots_[peer].store(kEmpty, std::memory_order_release);
  }
  [[nodiscard]] std::optional<SessionRef> get(std::uint32_t peer) const {
    if (peer >= slots_.size()) return std::nullopt;
    const auto word = slots_[peer].load(std::memory_order_acquire);
    if (word == kEmpty) return std::nullopt;
    return unpack(word);
  }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }

 private:
  // worker 6 bits + 1 (so that no session is zero) | slot 22 | life 32: fits as 7 + 22 + 32 bits.
  static constexpr std::uint64_t kEmpty = 0;
  static constexpr std::uint64_t pack(const SessionRef& s) {
    return (std::uint64_t{s.worker} + 1) << 54 | std::uint64_t{s.slot} << 32 | s.life;
  }
  static constexpr SessionRef unpack(std::uint64_t word) {
    return {.worker = static_cast<std::uint8_t>((word >> 54) - 1),
            .slot = static_cast<std::uint32_t>(word >> 32) & ((1U << limits::kCidSlotBits) - 1),
            .life = static_cast<std::uint32_t>(word)};
  }

  Zone zone_;
  std::span<std::atomic<std::uint64_t>> slots_;
};

}  // namespace jumpgate::bus
