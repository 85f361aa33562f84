#include "app/jumpgated/port_set.hpp"

#include <algorithm>
#include <iterator>

namespace jumpgate::app {
namespace {

ethdev::Driver driver_of(config::PortDriver driver) {
  switch (driver) {
    case config::PortDriver::kAfXdp:
      return ethdev::Driver::kAfXdp;
    case config::PortDriver::kAfPacket:
      return ethdev::Driver::kAfPacket;
    case config::PortDriver::kTap:
      return ethdev::Driver::kTap;
    case config::PortDriver::kMemif:
      return ethdev::Driver::kMemif;
    case config::PortDriver::kRing:
      return ethdev::Driver::kRing;
    case config::PortDriver::kNull:
      return ethdev::Driver::kNull;
    case config::PortDriver::kPcap:
      return ethdev::Driver::kPcap;
    case config::PortDriver::kPci:
      return ethdev::Driver::kPci;
  }
  return ethdev::Driver::kAfXdp;
}

ethdev::PortSpec spec_of(const config::PortConfig& port, const config::GatewayConfig& config) {
  return {.name = port.name,
          .driver = driver_of(port.driver),
          .interface = port.interface,
          .devargs = port.devargs,
          .queues = static_cast<std::uint16_t>(config.workers),
          .mtu = port.mtu,
          .rx_descriptors = static_cast<std::uint16_t>(config.limits.rx_descriptors),
          .tx_descriptors = static_cast<std::uint16_t>(config.limits.tx_descriptors),
          .force = port.force};
}

}  // namespace

std::expected<PortSet, std::string> PortSet::open(const config::GatewayConfig& config,
                                                  rte_mempool* pool) {
  PortSet set;
  for (const config::PortConfig& port : config.ports) {
    auto opened = ethdev::EthdevPort::open(spec_of(port, config), pool);
    if (!opened) return std::unexpected(opened.error());
    set.addressing_.push_back({.port = static_cast<std::uint8_t>(set.ports_.size()),
                               .role = port.role,
                               .mac = (*opened)->mac(),
                               .mtu = (*opened)->mtu(),
                               .vlan = port.vlan,
                               .addresses = port.addresses,
                               .gateways = port.gateways,
                               .believes_announcements = port.believes_announcements});
    set.ports_.push_back(std::move(*opened));
  }
  return set;
}

std::vector<net::PortAddressing> PortSet::addressing(net::PortRole role) const {
  std::vector<net::PortAddressing> some;
  std::ranges::copy_if(addressing_, std::back_inserter(some),
                       [role](const auto& port) { return port.role == role; });
  return some;
}

std::vector<data::WorkerPort> PortSet::worker_ports() const {
  std::vector<data::WorkerPort> ports;
  ports.reserve(ports_.size());
  for (std::size_t i = 0; i < ports_.size(); ++i)
    ports.push_back({.port = ports_[i].get(),
                     .role = addressing_[i].role,
                     .offloads = ports_[i]->offloads(),
                     .mac = addressing_[i].mac,
                     .mtu = addressing_[i].mtu,
                     .vlan = addressing_[i].vlan});
  return ports;
}

std::vector<IpAddress> PortSet::outer_addresses() const {
  std::vector<IpAddress> addresses;
  for (const net::PortAddressing& port : addressing_)
    if (port.role == net::PortRole::kOuter)
      for (const IpPrefix& own : port.addresses)
        addresses.push_back(own.address);
  return addresses;
}

void PortSet::poll_links(const std::function<void(std::uint8_t port, bool up)>& changed) {
  for (std::size_t i = 0; i < ports_.size(); ++i)
    if (ports_[i]->poll_link()) changed(static_cast<std::uint8_t>(i), ports_[i]->link_up());
}

std::vector<net::StaticRoute> static_routes(const config::GatewayConfig& config) {
  std::vector<net::StaticRoute> routes;
  routes.reserve(config.routes.size());
  for (const config::RouteConfig& route : config.routes)
    routes.push_back({.prefix = route.prefix,
                      .port = static_cast<std::uint8_t>(route.port),
                      .next_hop = route.via});
  return routes;
}

}  // namespace jumpgate::app
