#include "tun/checksum.hpp"

#include <bit>
#include <cstddef>

namespace jumpgate::tun {

std::uint64_t checksum_add(std::uint64_t sum, std::span<const std::uint8_t> bytes) {
  std::uint16_t folded = base::fold(base::sum_native(bytes));
  if constexpr (std::endian::native == std::endian::little) folded = __builtin_bswap16(folded);
  return sum + folded;
}

std::uint64_t pseudo_header_sum(std::span<const std::uint8_t> packet, std::uint8_t protocol,
                                std::size_t transport_length) {
  const bool v6 = (packet[0] >> 4) == 6;
  const std::uint64_t addresses =
      v6 ? checksum_add(0, packet.subspan(8, 32)) : checksum_add(0, packet.subspan(12, 8));
  return addresses + protocol + transport_length;
}

}  // namespace jumpgate::tun
