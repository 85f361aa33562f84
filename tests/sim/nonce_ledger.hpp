/// Every (key, nonce) pair that anybody in the simulation seals with.
///
/// Purpose: prove that none is used twice (spec/keys.md "Nonces"). A pair is remembered exactly: per key the nonces,
/// taken relative to the key's first one, as intervals; a counter that rises by one makes one interval a key.
/// RecordingAead wraps a real driver and notes each seal; control messages are noted by their 24-byte nonce as they
/// leave. Owner thread: the simulation's. Bound: grows with keys, not with packets, as long as counters rise.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <jumpgate/aead.hpp>

namespace jumpgate::sim {

using KeyPrint = std::array<std::uint8_t, 16>;
using TrafficNonce = std::array<std::uint8_t, kAeadIvSize>;
using ControlNonce = std::array<std::uint8_t, 24>;

class NonceLedger {
 public:
  /// A seal under the key with this fingerprint.
  void note(const KeyPrint& key, const TrafficNonce& nonce);
  /// A sealed control message as it leaves.
  void note_control(std::span<const std::uint8_t, 24> nonce);

  [[nodiscard]] std::uint64_t pairs() const { return pairs_; }
  [[nodiscard]] std::uint64_t repeats() const { return repeats_; }

 private:
  struct Used {
    TrafficNonce first{};
    std::vector<std::pair<std::uint64_t, std::uint64_t>> intervals;  // closed, disjoint, rising
  };
  /// False when `value` was there.
  static bool insert(Used& used, std::uint64_t value);

  std::map<KeyPrint, Used> keys_;
  std::set<ControlNonce> control_;
  std::uint64_t pairs_{0};
  std::uint64_t repeats_{0};
};

/// A driver of libsodium that notes what it seals.
class RecordingAead final : public Aead {
 public:
  RecordingAead(Suite suite, NonceLedger& ledger);

  [[nodiscard]] Suite suite() const override { return inner_->suite(); }
  [[nodiscard]] std::string_view driver_name() const override { return "recording"; }
  /// The key's fingerprint lies behind the driver's own form of it.
  [[nodiscard]] std::size_t expanded_key_size() const override {
    return inner_->expanded_key_size() + kExpandedKeyAlignment;
  }
  void expand(std::span<const std::uint8_t, 32> key, void* expanded) override;
  void seal(std::span<AeadOp> ops) override;
  void open(std::span<AeadOp> ops) override { inner_->open(ops); }

 private:
  std::unique_ptr<Aead> inner_;
  NonceLedger& ledger_;
};

}  // namespace jumpgate::sim
