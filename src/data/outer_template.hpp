/// The outer headers of one binding, ready to be copied in front of each sealed packet.
///
/// Owner thread: the worker, which makes it when the path changes. Bound: 62 bytes of headers.
/// The MAC of the next hop is not in it: it is read from the neighbour table at each burst.
/// RFC 791, 8200, 768; the UDP checksum is always there (RFC 8200 section 8.1; over IPv4 too).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <jumpgate/ports.hpp>
#include <jumpgate/types.hpp>

#include "bus/messages.hpp"
#include "net/frames.hpp"

struct rte_mbuf;

namespace jumpgate::data {

struct OuterTemplate {
  static constexpr std::size_t kMaxSize = net::kEthernetSize + net::kIpv6Size + net::kUdpSize;

  std::array<std::uint8_t, kMaxSize> bytes{};
  std::uint8_t size{0};  // Ethernet, IP and UDP headers
  std::uint8_t port{0};
  bool v6{false};
  std::uint16_t inner_mtu{0};  // bytes of an inner packet that fit one message
  std::uint16_t told_mtu{0};   // that hosts may send: what does not fit goes in two parts
  // What never changes of the checksums, folded, native order, without the lengths.
  std::uint16_t ip_sum{0};      // the IPv4 header
  std::uint16_t pseudo_sum{0};  // UDP's pseudo header
  std::uint16_t udp_sum{0};     // that and the ports
  std::uint32_t neighbour{0};
};

/// `source` is the egress port's own MAC.
OuterTemplate make_outer_template(const bus::OuterPath& path, const MacAddress& source,
                                  std::uint16_t port_mtu);

/// Puts the headers in front of the datagram in `mbuf`, which has room for them, checksums included
/// unless the port does them. `next_hop`: its MAC as a word (net::NeighbourTable::mac_word). `traffic_class`: TOS or
/// traffic class, DSCP and ECN.
void encapsulate(const OuterTemplate& outer, std::uint64_t next_hop, const PortOffloads& offloads,
                 std::uint8_t traffic_class, rte_mbuf* mbuf);

}  // namespace jumpgate::data
