/// Complete Ethernet frames from the controller to one worker, which only transmits them: ARP, ND
/// and ICMP answers, handshake and control messages. `mbuf->port` is the index of the egress port.
///
/// Owner threads: push is the controller's, pop_burst the worker's. Mbufs move with the ring.
/// Bound: `frames`. Failure: push returns false and the mbuf stays the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>

#include "bus/ring.hpp"

struct rte_mbuf;

namespace jumpgate::bus {

/// `mbuf->port` of an inner IP packet (without Ethernet) that is to go into the tunnel of the peer
/// its destination belongs to: the gateway's own ICMP answers to clients.
inline constexpr std::uint16_t kIntoTunnel = 0xffff;

class FrameChannel {
 public:
  static std::size_t footprint(std::size_t frames) { return Ring<rte_mbuf*>::footprint(frames); }
  static std::expected<std::unique_ptr<FrameChannel>, std::string> create(unsigned worker,
                                                                          std::size_t frames,
                                                                          int socket);
  FrameChannel(const FrameChannel&) = delete;
  FrameChannel& operator=(const FrameChannel&) = delete;
  /// Frees the frames that nobody took.
  ~FrameChannel();

  bool push(rte_mbuf* frame) { return ring_.push(frame); }
  std::size_t pop_burst(std::span<rte_mbuf*> out) {
    return ring_.pop_burst(out.data(), out.size());
  }

 private:
  FrameChannel() = default;

  Ring<rte_mbuf*> ring_;
};

}  // namespace jumpgate::bus
