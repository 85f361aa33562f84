#include "data/packets.hpp"

#include "base/bytes.hpp"
#include "net/address.hpp"

namespace jumpgate::data {
namespace {

constexpr std::size_t kIpv4SourceOffset = 12;
constexpr std::size_t kIpv4DestinationOffset = 16;
constexpr std::size_t kIpv6SourceOffset = 8;
constexpr std::size_t kIpv6DestinationOffset = 24;

IpFamily family_of(const Datagram& d) {
  return d.v6 ? IpFamily::kV6 : IpFamily::kV4;
}

}  // namespace

Endpoint source_of(const Datagram& d) {
  return {net::address_at(family_of(d), d.ip + (d.v6 ? kIpv6SourceOffset : kIpv4SourceOffset)),
          base::load_be16(d.udp)};
}

Endpoint destination_of(const Datagram& d) {
  return {net::address_at(family_of(d),
                          d.ip + (d.v6 ? kIpv6DestinationOffset : kIpv4DestinationOffset)),
          base::load_be16(d.udp + 2)};
}

void strip_to_message(Datagram& d) {
  cut_to(d.mbuf, d.message, d.length);
}

}  // namespace jumpgate::data
