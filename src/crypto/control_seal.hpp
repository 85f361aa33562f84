/// Sealed control messages (spec/wire.md "Control"): prefix | nonce 24 | ciphertext 232 | tag,
/// XChaCha20-Poly1305 with the prefix as associated data.
///
/// Owner thread: any; pure but for the random nonce. Bound: 288 bytes, no allocation. Failure: open
/// says false and leaves the payload zero.
#pragma once

#include <cstdint>
#include <span>

#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "base/random.hpp"

namespace jumpgate::crypto {

using ControlMessage = std::span<const std::uint8_t, wire::kControlSize>;
using ControlMessageOut = std::span<std::uint8_t, wire::kControlSize>;

/// Writes the whole message. The prefix's type must be one of the control class, its counter is
/// written as zero.
void seal_control(const wire::Prefix& prefix,
                  std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                  const ControlKey& key, base::RandomSource& random, ControlMessageOut out);

/// True when authentic; the prefix is to be parsed by wire::parse_prefix before.
[[nodiscard]] bool open_control(ControlMessage message, const ControlKey& key,
                                std::span<std::uint8_t, wire::kControlPayloadSize> payload);

}  // namespace jumpgate::crypto
