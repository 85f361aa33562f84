#include "crypto/noise_ik.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <sodium/crypto_aead_chacha20poly1305.h>

#include "base/bytes.hpp"
#include "base/invariant.hpp"
#include "crypto/blake2b.hpp"

namespace jumpgate::crypto {
namespace {

constexpr std::string_view kProtocol = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b";
constexpr std::size_t kHashSize = 64;
constexpr std::size_t kBlockSize = 128;  // of BLAKE2b, for HMAC
constexpr std::size_t kTag = 16;
static_assert(kProtocol.size() <= kHashSize, "a longer name would be hashed (Noise 5.2)");

using Hash = std::array<std::uint8_t, kHashSize>;

/// HMAC (RFC 2104) with BLAKE2b as its hash, over two parts: what Noise prescribes, not BLAKE2b's
/// keyed mode.
base::Secret<Hash> hmac(const Hash& key, std::span<const std::uint8_t> part1,
                        std::span<const std::uint8_t> part2 = {}) {
  base::SecretArray<kBlockSize> pad;
  std::ranges::fill(pad.get(), std::uint8_t{0x36});
  for (std::size_t i = 0; i < key.size(); ++i)
    pad.get()[i] ^= key[i];
  base::Secret<Hash> inner;
  Blake2b(kHashSize).update(pad.get()).update(part1).update(part2).finish(inner.get());
  for (std::uint8_t& byte : pad.get())
    byte ^= 0x36 ^ 0x5c;
  base::Secret<Hash> outer;
  Blake2b(kHashSize).update(pad.get()).update(inner.get()).finish(outer.get());
  return outer;
}

/// HKDF of Noise section 4.3; two or three outputs.
struct Expanded {
  base::Secret<Hash> first;
  base::Secret<Hash> second;
  base::Secret<Hash> third;
};
Expanded hkdf(const Hash& chaining_key, std::span<const std::uint8_t> material, bool three) {
  const base::Secret<Hash> temporary = hmac(chaining_key, material);
  Expanded out;
  out.first = hmac(temporary.get(), std::array<std::uint8_t, 1>{1});
  out.second = hmac(temporary.get(), out.first.get(), std::array<std::uint8_t, 1>{2});
  if (three) out.third = hmac(temporary.get(), out.second.get(), std::array<std::uint8_t, 1>{3});
  return out;
}

void take_key(std::array<std::uint8_t, 32>& key, const base::Secret<Hash>& from) {
  std::copy_n(from.get().begin(), key.size(), key.begin());
}

std::array<std::uint8_t, 12> nonce_of(std::uint64_t counter) {
  std::array<std::uint8_t, 12> nonce{};
  base::store_le64(nonce.data() + 4, counter);
  return nonce;
}

}  // namespace

void NoiseIk::Symmetric::mix_hash(std::span<const std::uint8_t> data) {
  Blake2b hasher(kHashSize);
  hasher.update(hash).update(data).finish(hash);
}

void NoiseIk::Symmetric::mix_key(std::span<const std::uint8_t> material) {
  const Expanded out = hkdf(chaining_key, material, false);
  chaining_key = out.first.get();
  take_key(key, out.second);
  nonce = 0;
}

void NoiseIk::Symmetric::mix_key_and_hash(std::span<const std::uint8_t> material) {
  const Expanded out = hkdf(chaining_key, material, true);
  chaining_key = out.first.get();
  mix_hash(out.second.get());
  take_key(key, out.third);
  nonce = 0;
}

void NoiseIk::Symmetric::seal(std::span<const std::uint8_t> plain, std::span<std::uint8_t> out) {
  const auto n = nonce_of(nonce++);
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(),
                                            hash.data(), hash.size(), nullptr, n.data(),
                                            key.data());
  mix_hash(out);
}

bool NoiseIk::Symmetric::open(std::span<const std::uint8_t> sealed, std::span<std::uint8_t> plain) {
  const auto n = nonce_of(nonce++);
  if (crypto_aead_chacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, sealed.data(),
                                                sealed.size(), hash.data(), hash.size(), n.data(),
                                                key.data()) != 0) {
    return false;
  }
  mix_hash(sealed);
  return true;
}

NoiseIk::NoiseIk(bool is_initiator, std::span<const std::uint8_t> prologue, KeyPair own_static,
                 const PublicKey& remote_static)
    : static_(std::move(own_static)), remote_static_(remote_static), is_initiator_(is_initiator) {
  Symmetric& s = symmetric_.get();
  std::ranges::copy(kProtocol, s.hash.begin());
  s.chaining_key = s.hash;
  s.mix_hash(prologue);
  s.mix_hash(is_initiator ? remote_static_ : static_.public_key);  // the pre-message "<- s"
}

NoiseIk NoiseIk::initiator(std::span<const std::uint8_t> prologue, KeyPair own_static,
                           const PublicKey& remote_static) {
  return {true, prologue, std::move(own_static), remote_static};
}

NoiseIk NoiseIk::responder(std::span<const std::uint8_t> prologue, KeyPair own_static) {
  return {false, prologue, std::move(own_static), PublicKey{}};
}

NoiseIk::Result NoiseIk::fail(NoiseError error) {
  turn_ = Turn::kOver;
  symmetric_.clear();
  ephemeral_.private_key.clear();
  return std::unexpected(error);
}

