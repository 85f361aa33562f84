/// Ethernet, IPv4, IPv6 and UDP: checked views of received bytes.
///
/// Owner thread: any; pure functions, no allocation. They take exactly the bytes received and read
/// nothing beyond. Inline because the workers' first stage runs them for each packet; a view points
/// into the bytes and makes an address only when asked for one, since most of a view is never
/// looked at. Failure: the drop reason. RFC 894, 791, 8200, 768, 1071.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/types.hpp>

#include "base/bytes.hpp"
#include "net/address.hpp"
#include "net/checksum.hpp"

namespace jumpgate::net {

inline constexpr std::size_t kEthernetSize = 14;
inline constexpr std::size_t kIpv4Size = 20;
inline constexpr std::size_t kIpv4ChecksumOffset = 10;
inline constexpr std::size_t kIpv6Size = 40;
inline constexpr std::size_t kUdpSize = 8;
inline constexpr std::uint8_t kProtocolUdp = 17;

struct EthernetView {
  const std::uint8_t* header{nullptr};
  std::uint16_t type{0};
  Bytes payload{};

  [[nodiscard]] MacAddress destination() const { return mac_at(header); }
  [[nodiscard]] MacAddress source() const { return mac_at(header + 6); }
  [[nodiscard]] bool is_to(const MacAddress& mac) const {
    return base::load_le<6>(header) == base::load_le<6>(mac.bytes.data());
  }

 private:
  static MacAddress mac_at(const std::uint8_t* at) {
    MacAddress mac;
    std::memcpy(mac.bytes.data(), at, mac.bytes.size());
    return mac;
  }
};

inline std::expected<EthernetView, DropReason> parse_ethernet(Bytes frame) {
  if (frame.size() < kEthernetSize) return std::unexpected(DropReason::kEthTooShort);
  EthernetView view;
  view.header = frame.data();
  view.type = base::load_be16(&frame[12]);
  view.payload = frame.subspan(kEthernetSize);
  return view;
}

/// An IP header of either family. `packet` ends where the header says, padding is cut off.
struct IpView {
  IpFamily family{IpFamily::kNone};
  std::uint8_t protocol{0};  // IPv6: of the fixed header; extension headers are not walked
  std::uint8_t ttl{0};
  bool fragment{false};  // IPv4 only
  Bytes packet{};
  Bytes payload{};

