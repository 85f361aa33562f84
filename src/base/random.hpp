/// Randomness, passed in wherever it is needed, so that tests choose it
/// (tests/support/seeded_random.hpp).
///
/// Owner thread: SystemRandom may be shared by threads; other sources belong to one. Bound: no
/// allocation. Failure: none reported; a system without entropy aborts at start-up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace jumpgate::base {

class RandomSource {
 public:
  RandomSource() = default;
  RandomSource(const RandomSource&) = delete;
  RandomSource& operator=(const RandomSource&) = delete;
  virtual ~RandomSource() = default;

  /// Fills the span with bytes that nobody can predict.
  virtual void fill(std::span<std::uint8_t> out) = 0;

  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    fill(out);
    return out;
  }
  std::uint64_t u64();
  /// Never zero: a fresh connection id, a hash seed.
  std::uint64_t nonzero_u64();
  /// Uniform in [0, bound); 0 for bound 0.
  std::uint64_t below(std::uint64_t bound);
};

/// The operating system's generator, by libsodium.
class SystemRandom final : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace jumpgate::base
