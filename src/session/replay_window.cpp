#include "session/replay_window.hpp"

namespace jumpgate::session {

void ReplayWindow::forget(std::uint64_t first, std::uint64_t last) noexcept {
  if (last - first >= packets_) {
    std::ranges::fill(memory(), 0);
    return;
  }
  const std::uint64_t from_first = ~std::uint64_t{0} << (first & 63);
  const std::uint64_t to_last = ~std::uint64_t{0} >> (63 - (last & 63));
  const std::uint64_t last_word = last >> 6;
  std::uint64_t word = first >> 6;
  if (word == last_word) {
    words_[word & word_mask_] &= ~(from_first & to_last);
    return;
  }
  words_[word & word_mask_] &= ~from_first;
  for (++word; word < last_word; ++word)
    words_[word & word_mask_] = 0;
  words_[last_word & word_mask_] &= ~to_last;
}

}  // namespace jumpgate::session
