/// The TUN device: inner packets from and to the host's stack, with the kernel's segmentation
/// offloads.
///
/// Purpose: PacketDevice over /dev/net/tun with IFF_VNET_HDR. The kernel hands over TCP (and, where
/// it can, UDP)
///   super-packets, which are split here; towards the kernel consecutive TCP segments of one flow
///   go as one.
/// Owner thread: the client's loop, alone. Non-blocking.
/// Bound: kSlots packet buffers and one super-packet, allocated once.
/// Failure: open() says which step failed. A packet that the kernel refuses is counted and lost, as
/// on any link.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <jumpgate/datagrams.hpp>

#include "tun/coalesce.hpp"
#include "tun/segment.hpp"

namespace jumpgate::tun {

/// Bytes before each packet that read() yields, and behind its end.
inline constexpr std::size_t kHeadroom = 64;
inline constexpr std::size_t kTailroom = 64;

struct TunOptions {
  std::string name;     // a '%d' in it lets the kernel choose the number
  bool offloads{true};  // TSO4, TSO6 and USO where the kernel has them
};

class TunDevice final : public PacketDevice {
 public:
  static std::expected<std::unique_ptr<TunDevice>, std::string> open(const TunOptions& options);
  ~TunDevice() override;
  TunDevice(const TunDevice&) = delete;
  TunDevice& operator=(const TunDevice&) = delete;

  std::size_t read(std::span<std::span<std::uint8_t>> out) override;
  std::size_t write(std::span<const std::span<std::uint8_t>> packets) override;
  [[nodiscard]] int fd() const override { return fd_; }
  /// Part of a super-packet is left: read() yields it though fd() is not readable.
  [[nodiscard]] bool pending() const { return !segmenter_.done(); }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool has_uso() const { return uso_; }
  /// Somebody deleted the interface: fd() is readable for ever, and there is nothing to read.
  [[nodiscard]] bool gone() const { return gone_; }
  /// Frames that made no sense or that the kernel refused.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  TunDevice(int fd, std::string name);
  bool read_super_packet();
  bool write_one(const VnetHeader& header, std::span<const std::uint8_t> packet);

  int fd_;
  std::string name_;
  bool offloads_{false};
  bool uso_{false};
  bool gone_{false};
  std::uint64_t dropped_{0};
  std::vector<std::uint8_t> super_;  // the frame last read, with its virtio header
  Segmenter segmenter_;
  std::vector<std::uint8_t> slots_;
  Coalescer coalescer_;
};

}  // namespace jumpgate::tun
