#include "base/checksum.hpp"

#include <bit>

namespace jumpgate::base {
namespace {

// Four words of 64 bits; g++ and clang make of it what the caller's target has.
using Words = std::uint64_t __attribute__((vector_size(32)));

// 32-bit words are summed, two in each 64 bits: `all` takes them as they come and wraps, `high` their
// upper halves, so that the lower halves' sum is all - (high << 32). No carry is ever lost.
struct Sums {
  Words all{};
  Words high{};

  [[gnu::always_inline]] void add(const std::uint8_t* at) {
    Words words;
    std::memcpy(&words, at, sizeof(words));
    all += words;
    high += words >> 32;
  }
};

template <typename Word>
[[gnu::always_inline]] inline std::uint64_t take(const std::uint8_t*& at) {
  Word word;
  std::memcpy(&word, at, sizeof(word));
  at += sizeof(word);
  return word;
}

[[gnu::always_inline]] inline std::uint64_t sum_words(const std::uint8_t* at, std::size_t size) {
  Sums even;
  Sums odd;
  const std::uint8_t* const end = at + size;
  for (; end - at >= 64; at += 64) {
    even.add(at);
    odd.add(at + 32);
  }
  if (end - at >= 32) {
    even.add(at);
    at += 32;
  }
  const Words high = even.high + odd.high;
  const Words each = even.all + odd.all - (high << 32) + high;
  std::uint64_t sum = each[0] + each[1] + each[2] + each[3];
  for (; end - at >= 8;) {
    const auto word = take<std::uint64_t>(at);
    sum += (word & 0xffff'ffff) + (word >> 32);
  }
  if (end - at >= 4) sum += take<std::uint32_t>(at);
  if (end - at >= 2) sum += take<std::uint16_t>(at);
  // The last byte counts as if a zero followed.
  if (end != at) sum += std::uint64_t{*at} << (std::endian::native == std::endian::little ? 0 : 8);
  return sum;
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
