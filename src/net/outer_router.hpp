/// Where an outer packet leaves: for a remote address the port, our source address and the next
/// hop.
///
/// Owner: the controller, once for each binding, challenge or handshake answer; workers get the
/// result in bus::OuterPath. Bound: the configured addresses and routes, scanned longest prefix
/// first. Failure: nullopt, no route.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <jumpgate/types.hpp>

#include "net/topology.hpp"

namespace jumpgate::net {

struct OuterRoute {
  std::uint8_t port{0};
  IpAddress local;
  IpAddress next_hop;  // the remote itself when it is on link
};

class OuterRouter {
 public:
  /// Takes the ports whose role is outer and the routes over them.
  OuterRouter(std::span<const PortAddressing> ports, std::span<const StaticRoute> routes);

  /// `local`, when given, is the address the peer sent to: the answer must come from it (and leaves
  /// by its port when a route exists there). Else the source is the route's own address of the
  /// remote's family.
  [[nodiscard]] std::optional<OuterRoute> route(
      const IpAddress& remote, std::optional<IpAddress> local = std::nullopt) const;
  /// Whether `address` is one of our outer addresses.
  [[nodiscard]] bool is_local(const IpAddress& address) const;

 private:
  struct Route {
    IpPrefix prefix;
    std::uint8_t port;
    IpAddress next_hop;  // none: on link
    IpAddress source;
  };
  struct Own {
    IpAddress address;
    std::uint8_t port;
  };
  std::vector<Route> routes_;  // longest first
  std::vector<Own> own_;
};

}  // namespace jumpgate::net