  /// In network order: four or sixteen bytes.
  [[nodiscard]] const std::uint8_t* source_bytes() const {
    return packet.data() + (family == IpFamily::kV4 ? 12 : 8);
  }
  [[nodiscard]] const std::uint8_t* destination_bytes() const {
    return packet.data() + (family == IpFamily::kV4 ? 16 : 24);
  }
  [[nodiscard]] IpAddress source() const { return address_at(family, source_bytes()); }
  [[nodiscard]] IpAddress destination() const { return address_at(family, destination_bytes()); }
};

// For the workers a fault and a view are two steps: of a view in a std::expected g++ 12 keeps nothing
// in registers.

inline std::optional<DropReason> ipv4_fault(Bytes bytes) {
  if (bytes.size() < kIpv4Size) return DropReason::kIpTooShort;
  const std::size_t header = std::size_t{bytes[0] & 0x0fU} * 4;
  const std::size_t total = base::load_be16(&bytes[2]);
  if (header < kIpv4Size || total < header) return DropReason::kIpBadHeader;
  if (total > bytes.size()) return DropReason::kIpTooShort;
  const bool sound = header == kIpv4Size ? ipv4_header_is_sound(bytes.data())
                                         : internet_checksum(bytes.first(header)) == 0;
  if (!sound) return DropReason::kIpBadChecksum;
  return std::nullopt;
}

/// Of bytes without an ipv4_fault().
inline IpView ipv4_view(Bytes bytes) {
  IpView view;
  view.family = IpFamily::kV4;
  view.protocol = bytes[9];
  view.ttl = bytes[8];
  view.fragment = (base::load_be16(&bytes[6]) & 0x3fff) != 0;
  view.packet = bytes.first(base::load_be16(&bytes[2]));
  view.payload = view.packet.subspan(std::size_t{bytes[0] & 0x0fU} * 4);
  return view;
}

inline std::expected<IpView, DropReason> parse_ipv4(Bytes bytes) {
  if (const auto fault = ipv4_fault(bytes)) return std::unexpected(*fault);
  return ipv4_view(bytes);
}

inline std::expected<IpView, DropReason> parse_ipv6(Bytes bytes) {
  if (bytes.size() < kIpv6Size) return std::unexpected(DropReason::kIpTooShort);
  const std::size_t payload = base::load_be16(&bytes[4]);
  if (kIpv6Size + payload > bytes.size()) return std::unexpected(DropReason::kIpTooShort);
  IpView view;
  view.family = IpFamily::kV6;
  view.protocol = bytes[6];
  view.ttl = bytes[7];
  view.packet = bytes.first(kIpv6Size + payload);
  view.payload = view.packet.subspan(kIpv6Size);
  return view;
}

/// Checks version, lengths and the IPv4 header checksum.
inline std::expected<IpView, DropReason> parse_ip(Bytes bytes) {
  if (bytes.empty()) return std::unexpected(DropReason::kIpTooShort);
  if ((bytes[0] >> 4) == 4) return parse_ipv4(bytes);
  if ((bytes[0] >> 4) == 6) return parse_ipv6(bytes);
  return std::unexpected(DropReason::kIpBadVersion);
}

struct UdpView {
  std::uint16_t source_port{0};
  std::uint16_t destination_port{0};
  Bytes payload{};
};

/// The sum of pseudo header (RFC 768, RFC 8200 section 8.1: source and destination stand side by
/// side in either family), and datagram.
inline bool udp_sum_is_sound(const IpView& ip, Bytes datagram) {
  const std::size_t addresses = ip.family == IpFamily::kV4 ? 8 : 32;
  const auto length = static_cast<std::uint16_t>(datagram.size());
  std::uint64_t sum = sum_native(datagram) + __builtin_bswap16(length) +
                      __builtin_bswap16(std::uint16_t{kProtocolUdp});
  for (std::size_t i = 0; i < addresses; i += 4)
    sum += load_native32(ip.source_bytes() + i);
  return is_sound(sum);
}

/// Checks lengths and checksum; a zero checksum is valid over IPv4 only (RFC 768, RFC 8200
/// section 8.1). `checked`: the port has verified a checksum that is not zero.
inline std::optional<DropReason> udp_fault(const IpView& ip, bool checked = false) {
  if (ip.protocol != kProtocolUdp) return DropReason::kIpProtocolUnknown;
  if (ip.payload.size() < kUdpSize) return DropReason::kUdpTooShort;
  const std::size_t length = base::load_be16(&ip.payload[4]);
  if (length < kUdpSize || length > ip.payload.size()) return DropReason::kUdpTooShort;
  const bool absent = base::load_be16(&ip.payload[6]) == 0;
  const bool sound = absent ? ip.family == IpFamily::kV4
                            : checked || udp_sum_is_sound(ip, ip.payload.first(length));
  if (!sound) return DropReason::kUdpBadChecksum;
  return std::nullopt;
}

/// Of a packet without an udp_fault().
inline UdpView udp_view(const IpView& ip) {
  const Bytes datagram = ip.payload.first(base::load_be16(&ip.payload[4]));
  return UdpView{base::load_be16(datagram.data()), base::load_be16(&datagram[2]),
                 datagram.subspan(kUdpSize)};
}

inline std::expected<UdpView, DropReason> parse_udp(const IpView& ip, bool checked = false) {
  if (const auto fault = udp_fault(ip, checked)) return std::unexpected(*fault);
  return udp_view(ip);
}

}  // namespace jumpgate::net
