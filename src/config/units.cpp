#include "config/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include <fmt/format.h>

namespace jumpgate::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// Largest first.
constexpr std::array<Unit, 7> kTimeUnits{{{"d", 86'400'000'000'000},
                                          {"h", 3'600'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"s", 1'000'000'000},
                                          {"ms", 1'000'000},
                                          {"us", 1'000},
                                          {"ns", 1}}};
constexpr std::array<Unit, 4> kSizeUnits{
    {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}};

constexpr std::array<Unit, 4> kBitUnits{
    {{"bit/s", 1}, {"kbit/s", 1'000}, {"Mbit/s", 1'000'000}, {"Gbit/s", 1'000'000'000}}};
constexpr std::array<Unit, 3> kPacketUnits{{{"pps", 1}, {"kpps", 1'000}, {"Mpps", 1'000'000}}};

/// Behind the number.
std::string_view unit_of(std::string_view text) {
  if (text.size() > 1 && text.front() == ' ') text.remove_prefix(1);
  return text;
}

/// A number, which may have a fraction, of one of the units; whole in the smallest.
std::optional<std::uint64_t> parse_scaled(std::string_view text, std::span<const Unit> units) {
  const std::size_t digits = text.find_first_not_of("0123456789.");
  if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + digits, number, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + digits) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit_of(text.substr(digits)) != unit.name) continue;
    const double value = number * static_cast<double>(unit.factor);
    // Beyond 2^53 a double no longer counts one by one.
    if (value > 9.0e15 || std::abs(value - std::round(value)) > 1e-3) return std::nullopt;
    return static_cast<std::uint64_t>(std::llround(value));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_bit_rate(std::string_view text) {
  const auto bits = parse_scaled(text, kBitUnits);
  if (!bits) return std::nullopt;
  return *bits / 8;
}

std::optional<std::uint64_t> parse_packet_rate(std::string_view text) {
  return parse_scaled(text, kPacketUnits);
}

std::optional<Duration> parse_duration(std::string_view text) {
  // One form is enough: that without a space.
  if (text.find(' ') != std::string_view::npos) return std::nullopt;
  const auto ns = parse_scaled(text, kTimeUnits);
  if (!ns) return std::nullopt;
  return nanoseconds(static_cast<std::int64_t>(*ns));
}

std::string format_duration(Duration duration) {
  if (duration.ns == 0) return "0s";
  for (const Unit& unit : kTimeUnits)
    if (duration.ns % unit.factor == 0)
      return fmt::format("{}{}", duration.ns / unit.factor, unit.name);
  return fmt::format("{}ns", duration.ns);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view rest = unit_of(text.substr(static_cast<std::size_t>(end - text.data())));
  for (const Unit& unit : kSizeUnits) {
    if (rest != unit.name) continue;
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (number > UINT64_MAX / factor) return std::nullopt;
    return number * factor;
  }
  return std::nullopt;
}

}  // namespace jumpgate::config
