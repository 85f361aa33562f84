#include "net/address.hpp"

#include "base/text.hpp"

namespace jumpgate::net {

IpPrefix network_of(const IpPrefix& prefix) {
  return {base::masked(prefix.address, prefix.length), prefix.length};
}

IpPrefix host_prefix(const IpAddress& address) {
  return {address, static_cast<std::uint8_t>(base::address_bits(address.family))};
}

bool overlaps(const IpPrefix& a, const IpPrefix& b) {
  return a.length <= b.length ? base::contains(a, b.address) : base::contains(b, a.address);
}

bool is_link_local(const IpAddress& address) {
  if (address.family == IpFamily::kV4) return address.bytes[0] == 169 && address.bytes[1] == 254;
  return address.family == IpFamily::kV6 && address.bytes[0] == 0xfe &&
         (address.bytes[1] & 0xc0) == 0x80;
}

}  // namespace jumpgate::net
