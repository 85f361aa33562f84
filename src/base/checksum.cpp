#include "base/checksum.hpp"

#include <algorithm>
#include <bit>

#include <immintrin.h>

namespace jumpgate::base {
namespace {

// Words of 64 bits; g++ and clang make of them what the caller's target has.
using Half = std::uint64_t __attribute__((vector_size(32)));
using Line = std::uint64_t __attribute__((vector_size(64)));

// 32-bit words are summed, two in each 64 bits: `all` takes them as they come and wraps, `high` their
// upper halves, so that the lower halves' sum is all - (high << 32). No carry is ever lost.
template <class Words>
struct Sums {
  Words all{};
  Words high{};

  [[gnu::always_inline]] void add(const Words& words) {
    all += words;
    high += words >> 32;
  }
  [[gnu::always_inline]] void add_at(const std::uint8_t*& at) {
    Words words;
    std::memcpy(&words, at, sizeof(words));
    at += sizeof(words);
    add(words);
  }
  [[gnu::always_inline]] void add(const Sums& other) {
    all += other.all;
    high += other.high;
  }
  [[gnu::always_inline]] [[nodiscard]] std::uint64_t total() const {
    const Words each = all - (high << 32) + high;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < sizeof(Words) / sizeof(sum); ++i)
      sum += each[i];
    return sum;
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
  Sums<Half> even;
  Sums<Half> odd;
  const std::uint8_t* const end = at + size;
  while (end - at >= 64) {
    even.add_at(at);
    odd.add_at(at);
  }
  if (end - at >= 32) even.add_at(at);
  even.add(odd);
  std::uint64_t sum = even.total();
  while (end - at >= 8) {
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

/// The first `count` bytes of a line, 64 at most, and zeros.
[[gnu::target("avx512f,avx512bw")]] Line first_of(const std::uint8_t* at, std::size_t count) {
  const std::uint64_t mask = count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
  return __builtin_bit_cast(Line, _mm512_maskz_loadu_epi8(mask, at));
}

/// The same, a line of the cache at a time. What stands before the first boundary is taken by itself, so that no load
/// crosses one: half of those of 32 bytes would. `at` is even, else a boundary would part a word of 16 bits.
[[gnu::target("avx512f,avx512bw")]] std::uint64_t sum_avx512(const std::uint8_t* at,
                                                             std::size_t size) {
  const std::uint8_t* const end = at + size;
  const std::size_t before =
      std::min(size, sizeof(Line) - reinterpret_cast<std::uintptr_t>(at) % sizeof(Line));
  Sums<Line> sums;
  sums.add(first_of(at, before));
  at += before;
  while (end - at >= static_cast<std::ptrdiff_t>(sizeof(Line)))
    sums.add_at(at);
  sums.add(first_of(at, static_cast<std::size_t>(end - at)));
  return sums.total();
}

enum class Vectors : std::uint8_t { kBaseline, kAvx2, kAvx512 };

Vectors vectors() {
  if (__builtin_cpu_supports("avx512bw") != 0) return Vectors::kAvx512;
  return __builtin_cpu_supports("avx2") != 0 ? Vectors::kAvx2 : Vectors::kBaseline;
}

const Vectors kVectors = vectors();

}  // namespace

std::uint64_t sum_native(std::span<const std::uint8_t> bytes) {
  // From an odd address on, the boundary of a line would part a word of 16 bits.
  const bool even = reinterpret_cast<std::uintptr_t>(bytes.data()) % 2 == 0;
  if (kVectors == Vectors::kAvx512 && even) return sum_avx512(bytes.data(), bytes.size());
  return kVectors == Vectors::kBaseline ? sum_any(bytes.data(), bytes.size())
                                        : sum_avx2(bytes.data(), bytes.size());
}

}  // namespace jumpgate::base
