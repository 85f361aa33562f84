#include "crypto/control_seal.hpp"

#include <algorithm>

#include <sodium/crypto_aead_xchacha20poly1305.h>

#include "base/invariant.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::crypto {
namespace {

constexpr std::size_t kSealedOffset = wire::kPrefixSize + wire::kControlNonceSize;
constexpr std::size_t kSealedSize = wire::kControlPayloadSize + wire::kTagSize;
static_assert(kSealedOffset + kSealedSize == wire::kControlSize);
static_assert(wire::kControlNonceSize == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

}  // namespace

void seal_control(const wire::Prefix& prefix,
                  std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                  const ControlKey& key, base::RandomSource& random, ControlMessageOut out) {
  JG_INVARIANT(wire::class_of(prefix.type) == wire::Class::kControl);
  wire::Prefix written = prefix;
  written.counter = 0;
  wire::write_prefix(written, out.first<wire::kPrefixSize>());
  const auto nonce = out.subspan<wire::kPrefixSize, wire::kControlNonceSize>();
  random.fill(nonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kSealedOffset, nullptr, payload.data(),
                                             payload.size(), out.data(), wire::kPrefixSize, nullptr,
                                             nonce.data(), key.data());
}

bool open_control(ControlMessage message, const ControlKey& key,
                  std::span<std::uint8_t, wire::kControlPayloadSize> payload) {
  const bool ok =
      crypto_aead_xchacha20poly1305_ietf_decrypt(
          payload.data(), nullptr, nullptr, message.data() + kSealedOffset, kSealedSize,
          message.data(), wire::kPrefixSize, message.data() + wire::kPrefixSize, key.data()) == 0;
  if (!ok) std::ranges::fill(payload, std::uint8_t{0});
  return ok;
}

}  // namespace jumpgate::crypto