bool NoiseIk::mix_dh(Symmetric& symmetric, const PrivateSecret& own, const PublicKey& peer) {
  const std::optional<SharedSecret> shared = x25519(own, peer);
  if (!shared) return false;
  symmetric.mix_key(shared->get());
  return true;
}

NoiseIk::Result NoiseIk::write_message1(std::span<const std::uint8_t> payload,
                                        base::RandomSource& random, std::span<std::uint8_t> out) {
  if (!is_initiator_ || turn_ != Turn::kMessage1) return fail(NoiseError::kOutOfTurn);
  if (out.size() != payload.size() + kNoiseMessage1Overhead) return fail(NoiseError::kBadSize);
  Symmetric& s = symmetric_.get();
  ephemeral_ = KeyPair::generate(random);
  std::ranges::copy(ephemeral_.public_key, out.begin());
  s.mix_hash(ephemeral_.public_key);
  s.mix_key(ephemeral_.public_key);  // with a psk in the pattern every e is mixed so (Noise 9.2)
  if (!mix_dh(s, ephemeral_.private_key, remote_static_)) return fail(NoiseError::kBadPublicKey);
  s.seal(static_.public_key, out.subspan(32, 32 + kTag));
  if (!mix_dh(s, static_.private_key, remote_static_)) return fail(NoiseError::kBadPublicKey);
  s.seal(payload, out.subspan(80));
  turn_ = Turn::kMessage2;
  return {};
}

NoiseIk::Result NoiseIk::read_message1(std::span<const std::uint8_t> message,
                                       std::span<std::uint8_t> payload) {
  if (is_initiator_ || turn_ != Turn::kMessage1) return fail(NoiseError::kOutOfTurn);
  if (message.size() != payload.size() + kNoiseMessage1Overhead) return fail(NoiseError::kBadSize);
  Symmetric& s = symmetric_.get();
  std::copy_n(message.begin(), 32, remote_ephemeral_.begin());
  s.mix_hash(remote_ephemeral_);
  s.mix_key(remote_ephemeral_);
  if (!mix_dh(s, static_.private_key, remote_ephemeral_)) return fail(NoiseError::kBadPublicKey);
  if (!s.open(message.subspan(32, 32 + kTag), remote_static_)) return fail(NoiseError::kAuthFailed);
  if (!mix_dh(s, static_.private_key, remote_static_)) return fail(NoiseError::kBadPublicKey);
  if (!s.open(message.subspan(80), payload)) return fail(NoiseError::kAuthFailed);
  turn_ = Turn::kMessage2;
  return {};
}

NoiseIk::Result NoiseIk::write_message2(std::span<const std::uint8_t> payload,
                                        const PresharedKey& psk, base::RandomSource& random,
                                        std::span<std::uint8_t> out) {
  if (is_initiator_ || turn_ != Turn::kMessage2) return fail(NoiseError::kOutOfTurn);
  if (out.size() != payload.size() + kNoiseMessage2Overhead) return fail(NoiseError::kBadSize);
  Symmetric& s = symmetric_.get();
  ephemeral_ = KeyPair::generate(random);
  std::ranges::copy(ephemeral_.public_key, out.begin());
  s.mix_hash(ephemeral_.public_key);
  s.mix_key(ephemeral_.public_key);
  if (!mix_dh(s, ephemeral_.private_key, remote_ephemeral_) ||
      !mix_dh(s, ephemeral_.private_key, remote_static_)) {
    return fail(NoiseError::kBadPublicKey);
  }
  s.mix_key_and_hash(psk);
  s.seal(payload, out.subspan(32));
  turn_ = Turn::kSplit;
  return {};
}

NoiseIk::Result NoiseIk::read_message2(std::span<const std::uint8_t> message,
                                       const PresharedKey& psk, std::span<std::uint8_t> payload) {
  if (!is_initiator_ || turn_ != Turn::kMessage2) return fail(NoiseError::kOutOfTurn);
  if (message.size() != payload.size() + kNoiseMessage2Overhead) {
    return std::unexpected(NoiseError::kBadSize);
  }
  // Worked out on a copy: a stranger's message must not spoil the attempt.
  base::Secret<Symmetric> trial = symmetric_.clone();
  Symmetric& s = trial.get();
  PublicKey ephemeral{};
  std::copy_n(message.begin(), ephemeral.size(), ephemeral.begin());
  s.mix_hash(ephemeral);
  s.mix_key(ephemeral);
  if (!mix_dh(s, ephemeral_.private_key, ephemeral) || !mix_dh(s, static_.private_key, ephemeral)) {
    return std::unexpected(NoiseError::kBadPublicKey);
  }
  s.mix_key_and_hash(psk);
  if (!s.open(message.subspan(32), payload)) return std::unexpected(NoiseError::kAuthFailed);
  remote_ephemeral_ = ephemeral;
  symmetric_ = std::move(trial);
  turn_ = Turn::kSplit;
  return {};
}

std::expected<NoiseResult, NoiseError> NoiseIk::split() {
  if (turn_ != Turn::kSplit) return std::unexpected(NoiseError::kOutOfTurn);
  const Expanded out = hkdf(symmetric_.get().chaining_key, {}, false);
  NoiseResult result;
  take_key(result.initiator_to_responder.get(), out.first);
  take_key(result.responder_to_initiator.get(), out.second);
  result.handshake_hash = symmetric_.get().hash;
  turn_ = Turn::kOver;
  symmetric_.clear();
  ephemeral_.private_key.clear();
  return result;
}

}  // namespace jumpgate::crypto
