/// The gateway's ports, opened from the configuration, and what layer 3 knows of them.
///
/// Owner thread: main opens and closes; poll_links() is the controller's. Bound: limits::kMaxPorts.
/// Failure: open() says which port and why; ports opened before are closed again.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/gateway_config.hpp"
#include "data/port_tx.hpp"
#include "ethdev/ethdev_port.hpp"
#include "net/topology.hpp"

struct rte_mempool;

namespace jumpgate::app {

class PortSet {
 public:
  static std::expected<PortSet, std::string> open(const config::GatewayConfig& config,
                                                  rte_mempool* pool);

  [[nodiscard]] std::span<const std::unique_ptr<ethdev::EthdevPort>> ports() const {
    return ports_;
  }
  [[nodiscard]] const std::vector<net::PortAddressing>& addressing() const { return addressing_; }
  [[nodiscard]] std::vector<net::PortAddressing> addressing(net::PortRole role) const;
  [[nodiscard]] std::vector<data::WorkerPort> worker_ports() const;
  [[nodiscard]] std::vector<IpAddress> outer_addresses() const;

  /// Calls `changed` for each port whose link has come up or gone down since the last call.
  void poll_links(const std::function<void(std::uint8_t port, bool up)>& changed);

 private:
  std::vector<std::unique_ptr<ethdev::EthdevPort>> ports_;
  std::vector<net::PortAddressing> addressing_;
};

/// Static routes of the configuration in layer 3's form.
std::vector<net::StaticRoute> static_routes(const config::GatewayConfig& config);

}  // namespace jumpgate::app
