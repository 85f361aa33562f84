#include "base/checksum.hpp"

#include <algorithm>
#include <bit>

#include <immintrin.h>

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

/// `count` ones, 64 at most.
std::uint64_t low_bits(std::size_t count) {
  return count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

/// The same, a line of the cache at a time. What stands before the first boundary is taken by itself, so that no load
/// crosses one: half of those of 32 bytes would. `at` is even, else a boundary would part a word of 16 bits.
[[gnu::target("avx512f,avx512bw")]] std::uint64_t sum_avx512(const std::uint8_t* at,
                                                             std::size_t size) {
  constexpr std::size_t kLine = 64;
  const std::uint8_t* const end = at + size;
  const std::size_t before = std::min(size, kLine - reinterpret_cast<std::uintptr_t>(at) % kLine);
  __m512i words = _mm512_maskz_loadu_epi8(low_bits(before), at);
  __m512i all = words;
  __m512i high = _mm512_srli_epi64(words, 32);
  for (at += before; end - at >= static_cast<std::ptrdiff_t>(kLine); at += kLine) {
    words = _mm512_load_si512(at);
    all = _mm512_add_epi64(all, words);
    high = _mm512_add_epi64(high, _mm512_srli_epi64(words, 32));
  }
  words = _mm512_maskz_loadu_epi8(low_bits(static_cast<std::size_t>(end - at)), at);
  all = _mm512_add_epi64(all, words);
  high = _mm512_add_epi64(high, _mm512_srli_epi64(words, 32));
  const __m512i low = _mm512_sub_epi64(all, _mm512_slli_epi64(high, 32));
  return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(_mm512_add_epi64(low, high)));
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
