/// A fingerprint of everything that a world's parts say to each other, with its times: two runs are the same, byte for
/// byte, if these are equal.
///
/// Owner thread: the simulation's. Bound: eight bytes. It takes the world's on_wire.
#pragma once

#include <cstdint>
#include <span>

#include "world.hpp"

namespace jumpgate::sim {

class Digest {
 public:
  explicit Digest(World& world) {
    world.on_wire = [this, &world](Way way, const Endpoint& client,
                                   std::span<const std::uint8_t> bytes) {
      add(world.now().ns);
      add(static_cast<std::uint64_t>(way) << 32 | client.port);
      for (const std::uint8_t byte : bytes)
        mix(byte);
    };
  }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest() = default;

  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  // FNV-1a: nobody chooses the input.
  void mix(std::uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3U; }
  void add(std::uint64_t word) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      mix(static_cast<std::uint8_t>(word >> shift));
  }

  std::uint64_t value_{0xcbf29ce484222325U};
};

}  // namespace jumpgate::sim
