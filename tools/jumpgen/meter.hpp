/// One direction of the traffic, measured: what was sent, what came, how late and in which order.
///
/// Owner thread: the player's. Bound: 16 bytes a client and one histogram. Failure: what is no
/// probe of the running trial is counted as foreign, stray or late, and measured no further.
///
/// A packet is reordered when its number lies below one that came before it (RFC 4737 section 3).
/// A duplicate is one of these; the tunnel's replay window lets none through.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <jumpgate/time.hpp>

#include "tools/jumpgen/histogram.hpp"
#include "tools/jumpgen/probe.hpp"

namespace jumpgate::jumpgen {

struct DirectionCounts {
  std::uint64_t sent{0};
  std::uint64_t sent_bytes{0};  // of inner packets
  std::uint64_t received{0};
  std::uint64_t received_bytes{0};
  std::uint64_t reordered{0};
  std::uint64_t foreign{0};  // authentic, but no whole probe of ours
  std::uint64_t stray{0};    // from or to another client than its addresses say
  std::uint64_t late{0};     // of a trial that is over

  [[nodiscard]] std::uint64_t lost() const { return sent > received ? sent - received : 0; }
};

class Meter {
 public:
  explicit Meter(std::uint32_t clients) : sent_(clients), expected_(clients) {}

  void begin(std::uint32_t trial);
  /// The next packet of this client; it counts as sent.
  [[nodiscard]] Probe stamp(std::uint32_t client, std::size_t bytes, MonoNs now);
  /// `client` is whose tunnel it came through, or whose address it bears.
  void arrived(const std::optional<ReceivedProbe>& packet, std::optional<std::uint32_t> client,
               MonoNs now);

  [[nodiscard]] const DirectionCounts& counts() const { return counts_; }
  [[nodiscard]] const Histogram& latency() const { return latency_; }

 private:
  std::uint32_t trial_{0};
  std::vector<std::uint64_t> sent_;      // by client: packets stamped
  std::vector<std::uint64_t> expected_;  // by client: one above the highest number seen
  DirectionCounts counts_;
  Histogram latency_;
};

}  // namespace jumpgate::jumpgen
