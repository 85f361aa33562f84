/// The rules of a packet filter: plain values, and what can be said of them without a packet.
///
/// Purpose: filled by src/config, compiled by net/filter_image.hpp. Stateless: each packet is judged
/// for itself (spec/inner-networks.md "Filters").
/// Owner thread: any; pure. Bound: kMaxFilters sets of kMaxFilterRules rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <jumpgate/types.hpp>

namespace jumpgate::net {

/// A set for each kind of peer; more are rules for single peers, which routes say better.
inline constexpr std::size_t kMaxFilters = 64;
/// Four times what the benchmark carries.
inline constexpr std::size_t kMaxFilterRules = 4096;

enum class FilterAction : std::uint8_t { kAllow, kDeny };
/// As the client's peer sees it: in, from the client; out, to the client.
enum class FilterDirection : std::uint8_t { kIn, kOut };

struct PortRange {
  std::uint16_t first{0};
  std::uint16_t last{UINT16_MAX};
  constexpr bool operator==(const PortRange&) const = default;
};

struct FilterRule {
  FilterAction action{FilterAction::kAllow};
  std::optional<FilterDirection> direction{};  // nothing: both
  std::optional<std::uint8_t> protocol{};      // nothing: any
  IpPrefix from{};                             // family kNone: any, of both families
  IpPrefix to{};
  PortRange from_ports{};
  PortRange to_ports{};
  std::uint32_t line{0};  // of the configuration
  bool operator==(const FilterRule&) const = default;
};

struct FilterSet {
  std::string name;
  FilterAction otherwise{FilterAction::kAllow};  // when no rule matches
  std::vector<FilterRule> rules{};               // the first that matches decides
  bool operator==(const FilterSet&) const = default;
};

/// The family that a rule's prefixes name; kNone: both.
IpFamily family_of(const FilterRule& rule);

}  // namespace jumpgate::net
