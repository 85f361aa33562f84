#include "config/problems.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace jumpgate::config {

void Problems::add(Place place, std::string what, std::string expected, std::string key) {
  Problem problem{std::move(place), std::move(what), std::move(expected), std::move(key)};
  if (std::ranges::find(kept_, problem) != kept_.end()) return;
  if (kept_.size() >= kMaxProblems) {
    ++left_off_;
    return;
  }
  kept_.push_back(std::move(problem));
}

std::string Problems::text() const {
  std::string out;
  for (const Problem& p : kept_) {
    out += p.place.file;
    if (p.place.line != 0) out += fmt::format(":{}:{}", p.place.line, p.place.column);
    out += ": " + p.what;
    if (!p.expected.empty()) out += "; " + p.expected;
    out += '\n';
  }
  if (left_off_ != 0) out += fmt::format("and {} more\n", left_off_);
  return out;
}

}  // namespace jumpgate::config
