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

  /// Brings the expanded key that a later fill() will look for; its set was asked for a stage before.
  void prefetch_key(Suite suite, std::uint64_t id) {
    if (id == asked_for_) return;
    asked_for_ = id;
    keys_.prefetch_key(id, suite == Suite::kAes256Gcm ? aes_key_size_ : chacha_key_size_);
  }

  /// A packet: prefix, then `length` bytes of text, then room for the tag. `key_id` names `key` in
  /// the cache of expanded keys.
  struct Message {
    Suite suite;
    std::uint64_t key_id;
    const TrafficKey& key;
    std::uint64_t counter;
    std::uint8_t* bytes;
    std::size_t length;
  };
  /// One operation for each of `items`; `message_of` says which. The burst before is forgotten.
  template <typename T, typename MessageOf>
  void fill(std::span<T> items, MessageOf&& message_of) {
    JG_INVARIANT(items.size() <= limits::kBurst);
    keys_.begin_burst();
    asked_for_ = 0;
    // What goes on from packet to packet stays out of memory, where each would wait for the last.
    std::size_t front = 0;
    std::size_t back = limits::kBurst;
    // Packets of one session come in rows; no key's id is zero.
    std::uint64_t last_id = 0;
    const void* last_key = nullptr;
    std::uint64_t hits = 0;
    std::uint8_t* place = places_.data();
    for (T& item : items) {
      const Message message = message_of(item);
      const bool is_aes = message.suite == Suite::kAes256Gcm;
      if (message.key_id != last_id) {
        last_key = keys_.get(message.key_id, is_aes ? aes_ : chacha_, message.key.key, counters_);
        last_id = message.key_id;
      } else {
        ++hits;
      }
      const std::size_t at = is_aes ? front++ : --back;
      *place++ = static_cast<std::uint8_t>(at);
      AeadOp& op = ops_[at];
      op.expanded = last_key;
      op.aad = message.bytes;
      op.aad_length = wire::kPrefixSize;
      op.length = static_cast<std::uint32_t>(message.length);
      op.data = message.bytes + wire::kPrefixSize;
      op.tag = op.data + message.length;
      op.iv = crypto::traffic_nonce(message.key.iv, message.counter);
      op.ok = false;
    }
    counters_.add(bus::WorkerCounter::kKeyCacheHits, hits);
    front_ = front;
    back_ = back;
  }
  void seal() {
    if (front_ != 0) aes_.seal(of_aes());
    if (back_ != ops_.size()) chacha_.seal(of_chacha());
  }
  void open() {
    if (front_ != 0) aes_.open(of_aes());
    if (back_ != ops_.size()) chacha_.open(of_chacha());
  }
  /// Of the i-th message.
  [[nodiscard]] bool ok(std::size_t i) const { return ops_[places_[i]].ok; }

 private:
  [[nodiscard]] std::span<AeadOp> of_aes() { return {ops_.data(), front_}; }
  [[nodiscard]] std::span<AeadOp> of_chacha() { return std::span(ops_).subspan(back_); }

  ExpandedKeys& keys_;
  Aead& aes_;
  Aead& chacha_;
  bus::WorkerCounters& counters_;
  std::size_t aes_key_size_;
  std::size_t chacha_key_size_;
  std::array<AeadOp, limits::kBurst> ops_;
  std::array<std::uint8_t, limits::kBurst> places_{};
  std::size_t front_{0};              // behind the operations of AES-256-GCM
  std::size_t back_{limits::kBurst};  // the first of ChaCha20-Poly1305
  std::uint64_t asked_for_{0};
};

}  // namespace jumpgate::data
