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
  // Written in the pieces in which twelve bytes are copied: others would wait for the cache.
  std::array<std::uint8_t, 12> nonce{};
  base::store_le64(nonce.data(), base::load_le64(iv.data()) ^ (counter << 32));
  base::store_le32(&nonce[8], base::load_le32(&iv[8]) ^ static_cast<std::uint32_t>(counter >> 32));
  return nonce;
}

}  // namespace jumpgate::crypto
