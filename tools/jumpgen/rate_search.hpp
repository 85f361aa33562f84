/// The highest rate at which nothing is lost, by bisection (RFC 2544 section 26.1).
///
/// Owner thread: its owner; pure. Bound: log2((highest - lowest) / step) + 1 trials. Failure: none;
/// best() is 0 when every trial lost packets.
#pragma once

#include <cstdint>
#include <optional>

namespace jumpgate::jumpgen {

class RateSearch {
 public:
  /// Packets a second; the answer is within `step` of the truth.
  RateSearch(std::uint64_t highest, std::uint64_t step) : failed_(highest), step_(step) {}

  /// The rate of the next trial; nothing when the search is over. The first is the highest.
  [[nodiscard]] std::optional<std::uint64_t> next() const;
  void report(std::uint64_t rate, bool passed);
  [[nodiscard]] std::uint64_t best() const { return passed_; }

 private:
  std::uint64_t passed_{0};
  std::uint64_t failed_;  // not tried yet while first_
  std::uint64_t step_;
  bool first_{true};
};

}  // namespace jumpgate::jumpgen
