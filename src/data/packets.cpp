#include "data/packets.hpp"

#include <algorithm>
#include <span>

#include "base/bytes.hpp"
#include "net/address.hpp"

namespace jumpgate::data {
namespace {

constexpr std::size_t kIpv4SourceOffset = 12;
constexpr std::size_t kIpv4DestinationOffset = 16;
constexpr std::size_t kIpv6SourceOffset = 8;
constexpr std::size_t kIpv6DestinationOffset = 24;

IpAddress address_at(const Datagram& d, std::size_t v4_offset, std::size_t v6_offset) {
  if (d.v6) return net::address_v6(std::span<const std::uint8_t, 16>(d.ip + v6_offset, 16));
  return net::address_v4(std::span<const std::uint8_t, 4>(d.ip + v4_offset, 4));
}

}  // namespace

Endpoint source_of(const Datagram& d) {
  return {address_at(d, kIpv4SourceOffset, kIpv6SourceOffset), base::load_be16(d.udp)};
}

Endpoint destination_of(const Datagram& d) {
  return {address_at(d, kIpv4DestinationOffset, kIpv6DestinationOffset),
          base::load_be16(d.udp + 2)};
}

void strip_to_message(Datagram& d) {
  const auto before = static_cast<std::uint16_t>(d.message - bytes_of(d.mbuf));
  rte_pktmbuf_adj(d.mbuf, before);
  rte_pktmbuf_trim(d.mbuf, static_cast<std::uint16_t>(rte_pktmbuf_data_len(d.mbuf) - d.length));
}

}  // namespace jumpgate::data
