/// An AF_PACKET socket on one interface of this network namespace: whole Ethernet frames, in
/// batches.
///
/// Owner thread: the relay's. Bound: kBatch frames a call, kSocketBuffer bytes in the kernel.
/// Failure: opening answers a sentence; in the run, what the kernel refuses is a return value.
/// Frames read from veth may have partial checksums when the peer's transmit offload is on: whoever
/// makes the topology switches it off (ethtool -K DEV tx off), which switches segmentation offload
/// off as well.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

namespace jumpgate::link_faulty {

/// Frames a system call: a batch of 64 makes the call's cost small beside the copies.
inline constexpr std::size_t kBatch = 64;
/// Kernel buffer of a socket: 16 MiB hold a quarter of a second at 300 Mbit/s with the kernel's own
/// overhead.
inline constexpr int kSocketBuffer = 16 * 1024 * 1024;

class PacketSocket {
 public:
  static std::expected<PacketSocket, std::string> open(const std::string& interface,
                                                       std::size_t frame_bytes);
  PacketSocket(PacketSocket&& other) noexcept;
  PacketSocket& operator=(PacketSocket&&) = delete;
  PacketSocket(const PacketSocket&) = delete;
  PacketSocket& operator=(const PacketSocket&) = delete;
  ~PacketSocket();

  struct Received {
    std::span<const std::byte> frame;
    bool truncated;  ///< longer than frame_bytes
  };
  /// Up to kBatch frames without waiting; valid until the next call. An interface that is down
  /// gives none.
  std::span<const Received> receive();

  /// Sends without waiting; answers how many the interface took. The rest are lost, as on a line.
  std::size_t send(std::span<const std::span<const std::byte>> frames);

  [[nodiscard]] int fd() const { return fd_; }

 private:
  PacketSocket(int fd, std::size_t frame_bytes);

  int fd_;
  std::size_t frame_bytes_;
  std::vector<std::byte> buffer_;
  std::array<Received, kBatch> received_{};
};

}  // namespace jumpgate::link_faulty
