#include "tools/jumpgen/meter.hpp"

#include <algorithm>

namespace jumpgate::jumpgen {

void Meter::begin(std::uint32_t trial) {
  trial_ = trial;
  std::ranges::fill(sent_, 0);
  std::ranges::fill(expected_, 0);
  counts_ = {};
  latency_.clear();
}

Probe Meter::stamp(std::uint32_t client, std::size_t bytes, MonoNs now) {
  ++counts_.sent;
  counts_.sent_bytes += bytes;
  return {.client = client, .trial = trial_, .sequence = sent_[client]++, .sent = now};
}

void Meter::arrived(const std::optional<ReceivedProbe>& packet, std::optional<std::uint32_t> client,
                    MonoNs now) {
  if (!packet) {
    ++counts_.foreign;
    return;
  }
  const Probe& probe = packet->probe;
  if (client != probe.client) {
    ++counts_.stray;
    return;
  }
  if (probe.trial != trial_) {
    ++counts_.late;
    return;
  }
  ++counts_.received;
  counts_.received_bytes += packet->size;
  std::uint64_t& expected = expected_[probe.client];
  if (probe.sequence < expected) ++counts_.reordered;
  expected = std::max(expected, probe.sequence + 1);
  latency_.record(now - probe.sent);
}

}  // namespace jumpgate::jumpgen
