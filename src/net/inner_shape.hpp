/// What an inner packet must be, at both ends of the tunnel (spec/wire.md "DATA").
///
/// Pure; any thread; constant time, but for IPv4 options. Failure: the drop reason.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/drops.hpp>

#include "base/bytes.hpp"
#include "net/checksum.hpp"

namespace jumpgate::net {

/// Nothing when the packet is whole.
inline std::optional<DropReason> inner_fault(std::span<const std::uint8_t> packet) {
  if (packet.size() < 20) return DropReason::kInnerTooShort;
  const unsigned version = packet[0] >> 4U;
  if (version == 4) {
    const std::size_t header = (packet[0] & 0x0fU) * std::size_t{4};
    const std::size_t total = base::load_be16(&packet[2]);
    if (header < 20 || header > packet.size() || total != packet.size())
      return DropReason::kInnerBadHeader;
    // RFC 1812 section 5.2.2 (2).
    const bool sound = header == 20 ? ipv4_header_is_sound(packet.data())
                                    : internet_checksum(packet.first(header)) == 0;
    if (!sound) return DropReason::kInnerBadHeader;
    return std::nullopt;
  }
  if (version != 6) return DropReason::kInnerBadHeader;
  if (packet.size() < 40) return DropReason::kInnerTooShort;
  if (std::size_t{base::load_be16(&packet[4])} + 40 != packet.size())
    return DropReason::kInnerBadHeader;
  return std::nullopt;
}

}  // namespace jumpgate::net
