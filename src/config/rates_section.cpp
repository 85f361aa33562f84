#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "config/common_fields.hpp"
#include "config/gateway_sections.hpp"
#include "config/units.hpp"

namespace jumpgate::config {
namespace {

using Done = std::expected<void, std::string>;
using net::Rate;
using net::RateSet;
using net::Way;

// What a bucket counts in without rounding to nothing, or over: 8 kbit/s to 1 Tbit/s, and as many
// packets as no port carries.
constexpr std::uint64_t kLeastBytes = 1'000;
constexpr std::uint64_t kMostBytes = 125'000'000'000;
constexpr std::uint64_t kMostPackets = 1'000'000'000;
constexpr Duration kLeastBurst = milliseconds(1);
constexpr Duration kMostBurst = seconds(10);

void read_bits(TableReader& table, const std::string& key, std::uint64_t& out) {
  table.text(key, [&](const std::string& text) -> Done {
    const auto bytes = parse_bit_rate(text);
    if (!bytes || *bytes < kLeastBytes || *bytes > kMostBytes)
      return std::unexpected(fmt::format(
          R"('{}' found, expected "8 kbit/s" to "1000 Gbit/s", e.g. "100 Mbit/s")", text));
    out = *bytes;
    return {};
  });
}

void read_packets(TableReader& table, const std::string& key, std::uint64_t& out) {
  table.text(key, [&](const std::string& text) -> Done {
    const auto packets = parse_packet_rate(text);
    if (!packets || *packets == 0 || *packets > kMostPackets)
      return std::unexpected(
          fmt::format(R"('{}' found, expected "1 pps" to "1000 Mpps", e.g. "20 kpps")", text));
    out = *packets;
    return {};
  });
}

void read_way(TableReader& table, const std::string& key, Rate& out) {
  read_bits(table, key, out.bytes);
  read_packets(table, key + "_packets", out.packets);
}

RateSet read_set(TableReader& table, const std::string& name) {
  RateSet set;
  set.name = name;
  constexpr auto kIn = static_cast<std::size_t>(Way::kIn);
  constexpr auto kOut = static_cast<std::size_t>(Way::kOut);
  read_way(table, "in", set.session[kIn]);
  read_way(table, "out", set.session[kOut]);
  read_way(table, "total_in", set.total[kIn]);
  read_way(table, "total_out", set.total[kOut]);
  table.duration("burst", set.burst, kLeastBurst, kMostBurst);
  table.size("quota", set.quota, std::uint64_t{1} << 20,
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  table.finish();
  return set;
}

}  // namespace

void read_rates(TableReader& root, GatewayConfig& config) {
  auto all = root.table("rates");
  if (!all) return;
  for (const std::string& name : all->keys()) {
    auto table = all->table(name);
    if (!table) continue;
    if (const auto usable = check_name(name); !usable)
      all->problem(name, fmt::format("the rates '{}' can not be named so", name), usable.error());
    config.rates.push_back(read_set(*table, name));
  }
  all->finish();
  if (config.rates.size() > net::kMaxRateSets)
    root.problem("rates", fmt::format("{} sets of rates", config.rates.size()),
                 fmt::format("expected at most {}", net::kMaxRateSets));
}

void read_rates_name(TableReader& table, const GatewayConfig& config,
                     std::optional<std::size_t>& out) {
  table.text("rates", [&](const std::string& text) -> Done {
    if (text.empty()) return {};
    const auto found = std::ranges::find(config.rates, text, &RateSet::name);
    if (found == config.rates.end())
      return std::unexpected(fmt::format("'{}' found, expected the NAME of a [rates.NAME]", text));
    out = static_cast<std::size_t>(found - config.rates.begin());
    return {};
  });
}

}  // namespace jumpgate::config
