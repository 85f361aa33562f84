#include "net/outer_router.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "net/address.hpp"

namespace jumpgate::net {
namespace {

// The port's own address from which `next_hop` is on link, else any of its family.
IpAddress source_towards(const PortAddressing& port, const IpAddress& next_hop) {
  for (const IpPrefix& own : port.addresses)
    if (base::contains(own, next_hop) && !is_link_local(own.address)) return own.address;
  for (const IpPrefix& own : port.addresses)
    if (own.address.family == next_hop.family && !is_link_local(own.address)) return own.address;
  return {};
}

}  // namespace

OuterRouter::OuterRouter(std::span<const PortAddressing> ports,
                         std::span<const StaticRoute> routes) {
  for (const PortAddressing& port : ports) {
    if (port.role != PortRole::kOuter) continue;
    for (const IpPrefix& own : port.addresses) {
      own_.push_back({own.address, port.port});
      routes_.push_back({network_of(own), port.port, {}, own.address});
    }
    for (const IpAddress& gateway : port.gateways)
      routes_.push_back({{IpAddress{.family = gateway.family}, 0},
                         port.port,
                         gateway,
                         source_towards(port, gateway)});
  }
  for (const StaticRoute& route : routes) {
    const auto port = std::ranges::find_if(ports, [&](const PortAddressing& p) {
      return p.port == route.port && p.role == PortRole::kOuter;
    });
    if (port == ports.end()) continue;
    routes_.push_back(
        {route.prefix, route.port, route.next_hop, source_towards(*port, route.next_hop)});
  }
  std::erase_if(routes_, [](const Route& route) { return route.source.family == IpFamily::kNone; });
  // Longest first; a stable insertion, so that of equal lengths the first configured wins.
  const auto length = [](const Route& route) { return route.prefix.length; };
  for (auto at = routes_.begin(); at != routes_.end(); ++at) {
    const auto place =
        std::ranges::upper_bound(routes_.begin(), at, length(*at), std::greater{}, length);
    std::rotate(place, at, at + 1);
  }
}

std::optional<OuterRoute> OuterRouter::route(const IpAddress& remote,
                                             std::optional<IpAddress> local) const {
  std::optional<std::uint8_t> port;
  if (local) {
    const auto own = std::ranges::find(own_, *local, &Own::address);
    if (own == own_.end()) return std::nullopt;
    port = own->port;
  }
  const Route* found = nullptr;
  for (const Route& route : routes_) {
    if (!base::contains(route.prefix, remote)) continue;
    if (found == nullptr) found = &route;
    if (!port || route.port == *port) {
      found = &route;
      break;
    }
  }
  if (found == nullptr) return std::nullopt;
  const bool on_link = found->next_hop.family == IpFamily::kNone;
  return OuterRoute{found->port, local.value_or(found->source), on_link ? remote : found->next_hop};
}

bool OuterRouter::is_local(const IpAddress& address) const {
  return std::ranges::find(own_, address, &Own::address) != own_.end();
}

}  // namespace jumpgate::net
