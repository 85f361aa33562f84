/// Sets up an interface over rtnetlink: MTU, up, addresses, routes. One request, one
/// acknowledgement, blocking.
///
/// Owner thread: whoever sets up the tunnel; not for a packet path. Bound: one message at a time.
/// Failure: each call returns what failed, empty when all went well. What exists already is no
/// failure. Everything set here leaves together with the TUN device.
#pragma once

#include <cstdint>
#include <string>

#include <jumpgate/types.hpp>

namespace jumpgate::tun {

class Rtnl {
 public:
  explicit Rtnl(const std::string& interface);
  ~Rtnl();
  Rtnl(const Rtnl&) = delete;
  Rtnl& operator=(const Rtnl&) = delete;

  std::string set_up(std::uint16_t mtu);
  /// `address` has its host bits set: it is the interface's own.
  std::string add_address(const IpPrefix& address);
  std::string remove_address(const IpPrefix& address);
  /// A /0 becomes two /1: more specific than any default route, which stays as it is for the
  /// uplinks. A route for the same prefix elsewhere is not replaced: it counts again once the
  /// tunnel is gone.
  std::string add_route(const IpPrefix& prefix);

 private:
  std::string address_request(const IpPrefix& address, std::uint16_t type, std::uint16_t flags);
  std::string route_request(const IpPrefix& prefix);
  std::string transact(void* message, const std::string& what);

  int fd_{-1};
  int index_{0};
  std::uint32_t sequence_{0};
};

}  // namespace jumpgate::tun
