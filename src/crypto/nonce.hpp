/// Nonce of a traffic packet (spec/keys.md "Nonces"): iv XOR (4 zero bytes || counter u64
/// little-endian).
///
/// Owner thread: any; pure. Bound: constant time. A pair (key, counter) is used once: its owner
/// sees to that.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace jumpgate::crypto {

constexpr std::array<std::uint8_t, 12> traffic_nonce(const std::array<std::uint8_t, 12>& iv,
                                                     std::uint64_t counter) {
  std::array<std::uint8_t, 12> nonce = iv;
  base::store_le64(nonce.data() + 4, base::load_le64(iv.data() + 4) ^ counter);
  return nonce;
}

}  // namespace jumpgate::crypto
