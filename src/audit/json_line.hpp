/// An event as one line of JSON (spec/events.md).
///
/// Purpose: the stable text form.
/// Owner thread: audit. Bound: one line, below kMaxLine bytes. Failure: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "audit/event.hpp"

namespace jumpgate::audit {

/// No line is longer, newline included; POSIX writes so many bytes to a pipe whole (PIPE_BUF).
inline constexpr std::size_t kMaxLine = 4096;

/// The last field of each line: line_check of the line's text without it.
inline constexpr std::string_view kCheckField = "check";
/// 16 hexadecimal digits that show a line was damaged or edited since it was written. A checksum:
/// who knows how it is made can make it anew.
[[nodiscard]] std::string line_check(std::string_view text);

/// One JSON object and a newline. `ts_ms` is wall-clock milliseconds since 1970, for people only.
[[nodiscard]] std::string to_json_line(const Event& event, std::string_view node_id,
                                       std::uint64_t ts_ms);

}  // namespace jumpgate::audit
