/// Replay protection: which packet counters of one key have been accepted (spec/keys.md "Replay").
///
/// Purpose: `check` before the packet is opened, `commit` after its tag has verified. A ring of
/// bits over the caller's memory; the window is the newest `packets()` counters.
/// Owner thread: the one that owns the key. Bound: memory fixed by the caller; a commit clears at
/// most as many words as the window has, one in the common case. No allocation, no exception.
/// Failure: kOld and kDuplicate are normal outcomes; a span of a wrong size is a fault of our own.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/invariant.hpp"

namespace jumpgate::session {

enum class ReplayVerdict : std::uint8_t { kOk, kOld, kDuplicate };

class ReplayWindow {
 public:
  /// A window without memory: everything is kOld. For slots that hold no key yet.
  ReplayWindow() = default;

  /// A fresh window over `words`, a power of two of them; they are zeroed here. The memory stays
  /// the caller's and must outlive the window.
  explicit ReplayWindow(std::span<std::uint64_t> words)
      : words_(words.data()), word_mask_(words.size() - 1), packets_(words.size() * 64) {
    JG_INVARIANT(std::has_single_bit(words.size()));
    std::ranges::fill(words, 0);
  }

  /// Words of memory for a window of so many packets (a power of two, at least 64).
  static constexpr std::size_t words_for(std::size_t packets) { return packets / 64; }

  /// Brings the word that check() and commit() of this counter will look at.
  void prefetch(std::uint64_t counter) const noexcept {
    if (packets_ != 0) __builtin_prefetch(&words_[word_of(counter)], 1);
  }

  /// May a packet with this counter be opened? Changes nothing.
  [[nodiscard]] ReplayVerdict check(std::uint64_t counter) const noexcept {
    if (counter >= next_) return packets_ != 0 ? ReplayVerdict::kOk : ReplayVerdict::kOld;
    if (next_ - counter > packets_) return ReplayVerdict::kOld;
    return (words_[word_of(counter)] & bit_of(counter)) != 0 ? ReplayVerdict::kDuplicate
                                                             : ReplayVerdict::kOk;
  }

  /// The packet was authentic. Needs check(counter) == kOk at this moment.
  void commit(std::uint64_t counter) noexcept {
    JG_INVARIANT(check(counter) == ReplayVerdict::kOk);
    if (counter >= next_) {
      if (counter > next_) forget(next_, counter - 1);
      // The bit of `counter` itself may be set from one window earlier: it is set again below.
      next_ = counter + 1;
    }
    words_[word_of(counter)] |= bit_of(counter);
    ++count_;
  }

  /// True once a counter was committed.
  [[nodiscard]] bool any() const noexcept { return next_ != 0; }
  /// The highest counter committed; meaningful if any().
  [[nodiscard]] std::uint64_t highest() const noexcept { return next_ - 1; }
  /// One above the highest; 0 before the first.
  [[nodiscard]] std::uint64_t next() const noexcept { return next_; }
  /// How many counters were committed in all.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t packets() const noexcept { return packets_; }
  /// The caller's memory, to be given back when the key ends.
  [[nodiscard]] std::span<std::uint64_t> memory() const noexcept { return {words_, packets_ / 64}; }

 private:
  [[nodiscard]] std::size_t word_of(std::uint64_t counter) const noexcept {
    return static_cast<std::size_t>(counter >> 6) & word_mask_;
  }
  static std::uint64_t bit_of(std::uint64_t counter) noexcept {
    return std::uint64_t{1} << (counter & 63);
  }
  /// Clears the bits of the counters first..last, which were skipped.
  void forget(std::uint64_t first, std::uint64_t last) noexcept;

  std::uint64_t* words_{nullptr};
  std::uint64_t next_{0};
  std::uint64_t count_{0};
  std::size_t word_mask_{0};
  std::size_t packets_{0};
};

}  // namespace jumpgate::session
