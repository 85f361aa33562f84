#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/common_fields.hpp"
#include "config/gateway_sections.hpp"
#include "net/filter_shadows.hpp"
#include "net/frames.hpp"

namespace jumpgate::config {
namespace {

using net::FilterAction;
using net::FilterRule;
using net::FilterSet;

constexpr std::array<std::string_view, 2> kActions{"allow", "deny"};
constexpr std::array<std::string_view, 2> kDirections{"in", "out"};

using Done = std::expected<void, std::string>;

std::optional<unsigned> number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

void read_protocol(TableReader& table, FilterRule& rule) {
  table.text("protocol", [&](const std::string& text) -> Done {
    constexpr std::array<std::pair<std::string_view, std::uint8_t>, 4> kNames{
        {{"tcp", net::kProtocolTcp},
         {"udp", net::kProtocolUdp},
         {"icmp", net::kProtocolIcmp},
         {"icmpv6", net::kProtocolIcmpv6}}};
    const auto known =
        std::ranges::find(kNames, std::string_view(text), [](const auto& n) { return n.first; });
    const auto value = number(text, UINT8_MAX);
    if (known == kNames.end() && !value)
      return std::unexpected(fmt::format(
          R"('{}' found, expected "tcp", "udp", "icmp", "icmpv6" or a number up to "255")", text));
    rule.protocol = known != kNames.end() ? known->second : static_cast<std::uint8_t>(*value);
    return {};
  });
}

void read_range(TableReader& table, const char* key, net::PortRange& out) {
  table.text(key, [&](const std::string& text) -> Done {
    const std::size_t dash = text.find('-');
    const auto first = number(text.substr(0, dash), UINT16_MAX);
    const auto last = dash == std::string::npos ? first : number(text.substr(dash + 1), UINT16_MAX);
    if (!first || !last || *first > *last)
      return std::unexpected(
          fmt::format(R"('{}' found, expected a port or a range, as "443" or "1000-2000")", text));
    out = {static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
    return {};
  });
}

void read_prefix(TableReader& table, const char* key, IpPrefix& out) {
  table.text(key, [&](const std::string& text) -> Done {
    const auto prefix = base::parse_prefix(text);
    if (!prefix) return std::unexpected(prefix.error());
    out = *prefix;
    return {};
  });
}

FilterRule read_rule(TableReader& table) {
  FilterRule rule;
  rule.line = table.place().line;
  table.require("action");
  if (const auto action = table.choice("action", kActions))
    rule.action = static_cast<FilterAction>(*action);
  if (const auto direction = table.choice("direction", kDirections))
    rule.direction = static_cast<net::FilterDirection>(*direction);
  read_protocol(table, rule);
  read_prefix(table, "from", rule.from);
  read_prefix(table, "to", rule.to);
  read_range(table, "from_ports", rule.from_ports);
  read_range(table, "to_ports", rule.to_ports);
  const bool both =
      rule.from.address.family != IpFamily::kNone && rule.to.address.family != IpFamily::kNone;
  if (both && rule.from.address.family != rule.to.address.family)
    table.problem("to", "'from' and 'to' are of different families",
                  "expected both IPv4 or both IPv6");
  const bool ports = table.has("from_ports") || table.has("to_ports");
  const bool with_ports = rule.protocol == net::kProtocolTcp || rule.protocol == net::kProtocolUdp;
  if (ports && !with_ports)
    table.problem(table.has("to_ports") ? "to_ports" : "from_ports",
                  "ports without a protocol that has them",
                  R"(expected protocol = "tcp" or "udp")");
  table.finish();
  return rule;
}

/// "the one in line 3 matches", "those in lines 3, 5 together match".
std::string those_of(const FilterSet& set, const net::Shadow& shadow) {
  constexpr std::size_t kNamed = 8;
  if (shadow.by.size() == 1)
    return fmt::format("the one in line {} matches", set.rules[shadow.by[0]].line);
  std::string lines;
  for (std::size_t i = 0; i < shadow.by.size() && i < kNamed; ++i)
    lines += fmt::format("{}{}", i == 0 ? "" : ", ", set.rules[shadow.by[i]].line);
  if (shadow.by.size() > kNamed) lines += fmt::format(" and {} more", shadow.by.size() - kNamed);
  return fmt::format("those in lines {} together match", lines);
}

/// Whether those rules decide otherwise than it would.
std::string_view contradiction(const FilterSet& set, const net::Shadow& shadow) {
  const auto says_else = [&](std::size_t by) {
    return set.rules[by].action != set.rules[shadow.rule].action;
  };
  if (std::ranges::none_of(shadow.by, says_else)) return "";
  if (shadow.by.size() == 1) return ", and says the contrary";
  return std::ranges::all_of(shadow.by, says_else) ? ", and say the contrary"
                                                   : ", and some say the contrary";
}

/// Rules that never decide, since those before them always do.
void warn_of_shadows(const FilterSet& set, const std::string& path, Problems& warnings) {
  for (const net::Shadow& shadow : net::shadows_of(set.rules))
    warnings.add({path, set.rules[shadow.rule].line, 1},
                 fmt::format("filter '{}': this rule never decides: {} all that it does{}",
                             set.name, those_of(set, shadow), contradiction(set, shadow)),
                 "expected the narrower rule first, or one of them left out");
}

}  // namespace

void read_filters(TableReader& root, GatewayConfig& config) {
  for (TableReader& table : root.tables("filter", net::kMaxFilters)) {
    FilterSet set;
    table.require("name");
    read_name(table, "name", set.name);
    if (std::ranges::find(config.filters, set.name, &FilterSet::name) != config.filters.end())
      table.problem("name", fmt::format("two filters are named '{}'", set.name),
                    "expected names of their own");
    if (const auto otherwise = table.choice("default", kActions))
      set.otherwise = static_cast<FilterAction>(*otherwise);
    for (TableReader& rule : table.tables("rule", net::kMaxFilterRules))
      set.rules.push_back(read_rule(rule));
    table.finish();
    warn_of_shadows(set, config.path, config.warnings);
    config.filters.push_back(std::move(set));
  }
}

void read_filter_name(TableReader& table, const GatewayConfig& config,
                      std::optional<std::size_t>& out) {
  table.text("filter", [&](const std::string& text) -> Done {
    if (text.empty()) return {};
    const auto found = std::ranges::find(config.filters, text, &FilterSet::name);
    if (found == config.filters.end())
      return std::unexpected(fmt::format("'{}' found, expected the name of a [[filter]]", text));
    out = static_cast<std::size_t>(found - config.filters.begin());
    return {};
  });
}

}  // namespace jumpgate::config
