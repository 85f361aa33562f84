#include "crypto/x25519.hpp"

#include <algorithm>

#include <sodium/crypto_scalarmult_curve25519.h>

namespace jumpgate::crypto {

KeyPair KeyPair::generate(base::RandomSource& random) {
  PrivateSecret scalar;
  random.fill(scalar.get());
  return from_private(scalar.get());
}

KeyPair KeyPair::from_private(std::span<const std::uint8_t, 32> private_key) {
  KeyPair pair;
  std::ranges::copy(private_key, pair.private_key.get().begin());
  crypto_scalarmult_curve25519_base(pair.public_key.data(), pair.private_key.get().data());
  return pair;
}

std::optional<SharedSecret> x25519(const PrivateSecret& own, const PublicKey& peer) {
  SharedSecret shared;
  // libsodium itself refuses keys of small order and all-zero results.
  if (crypto_scalarmult_curve25519(shared.get().data(), own.get().data(), peer.data()) != 0) {
    return std::nullopt;
  }
  return shared;
}

}  // namespace jumpgate::crypto
