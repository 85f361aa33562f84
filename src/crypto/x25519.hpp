/// X25519 (RFC 7748): key pairs and shared secrets.
///
/// Owner thread: any; the gateway calls it on handshake threads only. Bound: about 30 us a call.
/// Failure: a peer's key of small order, which gives the all-zero secret, is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/types.hpp>

#include "base/random.hpp"
#include "base/secret.hpp"

namespace jumpgate::crypto {

using PrivateSecret = base::SecretArray<32>;
using SharedSecret = base::SecretArray<32>;

struct KeyPair {
  PrivateSecret private_key;
  PublicKey public_key{};

  [[nodiscard]] static KeyPair generate(base::RandomSource& random);
  [[nodiscard]] static KeyPair from_private(std::span<const std::uint8_t, 32> private_key);
  [[nodiscard]] KeyPair clone() const { return {private_key.clone(), public_key}; }
};

/// Nothing when the result is all zero.
[[nodiscard]] std::optional<SharedSecret> x25519(const PrivateSecret& own, const PublicKey& peer);

}  // namespace jumpgate::crypto
