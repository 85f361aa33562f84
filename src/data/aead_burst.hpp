/// A burst of AEAD operations over keys of both suites: one call of the driver for each suite.
///
/// Purpose: what seal and open have in common. The operations of both suites share one array,
/// AES-256-GCM from its front, ChaCha20-Poly1305 from its end, which stays warm from burst to burst.
/// Owner thread: the worker. Bound: one batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <jumpgate/aead.hpp>
#include <jumpgate/limits.hpp>
#include <jumpgate/wire.hpp>

#include "base/invariant.hpp"
#include "bus/worker_counters.hpp"
#include "crypto/nonce.hpp"
#include "data/expanded_keys.hpp"

namespace jumpgate::data {

class AeadBurst {
 public:
  AeadBurst(ExpandedKeys& keys, Aead& aes, Aead& chacha, bus::WorkerCounters& counters)
      : keys_(keys),
        aes_(aes),
        chacha_(chacha),
        counters_(counters),
        aes_key_size_(aes.expanded_key_size()),
        chacha_key_size_(chacha.expanded_key_size()) {}

  /// Brings the expanded key that a later add() will look for; its set was asked for a stage before.
  void prefetch_key(Suite suite, std::uint64_t id) {
    if (id == asked_for_) return;
    asked_for_ = id;
    keys_.prefetch_key(id, suite == Suite::kAes256Gcm ? aes_key_size_ : chacha_key_size_);
  }

  /// Forgets the burst before.
  void begin() {
    keys_.begin_burst();
    front_ = size_ = 0;
    last_id_ = asked_for_ = 0;
  }
  /// `message`: prefix, then `length` bytes of text, then room for the tag. `id` names `key` in the
  /// cache of expanded keys.
  void add(Suite suite, std::uint64_t id, const TrafficKey& key, std::uint64_t counter,
           std::uint8_t* message, std::size_t length) {
    JG_INVARIANT(size_ < limits::kBurst);
    const bool is_aes = suite == Suite::kAes256Gcm;
    const std::size_t place = is_aes ? front_ : limits::kBurst - 1 - (size_ - front_);
    front_ += is_aes ? 1 : 0;
    places_[size_++] = static_cast<std::uint8_t>(place);
    if (id != last_id_) {
      last_key_ = keys_.get(id, is_aes ? aes_ : chacha_, key.key, counters_);
      last_id_ = id;
    } else {
      counters_.add(bus::WorkerCounter::kKeyCacheHits);
    }
    AeadOp& op = ops_[place];
    op.expanded = last_key_;
    op.aad = message;
    op.aad_length = wire::kPrefixSize;
    op.length = static_cast<std::uint32_t>(length);
    op.data = message + wire::kPrefixSize;
    op.tag = op.data + length;
    op.iv = crypto::traffic_nonce(key.iv, counter);
    op.ok = false;
  }
  void seal() {
    if (front_ != 0) aes_.seal(of_aes());
    if (front_ != size_) chacha_.seal(of_chacha());
  }
  void open() {
    if (front_ != 0) aes_.open(of_aes());
    if (front_ != size_) chacha_.open(of_chacha());
  }
  /// Of the i-th message added.
  [[nodiscard]] bool ok(std::size_t i) const { return ops_[places_[i]].ok; }

 private:
  [[nodiscard]] std::span<AeadOp> of_aes() { return {ops_.data(), front_}; }
  [[nodiscard]] std::span<AeadOp> of_chacha() {
    const std::size_t count = size_ - front_;
    return {ops_.data() + (ops_.size() - count), count};
  }

  ExpandedKeys& keys_;
  Aead& aes_;
  Aead& chacha_;
  bus::WorkerCounters& counters_;
  std::size_t aes_key_size_;
  std::size_t chacha_key_size_;
  std::array<AeadOp, limits::kBurst> ops_;
  std::array<std::uint8_t, limits::kBurst> places_{};
  std::size_t front_{0};  // operations of AES-256-GCM
  std::size_t size_{0};   // of both
  // Packets of one session come in rows; no key's id is zero.
  std::uint64_t last_id_{0};
  const void* last_key_{nullptr};
  std::uint64_t asked_for_{0};
};

}  // namespace jumpgate::data
