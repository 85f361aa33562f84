/// Memory of replay windows, in equal pieces.
///
/// Purpose: one window for each live receiving epoch. Each slot has one of its own, so that a
/// configured session always finds one; epochs beside the current one borrow spare ones, never
/// another slot's. Owner thread: the worker. Bound: a window a slot and the spare ones, of `packets`
/// counters each, taken once. Failure: take() returns kNone, nothing has changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bus/zone.hpp"
#include "session/replay_window.hpp"

namespace jumpgate::data {

class WindowPool {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  static std::size_t footprint(std::size_t slots, std::size_t spares, std::size_t packets) {
    return (slots + spares) * packets / 8 + slots + spares * sizeof(std::uint32_t);
  }
  static std::expected<WindowPool, std::string> create(unsigned worker, std::uint32_t slots,
                                                       std::uint32_t spares, std::size_t packets,
                                                       int socket) {
    const std::size_t count = std::size_t{slots} + spares;
    auto zone = bus::Zone::create("jg_windows" + std::to_string(worker), count * packets / 8,
                                  socket, false);
    if (!zone) return std::unexpected(zone.error());
    WindowPool pool;
    pool.zone_ = std::move(*zone);
    pool.words_per_window_ = session::ReplayWindow::words_for(packets);
    pool.words_ = static_cast<std::uint64_t*>(pool.zone_.data());
    pool.own_taken_ = std::vector<std::uint8_t>(slots);
    pool.spares_.reserve(spares);
    for (std::uint32_t i = spares; i > 0; --i)
      pool.spares_.push_back(slots + i - 1);
    return pool;
  }

  /// The slot's own window, or a spare one while that is in use.
  [[nodiscard]] std::uint32_t take(std::uint32_t slot) {
    if (own_taken_[slot] == 0) {
      own_taken_[slot] = 1;
      return slot;
    }
    if (spares_.empty()) return kNone;
    const std::uint32_t index = spares_.back();
    spares_.pop_back();
    return index;
  }
  void give_back(std::uint32_t index) {
    if (index < own_taken_.size()) {
      own_taken_[index] = 0;
    } else {
      spares_.push_back(index);
    }
  }
  [[nodiscard]] std::size_t spares() const { return spares_.size(); }
  [[nodiscard]] bool own_taken(std::uint32_t slot) const { return own_taken_[slot] != 0; }

  /// A fresh window of `packets` (at most the pool's piece) over piece `index`.
  [[nodiscard]] session::ReplayWindow window(std::uint32_t index, std::size_t packets) const {
    const std::size_t words = session::ReplayWindow::words_for(packets);
    return session::ReplayWindow({words_ + index * words_per_window_, words});
  }
  [[nodiscard]] std::size_t packets() const { return words_per_window_ * 64; }

 private:
  bus::Zone zone_;
  std::uint64_t* words_{nullptr};
  std::size_t words_per_window_{0};
  std::vector<std::uint8_t> own_taken_;  // by slot
  std::vector<std::uint32_t> spares_;    // free ones
};

}  // namespace jumpgate::data
