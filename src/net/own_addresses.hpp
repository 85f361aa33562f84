/// Questions about a port's own addresses.
///
/// Owner thread: any; pure functions.
#pragma once

#include <optional>

#include "net/topology.hpp"

namespace jumpgate::net {

/// Our address to ask for `address` from: one whose prefix holds it, else any of its family.
std::optional<IpAddress> own_address_towards(const PortAddressing& port, const IpAddress& address);
/// One of the port's prefixes holds it, or it is IPv6 link-local.
bool is_on_link(const PortAddressing& port, const IpAddress& address);
bool is_own_address(const PortAddressing& port, const IpAddress& address);

}  // namespace jumpgate::net
