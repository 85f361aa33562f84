/// The contract of a packet port: bursts of mbufs in and out. The data plane knows ports only through it; the
/// drivers live in drivers/ethdev and are made by src/app and the tools.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <jumpgate/types.hpp>

struct rte_mbuf;

namespace jumpgate {

/// What the port does for us; what it does not do is done in software.
struct PortOffloads {
  bool rx_ipv4_checksum{false};
  bool rx_udp_checksum{false};
  bool tx_ipv4_checksum{false};
  bool tx_udp_checksum{false};
};

/// One port with its queues. A queue belongs to one worker; rx_burst and tx_burst of different queues may run on
/// different threads at once. Nothing here blocks or allocates.
class PacketPort {
 public:
  virtual ~PacketPort() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual MacAddress mac() const = 0;
  /// Layer 3 MTU in bytes.
  [[nodiscard]] virtual std::uint16_t mtu() const = 0;
  [[nodiscard]] virtual std::uint16_t queues() const = 0;
  [[nodiscard]] virtual PortOffloads offloads() const = 0;
  /// Last known state of the link, kept fresh by the port's owner (the controller polls it); any thread may ask. A
  /// port without a link is always up.
  [[nodiscard]] virtual bool link_up() const { return true; }

  /// Receives up to `out.size()` packets; returns how many. Ownership passes to the caller.
  virtual std::uint16_t rx_burst(std::uint16_t queue, std::span<rte_mbuf*> out) = 0;
  /// Sends the first n packets of `packets`, returns n; the caller keeps, and counts, the rest.
  virtual std::uint16_t tx_burst(std::uint16_t queue, std::span<rte_mbuf*> packets) = 0;
};

}  // namespace jumpgate
