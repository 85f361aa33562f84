#include "tools/jumpgen/rate_search.hpp"

#include <algorithm>

namespace jumpgate::jumpgen {

std::optional<std::uint64_t> RateSearch::next() const {
  if (first_) return failed_;
  if (failed_ - passed_ <= std::max<std::uint64_t>(step_, 1)) return std::nullopt;
  return passed_ + (failed_ - passed_) / 2;
}

void RateSearch::report(std::uint64_t rate, bool passed) {
  first_ = false;
  if (passed) {
    passed_ = std::max(passed_, rate);
  } else {
    failed_ = std::min(failed_, rate);
  }
  failed_ = std::max(failed_, passed_);
}

}  // namespace jumpgate::jumpgen
