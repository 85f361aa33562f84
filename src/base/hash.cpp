#include "base/hash.hpp"

#include <sodium/crypto_shorthash.h>

#include "base/bytes.hpp"

namespace jumpgate::base {
namespace {

constexpr std::size_t kAddressSize = 17;

void write_address(ByteWriter& w, const IpAddress& address) {
  w.u8(static_cast<std::uint8_t>(address.family));
  w.bytes(address.bytes);
}

}  // namespace

std::size_t KeyedHash::operator()(std::span<const std::uint8_t> bytes) const {
  static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8);
  std::array<std::uint8_t, crypto_shorthash_BYTES> out{};
  crypto_shorthash(out.data(), bytes.data(), bytes.size(), key_.data());
  return load_le64(out.data());
}

std::size_t KeyedHash::operator()(std::string_view text) const {
  // char may be read as bytes; there is no other way to view text as such.
  return (*this)(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::size_t KeyedHash::operator()(std::uint64_t value) const {
  std::array<std::uint8_t, 8> bytes{};
  store_le64(bytes.data(), value);
  return (*this)(bytes);
}

std::size_t KeyedHash::operator()(const IpAddress& address) const {
  std::array<std::uint8_t, kAddressSize> bytes{};
  ByteWriter w(bytes);
  write_address(w, address);
  return (*this)(bytes);
}

std::size_t KeyedHash::operator()(const IpPrefix& prefix) const {
  std::array<std::uint8_t, kAddressSize + 1> bytes{};
  ByteWriter w(bytes);
  write_address(w, prefix.address);
  w.u8(prefix.length);
  return (*this)(bytes);
}

std::size_t KeyedHash::operator()(const Endpoint& endpoint) const {
  std::array<std::uint8_t, kAddressSize + 2> bytes{};
  ByteWriter w(bytes);
  write_address(w, endpoint.address);
  w.u16(endpoint.port);
  return (*this)(bytes);
}

}  // namespace jumpgate::base
