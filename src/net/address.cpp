#include "net/address.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace jumpgate::net {

IpAddress address_v4(std::span<const std::uint8_t, 4> bytes) {
  IpAddress address{.family = IpFamily::kV4};
  std::ranges::copy(bytes, address.bytes.begin());
  return address;
}

IpAddress address_v6(std::span<const std::uint8_t, 16> bytes) {
  IpAddress address{.family = IpFamily::kV6};
  std::ranges::copy(bytes, address.bytes.begin());
  return address;
}

IpPrefix network_of(const IpPrefix& prefix) {
  return {base::masked(prefix.address, prefix.length), prefix.length};
}

IpPrefix host_prefix(const IpAddress& address) {
  return {address, static_cast<std::uint8_t>(base::address_bits(address.family))};
}

bool overlaps(const IpPrefix& a, const IpPrefix& b) {
  return a.length <= b.length ? base::contains(a, b.address) : base::contains(b, a.address);
}

bool is_unspecified(const IpAddress& address) {
  return std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool is_multicast(const IpAddress& address) {
  if (address.family == IpFamily::kV4) return (address.bytes[0] & 0xf0) == 0xe0;
  return address.family == IpFamily::kV6 && address.bytes[0] == 0xff;
}

bool is_link_local(const IpAddress& address) {
  if (address.family == IpFamily::kV4) return address.bytes[0] == 169 && address.bytes[1] == 254;
  return address.family == IpFamily::kV6 && address.bytes[0] == 0xfe &&
         (address.bytes[1] & 0xc0) == 0x80;
}

bool is_answerable(const IpAddress& address) {
  if (address.family == IpFamily::kNone || is_unspecified(address) || is_multicast(address))
    return false;
  if (address.family == IpFamily::kV4) {
    // 0/8 is "this network", 127/8 loopback, 240/4 reserved with the limited broadcast at its end.
    return address.bytes[0] != 0 && address.bytes[0] != 127 && address.bytes[0] < 240;
  }
  const bool loopback =
      address.bytes[15] == 1 && std::all_of(address.bytes.begin(), address.bytes.end() - 1,
                                            [](std::uint8_t b) { return b == 0; });
  return !loopback;
}

}  // namespace jumpgate::net
