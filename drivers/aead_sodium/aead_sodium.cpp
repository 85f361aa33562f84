#include "aead_sodium/aead_sodium.hpp"

#include <algorithm>

#include <sodium/crypto_aead_aes256gcm.h>
#include <sodium/crypto_aead_chacha20poly1305.h>

#include "base/secret.hpp"

namespace jumpgate::aead_sodium {
namespace {

constexpr std::size_t aligned(std::size_t size) {
  return (size + kExpandedKeyAlignment - 1) / kExpandedKeyAlignment * kExpandedKeyAlignment;
}

class Gcm final : public Aead {
 public:
  [[nodiscard]] Suite suite() const override { return Suite::kAes256Gcm; }
  [[nodiscard]] std::string_view driver_name() const override { return "sodium"; }
  [[nodiscard]] std::size_t expanded_key_size() const override { return kKeySize; }

  void expand(std::span<const std::uint8_t, 32> key, void* expanded) override {
    crypto_aead_aes256gcm_beforenm(static_cast<State*>(expanded), key.data());
  }

  void seal(std::span<AeadOp> ops) override {
    for (AeadOp& op : ops) {
      crypto_aead_aes256gcm_encrypt_detached_afternm(op.data, op.tag, nullptr, op.data, op.length,
                                                     op.aad, op.aad_length, nullptr, op.iv.data(),
                                                     state_of(op));
      op.ok = true;
    }
  }

  void open(std::span<AeadOp> ops) override {
    for (AeadOp& op : ops) {
      op.ok = crypto_aead_aes256gcm_decrypt_detached_afternm(op.data, nullptr, op.data, op.length,
                                                             op.tag, op.aad, op.aad_length,
                                                             op.iv.data(), state_of(op)) == 0;
      if (!op.ok) base::wipe(op.data, op.length);
    }
  }

 private:
  using State = crypto_aead_aes256gcm_state;
  static constexpr std::size_t kKeySize = aligned(sizeof(State));
  static_assert(kKeySize <= kMaxExpandedKeySize && alignof(State) <= kExpandedKeyAlignment);

  static const State* state_of(const AeadOp& op) { return static_cast<const State*>(op.expanded); }
};

class ChaCha final : public Aead {
 public:
  [[nodiscard]] Suite suite() const override { return Suite::kChaCha20Poly1305; }
  [[nodiscard]] std::string_view driver_name() const override { return "sodium"; }
  [[nodiscard]] std::size_t expanded_key_size() const override { return kKeySize; }

  void expand(std::span<const std::uint8_t, 32> key, void* expanded) override {
    auto* out = static_cast<std::uint8_t*>(expanded);
    std::fill(std::ranges::copy(key, out).out, out + kKeySize, std::uint8_t{0});
  }

  void seal(std::span<AeadOp> ops) override {
    for (AeadOp& op : ops) {
      crypto_aead_chacha20poly1305_ietf_encrypt_detached(op.data, op.tag, nullptr, op.data,
                                                         op.length, op.aad, op.aad_length, nullptr,
                                                         op.iv.data(), key_of(op));
      op.ok = true;
    }
  }

  void open(std::span<AeadOp> ops) override {
    for (AeadOp& op : ops) {
      op.ok = crypto_aead_chacha20poly1305_ietf_decrypt_detached(
                  op.data, nullptr, op.data, op.length, op.tag, op.aad, op.aad_length, op.iv.data(),
                  key_of(op)) == 0;
      if (!op.ok) base::wipe(op.data, op.length);
    }
  }

 private:
  static constexpr std::size_t kKeySize = aligned(32);

  static const std::uint8_t* key_of(const AeadOp& op) {
    return static_cast<const std::uint8_t*>(op.expanded);
  }
};

}  // namespace

std::unique_ptr<Aead> make_aead(Suite suite) {
  if (suite == Suite::kAes256Gcm && crypto_aead_aes256gcm_is_available() != 0) {
    return std::make_unique<Gcm>();
  }
  if (suite == Suite::kChaCha20Poly1305) return std::make_unique<ChaCha>();
  return nullptr;
}

}  // namespace jumpgate::aead_sodium
