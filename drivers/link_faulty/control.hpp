/// The control socket of a running link: a datagram of JSON in, a datagram of JSON out.
///
/// Request: {"direction": "ab"|"ba"|"both", and any of "delay_ms", "jitter_ms", "loss",
/// "duplicate", "reorder", "reorder_ms", "rate_mbit", "rate_queue_ms"}. What is not named stays.
/// Nothing named: only the counters are asked for. Answer: {"ok": true, "ab": {counters}, "ba":
/// {counters}} or {"ok": false, "error": sentence}. Owner thread: the relay's. Bound:
/// kMaxControlBytes a datagram. Failure: a request is applied whole or not at all.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "link_faulty/direction.hpp"

namespace jumpgate::link_faulty {

/// Both the longest request (every key named) and the longest answer (every counter at 2^64) are
/// below 1 KiB.
inline constexpr std::size_t kMaxControlBytes = 2048;

/// Applies a request to the two directions and answers it.
[[nodiscard]] std::string handle_request(std::string_view request, Direction& ab, Direction& ba);

/// The counters of both directions, the answer to an empty request.
[[nodiscard]] std::string counters_json(const Direction& ab, const Direction& ba);

/// A bound datagram socket at `path`, replacing what a dead process left there.
[[nodiscard]] std::expected<int, std::string> open_control(const std::string& path);

/// Reads and answers every request that waits on the socket.
void serve_control(int fd, Direction& ab, Direction& ba);

/// The asking side: sends the request to the link at `path` and waits up to a second for the
/// answer.
[[nodiscard]] std::expected<std::string, std::string> ask(const std::string& path,
                                                          const std::string& request);

}  // namespace jumpgate::link_faulty
