/// A packet port over a DPDK ethdev.
///
/// Owner: main opens and closes it; each queue's bursts belong to one worker; poll_link() and
/// stats() to the controller. Bounds: queues and descriptors as the spec says, mbufs from the
/// caller's pool. Failure: open() says why in words; bursts never fail, they move fewer packets. RX
/// needs mbufs of at least mtu + 18 bytes of data room (single segment).
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <jumpgate/ports.hpp>
#include <jumpgate/types.hpp>

#include "ethdev/interface_guard.hpp"
#include "ethdev/netlink_link.hpp"
#include "ethdev/port_spec.hpp"

struct rte_mempool;

namespace jumpgate::ethdev {

struct PortStats {
  std::uint64_t rx_packets{0};
  std::uint64_t tx_packets{0};
  std::uint64_t rx_bytes{0};
  std::uint64_t tx_bytes{0};
  std::uint64_t rx_missed{0};  // dropped by the port for want of descriptors
  std::uint64_t rx_errors{0};
  std::uint64_t tx_errors{0};
  std::uint64_t rx_no_mbuf{0};
};

class EthdevPort final : public PacketPort {
 public:
  /// EAL runs already. Creates the vdev (or attaches the PCI device), configures and starts it.
  static std::expected<std::unique_ptr<EthdevPort>, std::string> open(const PortSpec& spec,
                                                                      rte_mempool* pool);
  /// Over an ethdev that exists already (tests with net_ring); stops it, but leaves the device in
  /// place.
  static std::expected<std::unique_ptr<EthdevPort>, std::string> adopt(std::uint16_t port_id,
                                                                       const PortSpec& spec,
                                                                       rte_mempool* pool);
  ~EthdevPort() override;
  EthdevPort(const EthdevPort&) = delete;
  EthdevPort& operator=(const EthdevPort&) = delete;

  [[nodiscard]] std::string_view name() const override { return spec_.name; }
  [[nodiscard]] MacAddress mac() const override { return mac_; }
  [[nodiscard]] std::uint16_t mtu() const override { return mtu_; }
  [[nodiscard]] std::uint16_t queues() const override { return spec_.queues; }
  [[nodiscard]] PortOffloads offloads() const override { return offloads_; }
  [[nodiscard]] bool link_up() const override { return link_up_.load(std::memory_order_relaxed); }
  std::uint16_t rx_burst(std::uint16_t queue, std::span<rte_mbuf*> out) override;
  std::uint16_t tx_burst(std::uint16_t queue, std::span<rte_mbuf*> packets) override;

  /// Controller, each tick or when link_fd() is readable: refreshes link_up(); true when it
  /// changed.
  bool poll_link();
  /// -1 when the ethdev itself knows its link.
  [[nodiscard]] int link_fd() const { return link_ ? link_->fd() : -1; }
  [[nodiscard]] PortStats stats() const;
  [[nodiscard]] std::uint16_t port_id() const { return port_id_; }

 private:
  EthdevPort(std::uint16_t port_id, PortSpec spec);
  std::expected<void, std::string> start(rte_mempool* pool);
  std::expected<void, std::string> set_up_queues(rte_mempool* pool);
  std::expected<void, std::string> set_mtu();
  bool read_link() const;

  std::uint16_t port_id_;
  PortSpec spec_;
  std::string vdev_;  // made by us, taken away at the end
  MacAddress mac_;
  std::uint16_t mtu_{0};
  PortOffloads offloads_;
  std::optional<InterfaceLock> lock_;
  std::optional<NetlinkLink> link_;
  std::atomic<bool> link_up_{true};
};

}  // namespace jumpgate::ethdev
