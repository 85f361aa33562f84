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

/// One JSON object and a newline. `ts_ms` is wall-clock milliseconds since 1970, for people only.
[[nodiscard]] std::string to_json_line(const Event& event, std::string_view node_id,
                                       std::uint64_t ts_ms);

}  // namespace jumpgate::audit
