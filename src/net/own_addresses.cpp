#include "net/own_addresses.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "net/address.hpp"

namespace jumpgate::net {

std::optional<IpAddress> own_address_towards(const PortAddressing& port, const IpAddress& address) {
  std::optional<IpAddress> same_family;
  for (const IpPrefix& own : port.addresses) {
    if (own.address.family != address.family) continue;
    if (base::contains(own, address)) return own.address;
    if (!same_family) same_family = own.address;
  }
  return same_family;
}

bool is_on_link(const PortAddressing& port, const IpAddress& address) {
  if (address.family == IpFamily::kV6 && is_link_local(address)) return true;
  return std::ranges::any_of(port.addresses,
                             [&](const IpPrefix& own) { return base::contains(own, address); });
}

bool is_own_address(const PortAddressing& port, const IpAddress& address) {
  return std::ranges::any_of(port.addresses,
                             [&](const IpPrefix& own) { return own.address == address; });
}

}  // namespace jumpgate::net
