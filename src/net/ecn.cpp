#include "net/ecn.hpp"

#include "base/bytes.hpp"

namespace jumpgate::net {

bool take_outer_ecn(MutableBytes packet, std::uint8_t outer_class) {
  const auto outer = static_cast<Ecn>(outer_class & kEcnMask);
  // The first column of the figure changes nothing.
  if (outer == Ecn::kNotEct || packet.size() < kIpv4Size) return true;
  const bool v4 = (packet[0] >> 4) == 4;
  const std::uint8_t before = traffic_class_of(packet.data());
  const auto inner = static_cast<Ecn>(before & kEcnMask);
  const auto combined = combine_ecn(inner, outer);
  if (!combined) return false;
  if (*combined == inner) return true;
  const auto after =
      static_cast<std::uint8_t>((before & ~kEcnMask) | static_cast<std::uint8_t>(*combined));
  if (!v4) {
    packet[1] = static_cast<std::uint8_t>((packet[1] & 0x0f) | (after << 4));
    return true;
  }
  const std::uint16_t old_word = base::load_be16(packet.data());
  packet[1] = after;
  update_checksum(&packet[10], old_word, base::load_be16(packet.data()));
  return true;
}

}  // namespace jumpgate::net
