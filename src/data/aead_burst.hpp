/// A burst of AEAD operations over keys of both suites: one call of the driver for each suite.
///
/// Purpose: what seal and open have in common. Owner thread: the worker. Bound: one batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <jumpgate/aead.hpp>
#include <jumpgate/limits.hpp>

#include "data/epoch.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

class AeadBurst {
 public:
  explicit AeadBurst(Shard& shard) : shard_(shard) { shard.keys.begin_burst(); }

  /// `message`: prefix, then `length` bytes of text, then room for the tag. `id` names `key` in the
  /// cache of expanded keys.
  void add(Suite suite, std::uint64_t id, const TrafficKey& key, std::uint64_t counter,
           std::uint8_t* message, std::size_t length);
  void seal();
  void open();
  /// Of the i-th message added.
  [[nodiscard]] bool ok(std::size_t i) const {
    const Place& place = places_[i];
    return lists_[place.list].ops[place.index].ok;
  }

 private:
  struct List {
    std::array<AeadOp, limits::kBurst> ops;
    std::size_t size{0};
    std::span<AeadOp> used() { return {ops.data(), size}; }
  };
  struct Place {
    std::uint8_t list;
    std::uint8_t index;
  };

  Shard& shard_;
  std::array<List, 2> lists_;  // AES-256-GCM, ChaCha20-Poly1305
  std::array<Place, limits::kBurst> places_;
  std::size_t size_{0};
};

}  // namespace jumpgate::data
