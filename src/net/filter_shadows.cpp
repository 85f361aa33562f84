#include "net/filter_shadows.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "base/bytes.hpp"

namespace jumpgate::net {
namespace {

constexpr std::size_t kDimensions = 6;

/// A value of any dimension: an address from its first byte on, or a number in `low`.
struct Value {
  std::uint64_t high{0};
  std::uint64_t low{0};
  auto operator<=>(const Value&) const = default;
};

struct Interval {
  Value first{};
  Value last{};
};

/// A rule in one family.
struct Box {
  std::array<Interval, kDimensions> sides{};
  bool ports{false};  // it names some, so that it matches no later fragments
};

constexpr Interval numbers(std::uint16_t first, std::uint16_t last) {
  return {{0, first}, {0, last}};
}

/// The lowest `bits` bits are set.
constexpr std::uint64_t ones(unsigned bits) {
  return bits >= 64 ? UINT64_MAX : (std::uint64_t{1} << bits) - 1;
}

Interval addresses(const IpPrefix& prefix) {
  if (prefix.address.family == IpFamily::kNone) return {{}, {UINT64_MAX, UINT64_MAX}};
  const Value first{base::load_be64(prefix.address.bytes.data()),
                    base::load_be64(&prefix.address.bytes[8])};
  const unsigned hosts = 128U - prefix.length;
  return {first, {first.high | ones(hosts > 64 ? hosts - 64 : 0), first.low | ones(hosts)}};
}

/// Nothing: the rule is of the other family.
std::optional<Box> box_of(const FilterRule& rule, IpFamily family) {
  if (family_of(rule) != IpFamily::kNone && family_of(rule) != family) return std::nullopt;
  const auto one_or_all = [](auto value, std::uint16_t most) {
    if (!value) return numbers(0, most);
    return numbers(static_cast<std::uint16_t>(*value), static_cast<std::uint16_t>(*value));
  };
  // What differs most comes first.
  return Box{.sides = {addresses(rule.to), addresses(rule.from),
                       numbers(rule.to_ports.first, rule.to_ports.last),
                       numbers(rule.from_ports.first, rule.from_ports.last),
                       one_or_all(rule.protocol, UINT8_MAX), one_or_all(rule.direction, 1)},
             .ports = rule.from_ports != PortRange{} || rule.to_ports != PortRange{}};
}

/// The one dimension in which `box` does not hold `other`; kDimensions: it holds it; nothing: more than one, or kinds of
/// packets that `box` does not match at all.
std::optional<std::size_t> short_in(const Box& box, const Box& other) {
  if (box.ports && !other.ports) return std::nullopt;
  std::size_t missing = kDimensions;
  for (std::size_t d = 0; d < kDimensions; ++d) {
    const Interval& mine = box.sides[d];
    const Interval& its = other.sides[d];
    if (mine.first <= its.first && its.last <= mine.last) continue;
    if (missing != kDimensions || its.last < mine.first || mine.last < its.first)
      return std::nullopt;
    missing = d;
  }
  return missing;
}

/// One more, of a value that is not the last.
Value next(const Value& value) {
  return {value.high + (value.low == UINT64_MAX ? 1 : 0), value.low + 1};
}

using Part = std::pair<Interval, std::size_t>;  // and whose it is

/// Those of the parts that cover the whole together, few of them; none: they do not.
std::vector<std::size_t> cover(std::vector<Part> parts, const Interval& whole) {
  std::ranges::sort(parts, {}, [](const Part& part) { return part.first.first; });
  std::vector<std::size_t> by;
  Value from = whole.first;  // what is before it is covered
  auto part = parts.begin();
  for (;;) {
    // Of those that begin in what is covered, or where it ends, the one that reaches furthest.
    std::optional<Part> best;
    for (; part != parts.end() && part->first.first <= from; ++part)
      if (!best || best->first.last < part->first.last) best = *part;
    if (!best || best->first.last < from) return {};
    by.push_back(best->second);
    if (whole.last <= best->first.last) return by;
    from = next(best->first.last);
  }
}

using Boxes = std::vector<std::optional<Box>>;

/// Those before the rule at `place` that match all that it does in their family; none: no such are found.
std::vector<std::size_t> shadow_of(const Boxes& boxes, std::size_t place) {
  const Box& box = *boxes[place];
  std::array<std::vector<Part>, kDimensions> parts;
  for (std::size_t i = 0; i < place; ++i) {
    const auto missing = boxes[i] ? short_in(*boxes[i], box) : std::nullopt;
    if (!missing) continue;
    if (*missing == kDimensions) return {i};
    if (place < kMaxUnited) parts[*missing].emplace_back(boxes[i]->sides[*missing], i);
  }
  for (std::size_t d = 0; d < kDimensions; ++d) {
    if (parts[d].size() < 2) continue;
    if (auto by = cover(std::move(parts[d]), box.sides[d]); !by.empty()) return by;
  }
  return {};
}

}  // namespace

std::vector<Shadow> shadows_of(std::span<const FilterRule> rules) {
  std::array<Boxes, 2> families;
  for (const FilterRule& rule : rules) {
    families[0].push_back(box_of(rule, IpFamily::kV4));
    families[1].push_back(box_of(rule, IpFamily::kV6));
  }
  std::vector<Shadow> shadows;
  for (std::size_t i = 1; i < rules.size(); ++i) {
    std::set<std::size_t> by;
    const bool hidden = std::ranges::all_of(families, [&](const Boxes& boxes) {
      if (!boxes[i]) return true;
      const auto some = shadow_of(boxes, i);
      by.insert(some.begin(), some.end());
      return !some.empty();
    });
    if (hidden) shadows.push_back({i, {by.begin(), by.end()}});
  }
  return shadows;
}

}  // namespace jumpgate::net
