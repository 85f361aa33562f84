#include "data/outer_template.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include <rte_mbuf.h>

#include <jumpgate/limits.hpp>
#include <jumpgate/wire.hpp>

#include "base/bytes.hpp"
#include "data/packets.hpp"
#include "net/checksum.hpp"

namespace jumpgate::data {
namespace {

constexpr std::size_t kIpOffset = net::kEthernetSize;
constexpr std::size_t kV4Size = kIpOffset + net::kIpv4Size + net::kUdpSize;
constexpr std::size_t kV6Size = kIpOffset + net::kIpv6Size + net::kUdpSize;
constexpr std::size_t kIpv4LengthOffset = 2;
constexpr std::size_t kIpv6LengthOffset = 4;
constexpr std::size_t kUdpLengthOffset = 4;
constexpr std::size_t kUdpChecksumOffset = 6;

void store_native16(std::uint8_t* to, std::uint16_t value) {
  std::memcpy(to, &value, 2);
}

}  // namespace

OuterTemplate make_outer_template(const bus::OuterPath& path, const MacAddress& source,
                                  std::uint16_t port_mtu) {
  OuterTemplate made;
  made.v6 = path.remote.address.family == IpFamily::kV6;
  made.port = path.port;
  made.neighbour = path.neighbour;
  made.pseudo_sum = __builtin_bswap16(net::fold(
      net::pseudo_header_sum(path.local.address, path.remote.address, net::kProtocolUdp, 0)));
  const std::span<std::uint8_t> out(made.bytes);
  const std::size_t ip =
      net::build_ethernet(out, {}, source, made.v6 ? net::kEtherTypeIpv6 : net::kEtherTypeIpv4);
  const std::size_t udp = ip + net::build_ip(out.subspan(ip), path.local.address,
                                             path.remote.address, net::kProtocolUdp, 0);
  base::store_be16(&made.bytes[udp], path.local.port);
  base::store_be16(&made.bytes[udp + 2], path.remote.port);
  made.size = static_cast<std::uint8_t>(udp + net::kUdpSize);
  made.udp_sum = net::fold(std::uint64_t{made.pseudo_sum} + net::sum_native({&made.bytes[udp], 4}));
  if (!made.v6) {
    store_native16(&made.bytes[kIpOffset + kIpv4LengthOffset], 0);
    store_native16(&made.bytes[kIpOffset + net::kIpv4ChecksumOffset], 0);
    made.ip_sum = net::fold(net::ipv4_header_sum(&made.bytes[kIpOffset]));
  }
  const std::size_t overhead = made.size - net::kEthernetSize + wire::kTrafficOverhead;
  const std::size_t fits = port_mtu > overhead ? port_mtu - overhead : 0;
  made.inner_mtu = made.told_mtu =
      static_cast<std::uint16_t>(std::min(fits, limits::kMaxDatagram - wire::kTrafficOverhead));
  return made;
}

void encapsulate(const OuterTemplate& outer, std::uint64_t next_hop, const PortOffloads& offloads,
                 std::uint8_t traffic_class, rte_mbuf* mbuf) {
  const std::size_t datagram = rte_pktmbuf_data_len(mbuf);
  std::uint8_t* head = extend(mbuf, outer.size, 0);
  // Two sizes only, known to the compiler: no call.
  if (outer.v6)
    std::memcpy(head, outer.bytes.data(), kV6Size);
  else
    std::memcpy(head, outer.bytes.data(), kV4Size);
  base::store_le<6>(head, next_hop);
  std::uint8_t* ip = head + kIpOffset;
  std::uint8_t* udp = head + outer.size - net::kUdpSize;
  const auto udp_length = __builtin_bswap16(static_cast<std::uint16_t>(net::kUdpSize + datagram));
  store_native16(udp + kUdpLengthOffset, udp_length);
  mbuf->ol_flags = 0;
  // The lengths lie in the mbuf's second line, which nothing else here touches.
  if (offloads.tx_ipv4_checksum || offloads.tx_udp_checksum)
    mbuf->tx_offload = rte_mbuf_tx_offload(
        net::kEthernetSize, outer.v6 ? net::kIpv6Size : net::kIpv4Size, 0, 0, 0, 0, 0);
  if (outer.v6) {
    // The template has a traffic class of zero and no flow label.
    ip[0] = static_cast<std::uint8_t>(0x60 | (traffic_class >> 4));
    ip[1] = static_cast<std::uint8_t>(traffic_class << 4);
    store_native16(ip + kIpv6LengthOffset, udp_length);
  } else {
    const auto length =
        __builtin_bswap16(static_cast<std::uint16_t>(net::kIpv4Size + net::kUdpSize + datagram));
    store_native16(ip + kIpv4LengthOffset, length);
    ip[1] = traffic_class;
    // TOS is the second byte of its word.
    const auto tos = __builtin_bswap16(traffic_class);
    if (offloads.tx_ipv4_checksum)
      mbuf->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
    else
      store_native16(
          ip + net::kIpv4ChecksumOffset,
          static_cast<std::uint16_t>(~net::fold(std::uint64_t{outer.ip_sum} + length + tos)));
  }
  if (offloads.tx_udp_checksum) {
    // The port wants the pseudo header's sum in place, not inverted (rte_mbuf_core.h).
    mbuf->ol_flags |=
        RTE_MBUF_F_TX_UDP_CKSUM | (outer.v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
    store_native16(udp + kUdpChecksumOffset,
                   net::fold(std::uint64_t{outer.pseudo_sum} + udp_length));
    return;
  }
  // The length counts twice: in the pseudo header and in UDP's own.
  const std::uint64_t sum = std::uint64_t{outer.udp_sum} + 2 * std::uint64_t{udp_length} +
                            net::sum_native({udp + net::kUdpSize, datagram});
  const auto checksum = static_cast<std::uint16_t>(~net::fold(sum));
  // Zero means "none" (RFC 768).
  store_native16(udp + kUdpChecksumOffset, checksum == 0 ? 0xffff : checksum);
}

}  // namespace jumpgate::data
