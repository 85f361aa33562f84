/// The client's contract with its sockets and its TUN device: batches of datagrams and of inner packets. Drivers
/// live in drivers/udp and drivers/tun; tests and simulation bring their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <jumpgate/types.hpp>

namespace jumpgate {

/// One received datagram; `bytes` may be modified in place (AEAD) and is valid until the next receive.
struct RxDatagram {
  std::span<std::uint8_t> bytes;
  Endpoint from;
  std::uint8_t traffic_class{0};  // TOS or traffic class of its IP header: DSCP and ECN
};

/// One datagram to send.
struct TxDatagram {
  std::span<const std::uint8_t> bytes;
  Endpoint to;
  std::uint8_t traffic_class{0};
};

/// A UDP path over one uplink: a socket bound to that interface. Non-blocking.
class DatagramPath {
 public:
  virtual ~DatagramPath() = default;
  /// Fills up to `out.size()` entries, returns how many arrived (0: none now).
  virtual std::size_t receive(std::span<RxDatagram> out) = 0;
  /// Sends in order; returns how many the kernel took. What it did not take is lost, as on any network.
  virtual std::size_t send(std::span<const TxDatagram> datagrams) = 0;
  /// For the event loop.
  [[nodiscard]] virtual int fd() const = 0;
};

/// The inner side: IP packets from and to the host's stack. Non-blocking.
class PacketDevice {
 public:
  virtual ~PacketDevice() = default;
  /// Reads up to `out.size()` inner packets; each span has `headroom` bytes before it and room for a tag behind it.
  virtual std::size_t read(std::span<std::span<std::uint8_t>> out) = 0;
  /// Hands inner packets to the host; returns how many it took.
  virtual std::size_t write(std::span<const std::span<std::uint8_t>> packets) = 0;
  [[nodiscard]] virtual int fd() const = 0;
};

}  // namespace jumpgate
