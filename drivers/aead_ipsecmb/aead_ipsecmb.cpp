#include "aead_ipsecmb/aead_ipsecmb.hpp"

#include <algorithm>
#include <cstring>

#include <intel-ipsec-mb.h>

#include <jumpgate/limits.hpp>

#include "base/invariant.hpp"
#include "base/secret.hpp"

namespace jumpgate::aead_ipsecmb {
namespace {

struct ManagerDeleter {
  void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
};
using Manager = std::unique_ptr<IMB_MGR, ManagerDeleter>;

Manager make_manager() {
  Manager manager(alloc_mb_mgr(0));
  if (!manager) return nullptr;
  IMB_ARCH arch = IMB_ARCH_NONE;
  init_mb_mgr_auto(manager.get(), &arch);
  constexpr std::uint64_t kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
  const bool usable = imb_get_errno(manager.get()) == 0 && (manager->features & kNeeded) == kNeeded;
  return usable ? std::move(manager) : nullptr;
}

constexpr std::size_t aligned(std::size_t size) {
  return (size + kExpandedKeyAlignment - 1) / kExpandedKeyAlignment * kExpandedKeyAlignment;
}

using Tag = std::array<std::uint8_t, kAeadTagSize>;

/// All 16 bytes are looked at whatever they are: no branch before the end.
bool same_tag(const Tag& computed, const std::uint8_t* received) {
  std::array<std::uint64_t, 2> a{};
  std::array<std::uint64_t, 2> b{};
  std::memcpy(a.data(), computed.data(), sizeof(a));
  std::memcpy(b.data(), received, sizeof(b));
  return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

void judge(AeadOp& op, const Tag& computed) {
  op.ok = same_tag(computed, op.tag);
  if (!op.ok) base::wipe(op.data, op.length);
}

class Gcm final : public Aead {
 public:
  explicit Gcm(Manager manager) : manager_(std::move(manager)) {}
  ~Gcm() override { base::wipe(&context_, sizeof(context_)); }

  [[nodiscard]] Suite suite() const override { return Suite::kAes256Gcm; }
  [[nodiscard]] std::string_view driver_name() const override { return "ipsecmb"; }
  [[nodiscard]] std::size_t expanded_key_size() const override { return kKeySize; }

  void expand(std::span<const std::uint8_t, 32> key, void* expanded) override {
    manager_->gcm256_pre(key.data(), static_cast<gcm_key_data*>(expanded));
  }

  void seal(std::span<AeadOp> ops) override {
    for (AeadOp& op : ops) {
      manager_->gcm256_enc(key_of(op), &context_, op.data, op.data, op.length, op.iv.data(), op.aad,
                           op.aad_length, op.tag, kAeadTagSize);
      op.ok = true;
    }
  }

  void open(std::span<AeadOp> ops) override {
    for (AeadOp& op : ops) {
      Tag computed;
      manager_->gcm256_dec(key_of(op), &context_, op.data, op.data, op.length, op.iv.data(), op.aad,
                           op.aad_length, computed.data(), kAeadTagSize);
      judge(op, computed);
    }
  }

 private:
  static constexpr std::size_t kKeySize = aligned(sizeof(gcm_key_data));
  static_assert(kKeySize <= kMaxExpandedKeySize);
  static_assert(alignof(gcm_key_data) <= kExpandedKeyAlignment);

  static const gcm_key_data* key_of(const AeadOp& op) {
    return static_cast<const gcm_key_data*>(op.expanded);
  }

  Manager manager_;
  alignas(64) gcm_context_data context_{};
};

class ChaCha final : public Aead {
 public:
  explicit ChaCha(Manager manager) : manager_(std::move(manager)) {}

  [[nodiscard]] Suite suite() const override { return Suite::kChaCha20Poly1305; }
  [[nodiscard]] std::string_view driver_name() const override { return "ipsecmb"; }
  [[nodiscard]] std::size_t expanded_key_size() const override { return kKeySize; }

  void expand(std::span<const std::uint8_t, 32> key, void* expanded) override {
    auto* out = static_cast<std::uint8_t*>(expanded);
    std::fill(std::ranges::copy(key, out).out, out + kKeySize, std::uint8_t{0});
  }

  void seal(std::span<AeadOp> ops) override {
    while (!ops.empty()) {
      const std::size_t count = run(ops, IMB_DIR_ENCRYPT);
      for (std::size_t i = 0; i < count; ++i) {
        std::ranges::copy(tags_[i], ops[i].tag);
        ops[i].ok = true;
      }
      ops = ops.subspan(count);
    }
  }

  void open(std::span<AeadOp> ops) override {
    while (!ops.empty()) {
      const std::size_t count = run(ops, IMB_DIR_DECRYPT);
      for (std::size_t i = 0; i < count; ++i)
        judge(ops[i], tags_[i]);
      ops = ops.subspan(count);
    }
  }

 private:
  static constexpr std::size_t kKeySize = aligned(32);

  /// Runs one burst of jobs over the first operations and leaves their tags in tags_; returns how
  /// many.
  std::size_t run(std::span<AeadOp> ops, IMB_CIPHER_DIRECTION direction) {
    const auto wanted = static_cast<std::uint32_t>(std::min(ops.size(), limits::kBurst));
    const std::uint32_t count = manager_->get_next_burst(manager_.get(), wanted, jobs_.data());
    // The manager holds nothing but this burst, so it has room and gives all of it back; going on
    // otherwise would let packets leave unsealed.
    if (count == 0) JG_UNREACHABLE();
    for (std::uint32_t i = 0; i < count; ++i)
      prepare(*jobs_[i], ops[i], direction, tags_[i]);
    std::uint32_t done = manager_->submit_burst_nocheck(manager_.get(), count, jobs_.data());
    while (done < count) {
      const std::uint32_t flushed =
          manager_->flush_burst(manager_.get(), count - done, jobs_.data());
      if (flushed == 0) JG_UNREACHABLE();
      done += flushed;
    }
    return count;
  }

  static void prepare(IMB_JOB& job, AeadOp& op, IMB_CIPHER_DIRECTION direction, Tag& tag) {
    job.cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
    job.cipher_direction = direction;
    job.hash_alg = IMB_AUTH_CHACHA20_POLY1305;
    job.chain_order = direction == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
    job.enc_keys = op.expanded;
    job.dec_keys = op.expanded;
    job.key_len_in_bytes = 32;
    job.src = op.data;
    job.dst = op.data;
    job.cipher_start_src_offset_in_bytes = 0;
    job.msg_len_to_cipher_in_bytes = op.length;
    job.hash_start_src_offset_in_bytes = 0;
    job.msg_len_to_hash_in_bytes = op.length;
    job.iv = op.iv.data();
    job.iv_len_in_bytes = kAeadIvSize;
    job.auth_tag_output = tag.data();
    job.auth_tag_output_len_in_bytes = kAeadTagSize;
    job.u.CHACHA20_POLY1305.aad = op.aad;
    job.u.CHACHA20_POLY1305.aad_len_in_bytes = op.aad_length;
    job.u.CHACHA20_POLY1305.ctx = nullptr;
    job.user_data = nullptr;
  }

  Manager manager_;
  std::array<IMB_JOB*, limits::kBurst> jobs_{};
  std::array<Tag, limits::kBurst> tags_{};
};

}  // namespace

std::unique_ptr<Aead> make_aead(Suite suite) {
  if (suite != Suite::kAes256Gcm && suite != Suite::kChaCha20Poly1305) return nullptr;
  Manager manager = make_manager();
  if (!manager) return nullptr;
  if (suite == Suite::kAes256Gcm) return std::make_unique<Gcm>(std::move(manager));
  return std::make_unique<ChaCha>(std::move(manager));
}

}  // namespace jumpgate::aead_ipsecmb
