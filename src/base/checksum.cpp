#include "base/checksum.hpp"

namespace jumpgate::base {
namespace {

// Eight accumulators of 64 bits for 32-bit words: no carry is ever lost, and the compiler makes
// vectors of them, wider ones where the caller's target has them.
[[gnu::always_inline]] inline std::uint64_t sum_words(const std::uint8_t* at, std::size_t size) {
  constexpr std::size_t kWords = 8;
  std::uint64_t lanes[kWords] = {};
  for (; size >= 4 * kWords; at += 4 * kWords, size -= 4 * kWords)
    for (std::size_t i = 0; i < kWords; ++i)
      lanes[i] += load_native32(at + 4 * i);
  std::uint64_t sum = 0;
  for (const std::uint64_t lane : lanes)
    sum += lane;
  for (; size >= 4; at += 4, size -= 4)
    sum += load_native32(at);
  // The last bytes count as if zeros followed.
  std::uint32_t rest = 0;
  std::memcpy(&rest, at, size);
  return sum + rest;
}

[[gnu::target("avx2")]] std::uint64_t sum_avx2(const std::uint8_t* at, std::size_t size) {
  return sum_words(at, size);
}
std::uint64_t sum_any(const std::uint8_t* at, std::size_t size) {
  return sum_words(at, size);
}

const bool kAvx2 = __builtin_cpu_supports("avx2") != 0;

}  // namespace

std::uint64_t sum_native(std::span<const std::uint8_t> bytes) {
  return kAvx2 ? sum_avx2(bytes.data(), bytes.size()) : sum_any(bytes.data(), bytes.size());
}

}  // namespace jumpgate::base
