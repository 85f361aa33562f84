/// Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b (Noise revision 34; spec/handshake.md), sans-I/O.
///
///   initiator                                   responder
///   write_message1  -> e, es, s, ss + payload   read_message1 (tells who the peer is; choose the
///   psk by it) read_message2   <- e, ee, se, psk + payload write_message2 split           both:
///   two keys and the handshake hash
///
/// Owner thread: one at a time. Bound: no allocation; four Diffie-Hellman operations for each side
/// in all. Failure: an error value, after which the object is of no further use; a call out of turn
/// is kOutOfTurn. Everything secret is wiped at the end. Ephemeral keys come from the random
/// source, so vectors inject theirs through it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include <jumpgate/types.hpp>

#include "base/random.hpp"
#include "base/secret.hpp"
#include "crypto/x25519.hpp"

namespace jumpgate::crypto {

/// Bytes a message is longer than its payload: e + s + tag + tag, and e + tag.
inline constexpr std::size_t kNoiseMessage1Overhead = 32 + 48 + 16;
inline constexpr std::size_t kNoiseMessage2Overhead = 32 + 16;

enum class NoiseError : std::uint8_t { kBadSize, kBadPublicKey, kAuthFailed, kOutOfTurn };

/// What the handshake leaves: k1 (initiator to responder), k2 (back), and the hash of all that was
/// said.
struct NoiseResult {
  base::SecretArray<32> initiator_to_responder;
  base::SecretArray<32> responder_to_initiator;
  std::array<std::uint8_t, 64> handshake_hash{};
};

class NoiseIk {
 public:
  using Result = std::expected<void, NoiseError>;

  [[nodiscard]] static NoiseIk initiator(std::span<const std::uint8_t> prologue, KeyPair own_static,
                                         const PublicKey& remote_static);
  [[nodiscard]] static NoiseIk responder(std::span<const std::uint8_t> prologue,
                                         KeyPair own_static);

  /// out.size() must be payload.size() + kNoiseMessage1Overhead.
  [[nodiscard]] Result write_message1(std::span<const std::uint8_t> payload,
                                      base::RandomSource& random, std::span<std::uint8_t> out);
  /// payload.size() must be message.size() - kNoiseMessage1Overhead. remote_static() is authentic
  /// afterwards.
  [[nodiscard]] Result read_message1(std::span<const std::uint8_t> message,
                                     std::span<std::uint8_t> payload);
  /// out.size() must be payload.size() + kNoiseMessage2Overhead.
  [[nodiscard]] Result write_message2(std::span<const std::uint8_t> payload,
                                      const PresharedKey& psk, base::RandomSource& random,
                                      std::span<std::uint8_t> out);
  /// payload.size() must be message.size() - kNoiseMessage2Overhead. A message that does not verify
  /// changes nothing: the genuine one may still come.
  [[nodiscard]] Result read_message2(std::span<const std::uint8_t> message, const PresharedKey& psk,
                                     std::span<std::uint8_t> payload);
  /// Once, after message 2.
  [[nodiscard]] std::expected<NoiseResult, NoiseError> split();

  [[nodiscard]] const PublicKey& remote_static() const { return remote_static_; }

 private:
  enum class Turn : std::uint8_t { kMessage1, kMessage2, kSplit, kOver };

  /// Symmetric state (Noise 5.2): chaining key, hash, cipher key and its nonce.
  struct Symmetric {
    std::array<std::uint8_t, 64> chaining_key{};
    std::array<std::uint8_t, 64> hash{};
    std::array<std::uint8_t, 32> key{};
    std::uint64_t nonce{0};

    void mix_hash(std::span<const std::uint8_t> data);
    void mix_key(std::span<const std::uint8_t> material);
    void mix_key_and_hash(std::span<const std::uint8_t> material);
    void seal(std::span<const std::uint8_t> plain, std::span<std::uint8_t> out);
    [[nodiscard]] bool open(std::span<const std::uint8_t> sealed, std::span<std::uint8_t> plain);
  };

  NoiseIk(bool is_initiator, std::span<const std::uint8_t> prologue, KeyPair own_static,
          const PublicKey& remote_static);
  [[nodiscard]] bool mix_dh(Symmetric& symmetric, const PrivateSecret& own, const PublicKey& peer);
  Result fail(NoiseError error);

  base::Secret<Symmetric> symmetric_;
  KeyPair static_;
  KeyPair ephemeral_;
  PublicKey remote_static_{};
  PublicKey remote_ephemeral_{};
  bool is_initiator_;
  Turn turn_{Turn::kMessage1};
};

}  // namespace jumpgate::crypto
