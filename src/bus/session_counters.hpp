/// What one session has done, for everyone to read.
///
/// Owner thread: written by the owning worker; read by the controller and its control socket.
/// Bound: one cache line a slot. `life` names the life the figures belong to: a reader compares it
/// before and after, since a slot may be reused meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>

#include "bus/counter.hpp"
#include "bus/zone.hpp"

namespace jumpgate::bus {

struct alignas(64) SessionCounters {
  Counter<std::uint64_t> rx_packets;     // DATA opened and accepted
  Counter<std::uint64_t> rx_bytes;       // of inner packets
  Counter<std::uint64_t> tx_packets;     // DATA sealed
  Counter<std::uint64_t> tx_bytes;       // of inner packets
  Counter<std::uint64_t> last_heard;     // authentic traffic, monotonic ns; 0: never
  Counter<std::uint64_t> drops;          // authentic or addressed packets of this session dropped
  Counter<std::uint32_t> srtt_us;        // smoothed round trip of the bound path; 0: no sample
  Counter<std::uint32_t> loss_permille;  // of what we send, over the policy's loss_window
  Counter<std::uint32_t> path_mtu;       // of the bound path, bytes of outer packets, as probed
  Counter<std::uint32_t> life;
};
static_assert(sizeof(SessionCounters) == 64);

/// The counters of all slots of one worker.
class SessionCounterTable {
 public:
  static std::size_t footprint(std::size_t slots) { return zone_bytes<SessionCounters>(slots); }
  static std::expected<std::unique_ptr<SessionCounterTable>, std::string> create(unsigned worker,
                                                                                 std::size_t slots,
                                                                                 int socket);
  SessionCounters& operator[](std::size_t slot) { return slots_[slot]; }
  const SessionCounters& operator[](std::size_t slot) const { return slots_[slot]; }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }

 private:
  Zone zone_;
  std::span<SessionCounters> slots_;
};

}  // namespace jumpgate::bus
