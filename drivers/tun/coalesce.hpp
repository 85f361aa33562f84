/// Joins consecutive TCP segments of one flow into one super-packet for the kernel (generic receive
/// offload).
///
/// Pure: bytes in, bytes out. Owner: the TUN device. Bound: one super-packet of 64 KiB, allocated
/// once. Only what joins without loss of meaning is joined: same flow and headers, next sequence
/// number, correct checksums (the kernel will not look again), ACK and PSH alone among the flags;
/// everything else goes as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tun/segment.hpp"

namespace jumpgate::tun {

class Coalescer {
 public:
  Coalescer();
  /// How many packets from the front form one super-packet. When more than one: it lies in
  /// packet().
  std::size_t gather(std::span<const std::span<std::uint8_t>> packets);
  [[nodiscard]] const VnetHeader& header() const { return header_; }
  [[nodiscard]] std::span<const std::uint8_t> packet() const { return {joined_.data(), length_}; }

 private:
  VnetHeader header_;
  std::vector<std::uint8_t> joined_;
  std::size_t length_{0};
};

}  // namespace jumpgate::tun
