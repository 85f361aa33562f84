/// Deterministic randomness for tests: the same seed gives the same bytes, in the same order of
/// calls.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <sodium/randombytes.h>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace jumpgate::test {

class SeededRandom final : public base::RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : seed_(seed) {}

  void fill(std::span<std::uint8_t> out) override {
    std::array<std::uint8_t, randombytes_SEEDBYTES> key{};
    base::store_le64(key.data(), seed_);
    base::store_le64(key.data() + 8, calls_++);
    if (out.empty()) return;
    randombytes_buf_deterministic(out.data(), out.size(), key.data());
  }
  /// A buffer of exactly n bytes on the heap, so that sanitizers see every byte read beyond it.
  std::vector<std::uint8_t> bytes(std::size_t n) {
    std::vector<std::uint8_t> out(n);
    fill(out);
    out.shrink_to_fit();
    return out;
  }

 private:
  std::uint64_t seed_;
  std::uint64_t calls_{0};
};

}  // namespace jumpgate::test
