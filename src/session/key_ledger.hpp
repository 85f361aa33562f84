/// The epochs whose keys were told of as installed and not yet as ended: each KeyInstalled has
/// exactly one KeyExpired (spec/events.md).
///
/// Owner thread: the owner of the session's record. Bound: the live epochs and one more, replaced
/// already, whose release is still to be told. Failure: none; what is not there has no end to tell.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <jumpgate/limits.hpp>

namespace jumpgate::session {

class KeyLedger {
 public:
  struct Entry {
    std::uint64_t epoch{0};
    std::uint32_t generation{0};
    bool operator==(const Entry&) const = default;
  };

  /// Enters an epoch. Without room the oldest leaves: its end is to be told now.
  std::optional<Entry> install(const Entry& entry) {
    std::optional<Entry> left;
    if (size_ == entries_.size()) left = expire_oldest();
    entries_[size_++] = entry;
    return left;
  }
  /// Takes an epoch out; nothing when its end was told already.
  std::optional<Entry> expire(std::uint64_t epoch) {
    const auto end = entries_.begin() + size_;
    const auto found =
        std::find_if(entries_.begin(), end, [epoch](const Entry& e) { return e.epoch == epoch; });
    if (found == end) return std::nullopt;
    const Entry entry = *found;
    std::move(found + 1, end, found);
    --size_;
    return entry;
  }
  /// Takes the oldest out; nothing when none is left.
  std::optional<Entry> expire_oldest() {
    return size_ == 0 ? std::nullopt : expire(entries_.front().epoch);
  }

 private:
  std::array<Entry, limits::kMaxEpochs + 1> entries_{};
  std::uint8_t size_{0};
};

}  // namespace jumpgate::session
