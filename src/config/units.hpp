/// Durations, sizes and rates as people write them: "500ms", "64MiB", "100 Mbit/s". Before the unit of
/// a size or a rate there may be one space.
///
/// Owner thread: any; pure functions. Failure: nullopt; nothing is rounded silently: a duration
/// finer than 1 ns, or too large for its type, is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jumpgate/time.hpp>

namespace jumpgate::config {

/// "500ms", "1.5s", "2m", "8h", "1d"; the unit is required.
std::optional<Duration> parse_duration(std::string_view text);
/// In the largest unit that gives a whole number.
std::string format_duration(Duration duration);
/// "100 Mbit/s", in bytes a second; units bit/s, kbit/s, Mbit/s, Gbit/s, by thousands.
std::optional<std::uint64_t> parse_bit_rate(std::string_view text);
/// "20 kpps"; units pps, kpps, Mpps.
std::optional<std::uint64_t> parse_packet_rate(std::string_view text);
/// "4096", "16KiB", "64MiB", "2 GiB" in bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace jumpgate::config
