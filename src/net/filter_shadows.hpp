/// Which rules of a filter never decide, since those before them always do.
///
/// Purpose: a warning for the operator (spec/inner-networks.md "Filters"). In each family a rule is a box: an
/// interval of each of direction, protocol, source, destination and both ports. It is in the shadow of one rule that holds
/// it, or of several that hold it in all of these but one, and together in that one. What is said is true; a rule that is covered in a more
/// tangled way is not found.
/// Owner thread: any; pure. Bound: each pair of rules once, n log n for each rule; only rules among the first kMaxUnited
/// are looked at for several that cover them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "net/filter_rule.hpp"

namespace jumpgate::net {

inline constexpr std::size_t kMaxUnited = 1000;

struct Shadow {
  std::size_t rule{0};            // its place
  std::vector<std::size_t> by{};  // those before it that match, together, all that it does
};

[[nodiscard]] std::vector<Shadow> shadows_of(std::span<const FilterRule> rules);

}  // namespace jumpgate::net
