#include "data/outer_template.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include <rte_ip.h>
#include <rte_mbuf.h>

#include <jumpgate/limits.hpp>
#include <jumpgate/wire.hpp>

#include "base/bytes.hpp"

namespace jumpgate::data {
namespace {

constexpr std::size_t kIpOffset = net::kEthernetSize;
constexpr std::size_t kIpv4LengthOffset = 2;
constexpr std::size_t kIpv4ChecksumOffset = 10;
constexpr std::size_t kIpv6LengthOffset = 4;
constexpr std::size_t kUdpLengthOffset = 4;
constexpr std::size_t kUdpChecksumOffset = 6;

std::uint32_t address_sum(const bus::OuterPath& path) {
  const std::size_t size = path.remote.address.family == IpFamily::kV4 ? 4 : 16;
  std::uint32_t sum = rte_cpu_to_be_16(net::kProtocolUdp);
  sum += rte_raw_cksum(path.local.address.bytes.data(), size);
  sum += rte_raw_cksum(path.remote.address.bytes.data(), size);
  return sum;
}

std::uint16_t fold(std::uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

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
  made.address_sum = address_sum(path);
  const std::span<std::uint8_t> out(made.bytes);
  std::size_t at =
      net::build_ethernet(out, {}, source, made.v6 ? net::kEtherTypeIpv6 : net::kEtherTypeIpv4);
  const std::size_t udp = at +=
      net::build_ip(out.subspan(at), path.local.address, path.remote.address, net::kProtocolUdp, 0);
  base::store_be16(&made.bytes[udp], path.local.port);
  base::store_be16(&made.bytes[udp + 2], path.remote.port);
  made.size = static_cast<std::uint8_t>(udp + net::kUdpSize);
  const std::size_t overhead = made.size - net::kEthernetSize + wire::kTrafficOverhead;
  const std::size_t fits = port_mtu > overhead ? port_mtu - overhead : 0;
  made.inner_mtu =
      static_cast<std::uint16_t>(std::min(fits, limits::kMaxDatagram - wire::kTrafficOverhead));
  return made;
}

bool encapsulate(const OuterTemplate& outer, const MacAddress& next_hop,
                 const PortOffloads& offloads, rte_mbuf* mbuf) {
  const std::size_t datagram = rte_pktmbuf_data_len(mbuf);
  auto* head = reinterpret_cast<std::uint8_t*>(rte_pktmbuf_prepend(mbuf, outer.size));
  if (head == nullptr) return false;
  std::memcpy(head, outer.bytes.data(), outer.size);
  std::memcpy(head, next_hop.bytes.data(), next_hop.bytes.size());
  std::uint8_t* ip = head + kIpOffset;
  std::uint8_t* udp = head + outer.size - net::kUdpSize;
  const auto udp_length = static_cast<std::uint16_t>(net::kUdpSize + datagram);
  base::store_be16(udp + kUdpLengthOffset, udp_length);
  mbuf->l2_len = net::kEthernetSize;
  mbuf->l3_len = (outer.v6 ? net::kIpv6Size : net::kIpv4Size) & 0x1ff;
  mbuf->ol_flags = 0;
  if (outer.v6) {
    base::store_be16(ip + kIpv6LengthOffset, udp_length);
  } else {
    base::store_be16(ip + kIpv4LengthOffset,
                     static_cast<std::uint16_t>(net::kIpv4Size + udp_length));
    store_native16(ip + kIpv4ChecksumOffset, 0);
    if (offloads.tx_ipv4_checksum) {
      mbuf->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
    } else {
      store_native16(ip + kIpv4ChecksumOffset,
                     static_cast<std::uint16_t>(~rte_raw_cksum(ip, net::kIpv4Size)));
    }
  }
  std::uint32_t sum = outer.address_sum + rte_cpu_to_be_16(udp_length);
  if (offloads.tx_udp_checksum) {
    // The port wants the pseudo header's sum in place, not inverted (rte_mbuf_core.h).
    mbuf->ol_flags |=
        RTE_MBUF_F_TX_UDP_CKSUM | (outer.v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
    store_native16(udp + kUdpChecksumOffset, fold(sum));
    return true;
  }
  store_native16(udp + kUdpChecksumOffset, 0);
  sum += rte_raw_cksum(udp, udp_length);
  const auto checksum = static_cast<std::uint16_t>(~fold(sum));
  // Zero means "none" (RFC 768).
  store_native16(udp + kUdpChecksumOffset, checksum == 0 ? 0xffff : checksum);
  return true;
}

}  // namespace jumpgate::data
