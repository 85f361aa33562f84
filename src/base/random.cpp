#include "base/random.hpp"

#include <sodium/randombytes.h>

#include "base/bytes.hpp"

namespace jumpgate::base {

std::uint64_t RandomSource::u64() {
  return load_le64(array<8>().data());
}

std::uint64_t RandomSource::nonzero_u64() {
  std::uint64_t v = u64();
  while (v == 0)
    v = u64();
  return v;
}

std::uint64_t RandomSource::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  // The lowest 2^64 mod bound values would make some results more likely than others.
  const std::uint64_t reject_below = (0 - bound) % bound;
  std::uint64_t v = u64();
  while (v < reject_below)
    v = u64();
  return v % bound;
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
  if (!out.empty()) randombytes_buf(out.data(), out.size());
}

}  // namespace jumpgate::base
