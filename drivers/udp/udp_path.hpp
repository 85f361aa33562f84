/// One uplink's UDP socket: bound to its interface, both families on one socket, batches both ways.
///
/// Purpose: DatagramPath over Linux. SO_BINDTODEVICE keeps what we send on the uplink whatever the
/// routing table
///   says, so a default route into the tunnel can never swallow the tunnel's own packets.
/// Owner thread: the client's loop, alone.
/// Bound: kRxBuffers receive buffers, allocated once; at most limits::kBurst messages a system
/// call. Failure: open() says which step failed. Afterwards the network may lose anything: what the
/// kernel refuses is
///   counted and reported as not sent. Errors that ICMP caused are hints for a probe, never
///   believed (RFC 5927 4).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <jumpgate/datagrams.hpp>
#include <jumpgate/limits.hpp>

namespace jumpgate::udp {

struct Options {
  std::string interface;        // SO_BINDTODEVICE; empty: not bound (tests on loopback)
  std::uint16_t local_port{0};  // 0: the kernel chooses
  int buffer_bytes{4 << 20};    // asked for both directions; the kernel may grant less
  bool segmentation{true};      // UDP_SEGMENT and UDP_GRO where the kernel has them
};

/// What the socket's error queue held, summed up.
struct ErrorHints {
  bool unreachable{
      false};  // some host, port or network was reported unreachable, or the link went away
  std::uint32_t mtu{0};  // smallest path MTU reported, 0: none
};

class UdpPath final : public DatagramPath {
 public:
  static std::expected<std::unique_ptr<UdpPath>, std::string> open(const Options& options);
  ~UdpPath() override;
  UdpPath(const UdpPath&) = delete;
  UdpPath& operator=(const UdpPath&) = delete;

  std::size_t receive(std::span<RxDatagram> out) override;
  std::size_t send(std::span<const TxDatagram> datagrams) override;
  [[nodiscard]] int fd() const override { return fd_; }
  /// Datagrams of the last system call are left: receive() yields them though fd() is not readable.
  [[nodiscard]] bool pending() const { return next_received_ < received_.size(); }

  /// Empties the error queue and says what was in it.
  ErrorHints take_errors();

  [[nodiscard]] std::uint16_t local_port() const { return local_port_; }
  [[nodiscard]] bool has_gso() const { return gso_; }
  [[nodiscard]] bool has_gro() const { return gro_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  /// A received buffer, perhaps of several datagrams of `segment` bytes each (the last may be
  /// shorter).
  struct Received {
    std::size_t buffer{0};
    std::size_t length{0};
    std::size_t segment{0};
    std::size_t offset{0};
    Endpoint from;
    std::uint8_t traffic_class{0};
  };

  UdpPath(int fd, bool v6) : fd_(fd), v6_(v6) {}
  [[nodiscard]] std::string configure(const Options& options);
  void fill();

  int fd_;
  bool v6_;
  bool gso_{false};
  bool gro_{false};
  std::uint16_t local_port_{0};
  std::uint64_t refused_{0};
  std::size_t buffer_size_{0};
  std::vector<std::uint8_t> buffers_;
  std::vector<Received> received_;
  std::size_t next_received_{0};
};

}  // namespace jumpgate::udp
