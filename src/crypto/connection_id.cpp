#include "crypto/connection_id.hpp"

#include <algorithm>
#include <bit>

#include <immintrin.h>

#include "base/invariant.hpp"
#include "base/secret.hpp"

namespace jumpgate::crypto {
namespace {

constexpr unsigned kRounds = 4;
constexpr std::size_t kLanes = 4;  // ids enciphered side by side: AES has this much latency to hide
constexpr unsigned kAesRounds = 10;
// The check is a constant: only the key's owner can make an id whose last eight bits decipher to
// it.
constexpr std::uint64_t kCheck = 0x5a;

constexpr std::uint64_t mask(unsigned bits) {
  return (std::uint64_t{1} << bits) - 1;
}

#define JG_AES __attribute__((target("aes,sse4.1")))

/// The next round key of AES-128 (FIPS 197 section 5.2).
template <int kRoundConstant>
JG_AES __m128i next_round_key(__m128i key) {
  __m128i assist = _mm_aeskeygenassist_si128(key, kRoundConstant);
  assist = _mm_shuffle_epi32(assist, _MM_SHUFFLE(3, 3, 3, 3));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  return _mm_xor_si128(key, assist);
}

JG_AES void expand_key(const std::uint8_t* key, std::uint8_t* round_keys) {
  // The casts are the documented way to load and store vectors.
  auto* out = reinterpret_cast<__m128i*>(round_keys);
  __m128i k = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key));
  _mm_store_si128(out++, k);
  _mm_store_si128(out++, k = next_round_key<0x01>(k));
  _mm_store_si128(out++, k = next_round_key<0x02>(k));
  _mm_store_si128(out++, k = next_round_key<0x04>(k));
  _mm_store_si128(out++, k = next_round_key<0x08>(k));
  _mm_store_si128(out++, k = next_round_key<0x10>(k));
  _mm_store_si128(out++, k = next_round_key<0x20>(k));
  _mm_store_si128(out++, k = next_round_key<0x40>(k));
  _mm_store_si128(out++, k = next_round_key<0x80>(k));
  _mm_store_si128(out++, k = next_round_key<0x1b>(k));
  _mm_store_si128(out, next_round_key<0x36>(k));
}

/// One Feistel pass over kLanes ids: to[i] ^= first32(AES(from[i] | pass | zeros)).
JG_AES void pass(const std::uint8_t* round_keys, unsigned number,
                 const std::array<std::uint32_t, kLanes>& from,
                 std::array<std::uint32_t, kLanes>& to) {
  const auto* keys = reinterpret_cast<const __m128i*>(round_keys);
  __m128i block[kLanes];  // std::array would drop the attributes of the vector type
  const __m128i first = _mm_load_si128(keys);
  for (std::size_t i = 0; i < kLanes; ++i) {
    const __m128i input =
        _mm_set_epi32(0, 0, static_cast<int>(number), std::bit_cast<int>(from[i]));
    block[i] = _mm_xor_si128(input, first);
  }
  for (unsigned round = 1; round < kAesRounds; ++round) {
    const __m128i key = _mm_load_si128(keys + round);
    for (__m128i& b : block)
      b = _mm_aesenc_si128(b, key);
  }
  const __m128i last = _mm_load_si128(keys + kAesRounds);
  for (std::size_t i = 0; i < kLanes; ++i) {
    const __m128i output = _mm_aesenclast_si128(block[i], last);
    to[i] ^= std::bit_cast<std::uint32_t>(_mm_cvtsi128_si32(output));
  }
}

#undef JG_AES

struct Halves {
  std::array<std::uint32_t, kLanes> left{};
  std::array<std::uint32_t, kLanes> right{};

  void set(std::size_t lane, std::uint64_t value) {
    left[lane] = static_cast<std::uint32_t>(value >> 32);
    right[lane] = static_cast<std::uint32_t>(value);
  }
  [[nodiscard]] std::uint64_t get(std::size_t lane) const {
    return std::uint64_t{left[lane]} << 32 | right[lane];
  }
};

// Instead of exchanging the halves after each pass, odd passes work the other way round.
void encipher(const std::uint8_t* round_keys, Halves& h) {
  for (unsigned n = 0; n < kRounds; n += 2) {
    pass(round_keys, n, h.right, h.left);
    pass(round_keys, n + 1, h.left, h.right);
  }
}

void decipher(const std::uint8_t* round_keys, Halves& h) {
  for (unsigned n = kRounds; n > 0; n -= 2) {
    pass(round_keys, n - 1, h.left, h.right);
    pass(round_keys, n - 2, h.right, h.left);
  }
}

std::uint64_t pack(const CidFields& f) {
  using namespace limits;
  std::uint64_t v = f.node;
  v = v << kCidWorkerBits | f.worker;
  v = v << kCidSlotBits | f.slot;
  v = v << kCidGenerationBits | f.generation;
  return v << kCidCheckBits | kCheck;
}

CidFields unpack(std::uint64_t v) {
  using namespace limits;
  CidFields f;
  v >>= kCidCheckBits;
  f.generation = static_cast<std::uint32_t>(v & mask(kCidGenerationBits));
  v >>= kCidGenerationBits;
  f.slot = static_cast<std::uint32_t>(v & mask(kCidSlotBits));
  v >>= kCidSlotBits;
  f.worker = static_cast<std::uint8_t>(v & mask(kCidWorkerBits));
  f.node = static_cast<std::uint8_t>(v >> kCidWorkerBits);
  return f;
}

}  // namespace

bool CidCipher::supported() {
  return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("sse4.1") != 0;
}

CidCipher::CidCipher(std::span<const std::uint8_t, kKeySize> key) {
  JG_INVARIANT(supported());
  expand_key(key.data(), round_keys_.data());
}

CidCipher::~CidCipher() {
  base::wipe(round_keys_);
}

ConnectionId CidCipher::encode(const CidFields& fields) const {
  JG_INVARIANT(fields.worker <= mask(limits::kCidWorkerBits) &&
               fields.slot <= mask(limits::kCidSlotBits) &&
               fields.generation <= mask(limits::kCidGenerationBits));
  Halves h;
  h.set(0, pack(fields));
  encipher(round_keys_.data(), h);
  return {h.get(0)};
}

std::optional<CidFields> CidCipher::decode(ConnectionId cid) const {
  std::array<CidFields, 1> fields;
  if (decode_burst(std::span(&cid, 1), fields) == 0) return std::nullopt;
  return fields[0];
}

std::uint32_t CidCipher::decode_burst(std::span<const ConnectionId> ids,
                                      std::span<CidFields> fields) const {
  static_assert(kMaxBurst <= 32, "the result has one bit for each id");
  JG_INVARIANT(ids.size() <= kMaxBurst && fields.size() >= ids.size());
  std::uint32_t good = 0;
  for (std::size_t base = 0; base < ids.size(); base += kLanes) {
    const std::size_t count = std::min(kLanes, ids.size() - base);
    Halves h;
    for (std::size_t i = 0; i < count; ++i)
      h.set(i, ids[base + i].value);
    decipher(round_keys_.data(), h);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t value = h.get(i);
      const bool ok = (value & mask(limits::kCidCheckBits)) == kCheck && ids[base + i].value != 0;
      fields[base + i] = unpack(value);
      good |= static_cast<std::uint32_t>(ok) << (base + i);
    }
  }
  return good;
}

}  // namespace jumpgate::crypto
