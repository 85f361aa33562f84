/// Splits what the kernel hands over in one piece (TSO, USO) into packets of the tunnel's MTU, and
/// finishes checksums that the kernel left to "the hardware".
///
/// Pure: bytes in, bytes out. Owner: the caller. Bound: one super-packet (64 KiB) at a time.
/// Failure: a frame that does not hold what its virtio header claims yields no segment at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace jumpgate::tun {

/// struct virtio_net_hdr as IFF_VNET_HDR puts it before each packet, host byte order
/// (virtio 1.2, 5.1.6).
struct VnetHeader {
  std::uint8_t flags{0};
  std::uint8_t gso_type{0};
  std::uint16_t header_length{0};
  std::uint16_t gso_size{0};
  std::uint16_t checksum_start{0};
  std::uint16_t checksum_offset{0};
};
static_assert(sizeof(VnetHeader) == 10);

inline constexpr std::uint8_t kVnetNeedsChecksum = 1;
inline constexpr std::uint8_t kGsoNone = 0;
inline constexpr std::uint8_t kGsoTcp4 = 1;
inline constexpr std::uint8_t kGsoUdp = 3;  // fragmentation offload: never asked for
inline constexpr std::uint8_t kGsoTcp6 = 4;
inline constexpr std::uint8_t kGsoUdpL4 = 5;  // UDP segmentation (Linux 6.2)
inline constexpr std::uint8_t kGsoEcn = 0x80;

/// One super-packet being split; holds a view of the frame, which must outlive it.
class Segmenter {
 public:
  /// Checks the frame. After false next() yields nothing.
  bool start(const VnetHeader& header, std::span<std::uint8_t> packet);
  [[nodiscard]] bool done() const { return offset_ >= packet_.size(); }
  /// Writes the next packet into `out`; its length, or 0 when it does not fit (the rest is given
  /// up).
  std::size_t next(std::span<std::uint8_t> out);

 private:
  [[nodiscard]] bool check_layout(const VnetHeader& header) const;
  void finish_headers(std::span<std::uint8_t> segment, std::size_t payload, bool first,
                      bool last) const;

  std::span<std::uint8_t> packet_;
  std::size_t transport_{0};  // offset of the transport header
  std::size_t headers_{0};    // IP and transport header together
  std::size_t segment_{0};    // payload bytes in each packet; 0: not split
  std::size_t offset_{0};     // next payload byte
  std::size_t index_{0};
  bool tcp_{false};
};

}  // namespace jumpgate::tun
