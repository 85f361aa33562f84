#include "net/frames.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "net/address.hpp"

namespace jumpgate::net {
namespace {

using base::load_be16;
using base::store_be16;

MacAddress mac_at(const std::uint8_t* bytes) {
  MacAddress mac;
  std::copy_n(bytes, mac.bytes.size(), mac.bytes.begin());
  return mac;
}

IpAddress v4_at(Bytes bytes, std::size_t offset) {
  return address_v4(bytes.subspan(offset).first<4>());
}
}  // namespace

std::size_t build_ethernet(MutableBytes out, const MacAddress& destination,
                           const MacAddress& source, std::uint16_t type) {
  if (out.size() < kEthernetSize) return 0;
  std::ranges::copy(destination.bytes, out.begin());
  std::ranges::copy(source.bytes, out.begin() + 6);
  store_be16(&out[12], type);
  return kEthernetSize;
}

std::size_t build_ip(MutableBytes out, const IpAddress& source, const IpAddress& destination,
                     std::uint8_t protocol, std::size_t payload_size, std::uint8_t ttl) {
  if (source.family != destination.family || source.family == IpFamily::kNone) return 0;
  const std::size_t header = ip_header_size(source.family);
  const bool v4 = source.family == IpFamily::kV4;
  if (out.size() < header || payload_size + (v4 ? header : 0) > UINT16_MAX) return 0;
  std::fill_n(out.begin(), header, std::uint8_t{0});
  if (!v4) {
    out[0] = 0x60;
    store_be16(&out[4], static_cast<std::uint16_t>(payload_size));
    out[6] = protocol;
    out[7] = ttl;
    std::ranges::copy(source.bytes, out.begin() + 8);
    std::ranges::copy(destination.bytes, out.begin() + 24);
    return header;
  }
  out[0] = 0x45;
  store_be16(&out[2], static_cast<std::uint16_t>(header + payload_size));
  // Never fragmented, so the identification needs no value (RFC 6864 section 4.1).
  store_be16(&out[6], 0x4000);
  out[8] = ttl;
  out[9] = protocol;
  std::copy_n(source.bytes.begin(), 4, out.begin() + 12);
  std::copy_n(destination.bytes.begin(), 4, out.begin() + 16);
  store_be16(&out[10], internet_checksum(out.first(header)));
  return header;
}

std::size_t build_udp_frame(MutableBytes out, const MacAddress& destination_mac,
                            const MacAddress& source_mac, const Endpoint& source,
                            const Endpoint& destination, Bytes payload) {
  const IpFamily family = source.address.family;
  const std::size_t ip_size = ip_header_size(family);
  const std::size_t udp_offset = kEthernetSize + ip_size;
  const std::size_t udp_length = kUdpSize + payload.size();
  if (out.size() < udp_offset + udp_length) return 0;
  build_ethernet(out, destination_mac, source_mac,
                 family == IpFamily::kV4 ? kEtherTypeIpv4 : kEtherTypeIpv6);
  if (build_ip(out.subspan(kEthernetSize), source.address, destination.address, kProtocolUdp,
               udp_length) == 0)
    return 0;
  const MutableBytes udp = out.subspan(udp_offset, udp_length);
  store_be16(udp.data(), source.port);
  store_be16(&udp[2], destination.port);
  store_be16(&udp[4], static_cast<std::uint16_t>(udp_length));
  store_be16(&udp[6], 0);
  std::ranges::copy(payload, udp.begin() + kUdpSize);
  const std::uint16_t checksum = internet_checksum(
      udp, pseudo_header_sum(source.address, destination.address, kProtocolUdp, udp_length));
  // Zero means "none" on the wire, so a sum of zero is sent as its other form (RFC 768).
  store_be16(&udp[6], checksum == 0 ? 0xffff : checksum);
  return udp_offset + udp_length;
}

std::expected<ArpView, DropReason> parse_arp(Bytes payload) {
  if (payload.size() < kArpSize) return std::unexpected(DropReason::kArpIgnored);
  const bool ethernet_ipv4 = load_be16(payload.data()) == 1 &&
                             load_be16(&payload[2]) == kEtherTypeIpv4 && payload[4] == 6 &&
                             payload[5] == 4;
  const std::uint16_t operation = load_be16(&payload[6]);
  if (!ethernet_ipv4 || (operation != 1 && operation != 2))
    return std::unexpected(DropReason::kArpIgnored);
  return ArpView{static_cast<ArpOperation>(operation), mac_at(&payload[8]), v4_at(payload, 14),
                 mac_at(&payload[18]), v4_at(payload, 24)};
}

std::size_t build_arp_frame(MutableBytes out, const MacAddress& destination_mac,
                            const ArpView& arp) {
  if (out.size() < kEthernetSize + kArpSize) return 0;
  build_ethernet(out, destination_mac, arp.sender_mac, kEtherTypeArp);
  const MutableBytes body = out.subspan(kEthernetSize, kArpSize);
  store_be16(body.data(), 1);
  store_be16(&body[2], kEtherTypeIpv4);
  body[4] = 6;
  body[5] = 4;
  store_be16(&body[6], static_cast<std::uint16_t>(arp.operation));
  std::ranges::copy(arp.sender_mac.bytes, body.begin() + 8);
  std::copy_n(arp.sender.bytes.begin(), 4, body.begin() + 14);
  std::ranges::copy(arp.target_mac.bytes, body.begin() + 18);
  std::copy_n(arp.target.bytes.begin(), 4, body.begin() + 24);
  return kEthernetSize + kArpSize;
}

}  // namespace jumpgate::net
