#include "net/mss.hpp"

#include "base/bytes.hpp"
#include "net/upper_layer.hpp"

namespace jumpgate::net {
namespace {

constexpr std::size_t kChecksum = 16;
constexpr std::uint8_t kEndOfOptions = 0;
constexpr std::uint8_t kNoOperation = 1;
constexpr std::uint8_t kMssOption = 2;
constexpr std::uint8_t kMssOptionSize = 4;

std::uint16_t swapped(std::uint16_t value) {
  return __builtin_bswap16(value);
}

}  // namespace

void clamp_mss_of_syn(MutableBytes packet, std::size_t tcp, std::uint16_t mtu) {
  if (packet.size() < tcp + kTcpHeader) return;
  const std::size_t end = tcp + static_cast<std::size_t>(packet[tcp + 12] >> 4) * 4;
  if (end > packet.size()) return;
  // Options of IP and TCP are the sender's to subtract (RFC 6691 section 2).
  const std::size_t headers = ((packet[0] >> 4) == 4 ? kIpv4Size : kIpv6Size) + kTcpHeader;
  const auto most = static_cast<std::uint16_t>(mtu - headers);
  for (std::size_t at = tcp + kTcpHeader; at < end;) {
    const std::uint8_t kind = packet[at];
    if (kind == kEndOfOptions) return;
    if (kind == kNoOperation) {
      ++at;
      continue;
    }
    if (at + 1 >= end || packet[at + 1] < 2) return;
    const std::size_t size = packet[at + 1];
    if (kind == kMssOption && size == kMssOptionSize && at + size <= end) {
      const std::uint16_t told = base::load_be16(&packet[at + 2]);
      if (told <= most) return;
      base::store_be16(&packet[at + 2], most);
      // At an odd place its bytes lie in two words, turned round (RFC 1071 section 2 (B)).
      const bool odd = (at - tcp) % 2 != 0;
      update_checksum(&packet[tcp + kChecksum], odd ? swapped(told) : told,
                      odd ? swapped(most) : most);
      return;
    }
    at += size;
  }
}

void clamp_mss_behind_extensions(MutableBytes packet, std::uint16_t mtu) {
  if (!is_extension_header(packet[6])) return;
  const UpperLayer upper = upper_layer_of(packet);
  const bool tcp =
      upper.readable && upper.first && !upper.authentic && upper.protocol == kProtocolTcp;
  if (!tcp || packet.size() < upper.offset + kTcpHeader) return;
  constexpr std::uint8_t kSyn = 0x02;
  if ((packet[upper.offset + 13] & kSyn) != 0) clamp_mss_of_syn(packet, upper.offset, mtu);
}

}  // namespace jumpgate::net
