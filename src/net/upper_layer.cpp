#include "net/upper_layer.hpp"

#include "base/bytes.hpp"

namespace jumpgate::net {
namespace {

constexpr std::size_t kMaxDatagramPayload = 65535;
constexpr std::uint8_t kLooseSourceRoute = 131;
constexpr std::uint8_t kStrictSourceRoute = 137;

void enter_fragment(UpperLayer& upper, std::uint16_t word) {
  upper.position = word & 0xfff8U;
  upper.more = (word & 1) != 0;
  upper.first = upper.position == 0;
  // An atomic fragment is a whole datagram (RFC 6946).
  upper.fragment = upper.more || !upper.first;
}

/// Of an extension header, from its first bytes.
std::size_t size_of(std::uint8_t kind, const std::uint8_t* header) {
  if (kind == kFragmentHeader) return 8;
  // RFC 4302 section 2.2: in words of four bytes, less two.
  if (kind == kAuthenticationHeader) return (std::size_t{header[1]} + 2) * 4;
  return (std::size_t{header[1]} + 1) * 8;
}

bool has_source_route(Bytes packet) {
  const std::size_t header = std::size_t{packet[0] & 0x0fU} * 4;
  for (std::size_t at = kIpv4Size; at < header;) {
    const std::uint8_t kind = packet[at];
    if (kind == kIpEndOfOptions) return false;
    if (kind == kLooseSourceRoute || kind == kStrictSourceRoute) return true;
    if (kind == kIpNoOperation) {
      ++at;
      continue;
    }
    if (at + 1 >= header || packet[at + 1] < 2) return false;
    at += packet[at + 1];
  }
  return false;
}

bool is_bad_fragment(const UpperLayer& upper, std::size_t packet_size) {
  if (!upper.fragment) return false;
  const std::size_t size = packet_size - upper.offset;
  if (upper.more && size % 8 != 0) return true;
  if (size == 0 || upper.position + size > kMaxDatagramPayload) return true;
  if (upper.protocol != kProtocolTcp) return false;
  // A first fragment without the flags, or a second that would overwrite them.
  return upper.first ? size < kTcpHeader : upper.position < kTcpHeader;
}

}  // namespace

UpperLayer upper_of_v6(Bytes packet) {
  UpperLayer upper{.protocol = packet[6], .offset = kIpv6Size};
  for (std::size_t i = 0; i < kMaxExtensionHeaders; ++i) {
    if (!is_extension_header(upper.protocol)) return upper;
    const Bytes rest = packet.subspan(upper.offset);
    if (rest.size() < 8) break;
    const std::size_t size = size_of(upper.protocol, rest.data());
    if (size > rest.size()) break;
    upper.authentic = upper.authentic || upper.protocol == kAuthenticationHeader;
    if (upper.protocol == kFragmentHeader) enter_fragment(upper, base::load_be16(&rest[2]));
    upper.protocol = rest[0];
    upper.offset += size;
    // What a later fragment begins with is in the middle of something.
    if (!upper.first) return upper;
  }
  upper.readable = !is_extension_header(upper.protocol);
  return upper;
}

std::optional<DropReason> option_fault(Bytes packet) {
  const UpperLayer upper = upper_layer_of(packet);
  if (!upper.readable) return DropReason::kInnerBadExtension;
  if (is_bad_fragment(upper, packet.size())) return DropReason::kInnerBadFragment;
  if ((packet[0] >> 4) == 4 && has_source_route(packet)) return DropReason::kInnerSourceRoute;
  return std::nullopt;
}

}  // namespace jumpgate::net
