#include "crypto/blake2b.hpp"

#include "base/bytes.hpp"
#include "base/invariant.hpp"
#include "base/secret.hpp"

namespace jumpgate::crypto {

Blake2b::Blake2b(std::size_t digest_size, std::span<const std::uint8_t> key)
    : digest_size_(digest_size) {
  JG_INVARIANT(digest_size >= 1 && digest_size <= kBlake2bMaxDigest && key.size() <= 64);
  crypto_generichash_blake2b_init(&state_, key.data(), key.size(), digest_size);
}

Blake2b::~Blake2b() {
  base::wipe(&state_, sizeof(state_));
}

Blake2b& Blake2b::update(std::span<const std::uint8_t> part) {
  crypto_generichash_blake2b_update(&state_, part.data(), part.size());
  return *this;
}

Blake2b& Blake2b::update(std::string_view part) {
  // Characters may be read as bytes; there is no other way to view text as such.
  return update(std::span(reinterpret_cast<const std::uint8_t*>(part.data()), part.size()));
}

Blake2b& Blake2b::u8(std::uint8_t v) {
  return update(std::span(&v, 1));
}

Blake2b& Blake2b::u16(std::uint16_t v) {
  std::array<std::uint8_t, 2> bytes{};
  base::store_le16(bytes.data(), v);
  return update(bytes);
}

Blake2b& Blake2b::u32(std::uint32_t v) {
  std::array<std::uint8_t, 4> bytes{};
  base::store_le32(bytes.data(), v);
  return update(bytes);
}

Blake2b& Blake2b::u64(std::uint64_t v) {
  std::array<std::uint8_t, 8> bytes{};
  base::store_le64(bytes.data(), v);
  return update(bytes);
}

void Blake2b::finish(std::span<std::uint8_t> digest) {
  JG_INVARIANT(digest.size() == digest_size_);
  crypto_generichash_blake2b_final(&state_, digest.data(), digest.size());
}

}  // namespace jumpgate::crypto
