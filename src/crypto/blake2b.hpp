/// BLAKE2b (RFC 7693), plain and keyed, in parts.
///
/// Owner thread: its owner. Bound: no allocation. Failure: a key above 64 bytes or a digest
/// outside 1..64 is a broken invariant. The state is wiped at the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <sodium/crypto_generichash_blake2b.h>

namespace jumpgate::crypto {

inline constexpr std::size_t kBlake2bMaxDigest = 64;

class Blake2b {
 public:
  explicit Blake2b(std::size_t digest_size, std::span<const std::uint8_t> key = {});
  Blake2b(const Blake2b&) = delete;
  Blake2b& operator=(const Blake2b&) = delete;
  ~Blake2b();

  Blake2b& update(std::span<const std::uint8_t> part);
  Blake2b& update(std::string_view part);  // the characters alone, no length, no zero
  Blake2b& u8(std::uint8_t v);
  Blake2b& u16(std::uint16_t v);  // little-endian, as u32 and u64
  Blake2b& u32(std::uint32_t v);
  Blake2b& u64(std::uint64_t v);
  /// Once, with the digest size given at construction.
  void finish(std::span<std::uint8_t> digest);
  template <std::size_t N>
  std::array<std::uint8_t, N> finish() {
    std::array<std::uint8_t, N> digest{};
    finish(digest);
    return digest;
  }

 private:
  crypto_generichash_blake2b_state state_;
  std::size_t digest_size_;
};

}  // namespace jumpgate::crypto
