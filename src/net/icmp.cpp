#include "net/icmp.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "net/address.hpp"
#include "net/upper_layer.hpp"

namespace jumpgate::net {
namespace {

constexpr std::uint8_t kV4EchoReply = 0;
constexpr std::uint8_t kV4Echo = 8;
constexpr std::uint8_t kV6Echo = 128;
constexpr std::uint8_t kV6EchoReply = 129;
constexpr std::uint8_t kV6Redirect = 137;
// RFC 1812 section 4.3.2.3: as much of the original as fits 576 bytes.
constexpr std::size_t kMaxV4Error = 576;

std::uint8_t icmp_protocol(IpFamily family) {
  return family == IpFamily::kV4 ? kProtocolIcmp : kProtocolIcmpv6;
}

// Type and code of an error in each family.
struct TypeCode {
  std::uint8_t type;
  std::uint8_t code;
};

TypeCode type_code(IcmpError error, IpFamily family) {
  const bool v4 = family == IpFamily::kV4;
  switch (error) {
    case IcmpError::kNoRoute:
      return v4 ? TypeCode{3, 0} : TypeCode{1, 0};
    case IcmpError::kHostUnreachable:
      return v4 ? TypeCode{3, 1} : TypeCode{1, 3};
    case IcmpError::kAdministrative:
      return v4 ? TypeCode{3, 13} : TypeCode{1, 1};
    case IcmpError::kPortUnreachable:
      return v4 ? TypeCode{3, 3} : TypeCode{1, 4};
    case IcmpError::kTtlExceeded:
      return v4 ? TypeCode{11, 0} : TypeCode{3, 0};
    case IcmpError::kTooBig:
      return v4 ? TypeCode{3, 4} : TypeCode{2, 0};
  }
  return TypeCode{3, 0};
}

void store_icmp_checksum(MutableBytes body, const IpAddress& source, const IpAddress& destination) {
  base::store_be16(&body[2], 0);
  const std::uint32_t pseudo =
      source.family == IpFamily::kV6
          ? pseudo_header_sum(source, destination, kProtocolIcmpv6, body.size())
          : 0;
  base::store_be16(&body[2], internet_checksum(body, pseudo));
}

bool checksum_valid(const IpView& ip) {
  const std::uint32_t pseudo =
      ip.family == IpFamily::kV6
          ? pseudo_header_sum(ip.source(), ip.destination(), kProtocolIcmpv6, ip.payload.size())
          : 0;
  return internet_checksum(ip.payload, pseudo) == 0;
}

bool is_v4_query(std::uint8_t type) {
  return type == kV4Echo || type == kV4EchoReply || type == 13 || type == 14;
}

// RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e).
bool may_be_answered(const IpView& ip, IcmpError error) {
  if (!is_answerable(ip.source())) return false;
  const bool to_group = is_multicast(ip.destination()) ||
                        (ip.family == IpFamily::kV4 && ip.destination_bytes()[0] >= 240);
  if (to_group && !(error == IcmpError::kTooBig && ip.family == IpFamily::kV6)) return false;
  const UpperLayer upper = upper_layer_of(ip.packet);
  // IPv6 tells of a later fragment as of any packet, and must: what is too big may be that one alone.
  if (!upper.readable || (ip.family == IpFamily::kV4 && !upper.first)) return false;
  if (upper.protocol != icmp_protocol(ip.family)) return true;
  if (!upper.first) return false;  // of an error, perhaps
  if (upper.offset >= ip.packet.size()) return false;
  const std::uint8_t type = ip.packet[upper.offset];
  return ip.family == IpFamily::kV4 ? is_v4_query(type) : type >= 128 && type != kV6Redirect;
}

}  // namespace

bool is_echo_request(Bytes packet) {
  const auto ip = parse_ip(packet);
  if (!ip || ip->fragment || ip->protocol != icmp_protocol(ip->family) ||
      ip->payload.size() < kIcmpSize)
    return false;
  const std::uint8_t expected = ip->family == IpFamily::kV4 ? kV4Echo : kV6Echo;
  return ip->payload[0] == expected && ip->payload[1] == 0 && checksum_valid(*ip);
}

DropReason why_unwanted(std::uint8_t protocol) {
  if (protocol == kProtocolUdp) return DropReason::kUdpWrongPort;
  const bool icmp = protocol == kProtocolIcmp || protocol == kProtocolIcmpv6;
  return icmp ? DropReason::kIcmpIgnored : DropReason::kIpProtocolUnknown;
}

std::size_t build_echo_reply(MutableBytes out, Bytes request) {
  if (!is_echo_request(request)) return 0;
  const auto ip = parse_ip(request);
  if (!ip || !is_answerable(ip->source()) || is_multicast(ip->destination())) return 0;
  const IpFamily family = ip->family;
  const std::size_t header = ip_header_size(family);
  if (out.size() < header + ip->payload.size()) return 0;
  if (build_ip(out, ip->destination(), ip->source(), icmp_protocol(family), ip->payload.size()) ==
      0)
    return 0;
  const MutableBytes body = out.subspan(header, ip->payload.size());
  std::ranges::copy(ip->payload, body.begin());
  body[0] = family == IpFamily::kV4 ? kV4EchoReply : kV6EchoReply;
  store_icmp_checksum(body, ip->destination(), ip->source());
  return header + body.size();
}

std::size_t build_icmp_error(MutableBytes out, IcmpError error, const IpAddress& source,
                             Bytes packet, std::uint32_t mtu) {
  const auto ip = parse_ip(packet);
  if (!ip || ip->family != source.family || !may_be_answered(*ip, error)) return 0;
  const IpFamily family = source.family;
  const std::size_t header = ip_header_size(family);
  const std::size_t limit = family == IpFamily::kV4 ? kMaxV4Error : kMaxIcmpError;
  const std::size_t quoted = std::min(ip->packet.size(), limit - header - kIcmpSize);
  if (out.size() < header + kIcmpSize + quoted) return 0;
  if (build_ip(out, source, ip->source(), icmp_protocol(family), kIcmpSize + quoted) == 0) return 0;
  const MutableBytes body = out.subspan(header, kIcmpSize + quoted);
  const TypeCode kind = type_code(error, family);
  body[0] = kind.type;
  body[1] = kind.code;
  // RFC 1191 section 4 has 16 bits of MTU behind 16 unused ones, RFC 4443 section 3.2 has 32.
  base::store_be32(&body[4], error != IcmpError::kTooBig ? 0
                             : family == IpFamily::kV4   ? std::min(mtu, std::uint32_t{UINT16_MAX})
                                                         : mtu);
  std::copy_n(ip->packet.begin(), quoted, body.begin() + kIcmpSize);
  store_icmp_checksum(body, source, ip->source());
  return header + body.size();
}

}  // namespace jumpgate::net
