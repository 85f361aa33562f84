/// Memory of replay windows, in equal pieces.
///
/// Purpose: one window for each live receiving epoch; current and draining ones are counted in the
/// footprint. Owner thread: the worker. Bound: `count` windows of `packets` counters, taken once.
/// Failure: take() returns kNone, nothing has changed.
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

  static std::size_t footprint(std::size_t count, std::size_t packets) {
    return count * packets / 8 + count * sizeof(std::uint32_t);
  }
  static std::expected<WindowPool, std::string> create(unsigned worker, std::uint32_t count,
                                                       std::size_t packets, int socket) {
    auto zone = bus::Zone::create("jg_windows" + std::to_string(worker), count * packets / 8,
                                  socket, false);
    if (!zone) return std::unexpected(zone.error());
    WindowPool pool;
    pool.zone_ = std::move(*zone);
    pool.words_per_window_ = session::ReplayWindow::words_for(packets);
    pool.words_ = static_cast<std::uint64_t*>(pool.zone_.data());
    pool.free_.reserve(count);
    for (std::uint32_t i = count; i > 0; --i)
      pool.free_.push_back(i - 1);
    return pool;
  }

  [[nodiscard]] std::uint32_t take() {
    if (free_.empty()) return kNone;
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }
  void give_back(std::uint32_t index) { free_.push_back(index); }
  [[nodiscard]] std::size_t available() const { return free_.size(); }

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
  std::vector<std::uint32_t> free_;
};

}  // namespace jumpgate::data
