// The packets that tests send, declared in harness.hpp.
#include <algorithm>

#include "crypto/hello.hpp"
#include "harness.hpp"
#include "net/frames.hpp"

namespace jumpgate::test {

ByteVector inner_packet(std::string_view from, std::string_view to, std::size_t payload,
                        std::uint8_t ttl) {
  const IpAddress source = address(from);
  const IpAddress destination = address(to);
  const std::size_t header = net::ip_header_size(source.family);
  ByteVector packet(header + net::kUdpSize + payload);
  net::build_ip(packet, source, destination, net::kProtocolUdp, net::kUdpSize + payload, ttl);
  base::store_be16(&packet[header], 7);
  base::store_be16(&packet[header + 2], 7);
  base::store_be16(&packet[header + 4], static_cast<std::uint16_t>(net::kUdpSize + payload));
  for (std::size_t i = 0; i < payload; ++i)
    packet[header + net::kUdpSize + i] = static_cast<std::uint8_t>(i);
  const auto sum =
      net::pseudo_header_sum(source, destination, net::kProtocolUdp, net::kUdpSize + payload);
  base::store_be16(&packet[header + 6],
                   net::internet_checksum(std::span(packet).subspan(header), sum));
  return packet;
}

ByteVector echo_request(std::string_view from, std::string_view to) {
  ByteVector packet(net::kIpv4Size + net::kIcmpSize);
  net::build_ip(packet, address(from), address(to), net::kProtocolIcmp, net::kIcmpSize);
  packet[20] = 8;
  base::store_be16(&packet[22], net::internet_checksum(std::span(packet).subspan(20)));
  return packet;
}

ByteVector with_class(ByteVector packet, std::uint8_t traffic_class) {
  if (packet[0] >> 4 == 6) {
    packet[0] = static_cast<std::uint8_t>(0x60 | (traffic_class >> 4));
    packet[1] = static_cast<std::uint8_t>((packet[1] & 0x0f) | (traffic_class << 4));
    return packet;
  }
  packet[1] = traffic_class;
  base::store_be16(&packet[10], 0);
  base::store_be16(&packet[10], net::internet_checksum(std::span(packet).first(net::kIpv4Size)));
  return packet;
}

ByteVector frame_of(const MacAddress& to, const ByteVector& packet) {
  ByteVector frame(net::kEthernetSize + packet.size());
  net::build_ethernet(frame, to, kServerMac,
                      packet[0] >> 4 == 6 ? net::kEtherTypeIpv6 : net::kEtherTypeIpv4);
  std::ranges::copy(packet, frame.begin() + net::kEthernetSize);
  return frame;
}

ByteVector hello(std::uint16_t version) {
  ByteVector message(wire::kHelloSize, 0x5a);
  const auto out = std::span(message).first<wire::kHelloSize>();
  wire::encode_hello_header({.version = version, .client_cid = ConnectionId{77}},
                            out.first<wire::kHelloHeaderSize>());
  crypto::write_hello_macs(out, kMac1Key, std::nullopt);
  return message;
}

}  // namespace jumpgate::test
