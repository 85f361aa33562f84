/// Checked reading and writing of bytes: the only code that moves integers between memory and the
/// wire.
///
/// Owner thread: any; values without shared state. Bound: never touches a byte outside its span.
/// Failure: sticky; after the first access out of bounds every further read gives zeros, every
/// write is ignored, ok() is false.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace jumpgate::base {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// ---- Unchecked loads and stores: the caller owns the bound.
// ------------------------------------------------------

// Loops are for constant expressions: at run time each integer is moved in pieces of 8, 4, 2 and 1
// bytes. Of a loop over bytes g++ 12 makes vector code many times as slow, and a load that spans
// smaller stores waits until they have reached the cache.

namespace detail {
template <std::size_t N>
constexpr std::size_t kPiece = std::bit_floor(N);

template <std::size_t N>
using Integer =
    std::conditional_t<N == 8, std::uint64_t,
                       std::conditional_t<N == 4, std::uint32_t,
                                          std::conditional_t<N == 2, std::uint16_t, std::uint8_t>>>;

/// Its bytes turned round where the machine's order is not the little-endian one.
template <typename T>
constexpr T little(T v) {
  return std::endian::native == std::endian::little ? v : std::byteswap(v);
}
}  // namespace detail

template <std::size_t N>
constexpr std::uint64_t load_le(const std::uint8_t* p) {
  static_assert(N >= 1 && N <= 8);
  if consteval {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < N; ++i)
      v |= std::uint64_t{p[i]} << (8 * i);
    return v;
  }
  constexpr std::size_t kFirst = detail::kPiece<N>;
  detail::Integer<kFirst> first;
  std::memcpy(&first, p, kFirst);
  if constexpr (kFirst == N)
    return detail::little(first);
  else
    return detail::little(first) | load_le<N - kFirst>(p + kFirst) << (8 * kFirst);
}
template <std::size_t N>
constexpr void store_le(std::uint8_t* p, std::uint64_t v) {
  static_assert(N >= 1 && N <= 8);
  if consteval {
    for (std::size_t i = 0; i < N; ++i)
      p[i] = static_cast<std::uint8_t>(v >> (8 * i));
    return;
  }
  constexpr std::size_t kFirst = detail::kPiece<N>;
  const auto first = detail::little(static_cast<detail::Integer<kFirst>>(v));
  std::memcpy(p, &first, kFirst);
  if constexpr (kFirst < N) store_le<N - kFirst>(p + kFirst, v >> (8 * kFirst));
}
template <std::size_t N>
constexpr std::uint64_t load_be(const std::uint8_t* p) {
  return std::byteswap(load_le<N>(p)) >> (64 - 8 * N);
}
template <std::size_t N>
constexpr void store_be(std::uint8_t* p, std::uint64_t v) {
  store_le<N>(p, std::byteswap(v << (64 - 8 * N)));
}

constexpr std::uint16_t load_le16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(load_le<2>(p));
}
constexpr std::uint32_t load_le32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(load_le<4>(p));
}
constexpr std::uint64_t load_le48(const std::uint8_t* p) {
  return load_le<6>(p);
}
constexpr std::uint64_t load_le64(const std::uint8_t* p) {
  return load_le<8>(p);
}
constexpr void store_le16(std::uint8_t* p, std::uint16_t v) {
  store_le<2>(p, v);
}
constexpr void store_le32(std::uint8_t* p, std::uint32_t v) {
  store_le<4>(p, v);
}
constexpr void store_le48(std::uint8_t* p, std::uint64_t v) {
  store_le<6>(p, v);
}
constexpr void store_le64(std::uint8_t* p, std::uint64_t v) {
  store_le<8>(p, v);
}

constexpr std::uint16_t load_be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(load_be<2>(p));
}
constexpr std::uint32_t load_be32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(load_be<4>(p));
}
constexpr std::uint64_t load_be64(const std::uint8_t* p) {
  return load_be<8>(p);
}
constexpr void store_be16(std::uint8_t* p, std::uint16_t v) {
  store_be<2>(p, v);
}
constexpr void store_be32(std::uint8_t* p, std::uint32_t v) {
  store_be<4>(p, v);
}
constexpr void store_be64(std::uint8_t* p, std::uint64_t v) {
  store_be<8>(p, v);
}

constexpr bool all_zero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
}

/// Reads little-endian fields one after the other.
class ByteReader {
 public:
  constexpr explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

  constexpr std::uint8_t u8() { return static_cast<std::uint8_t>(integer<1>()); }
  constexpr std::uint16_t u16() { return static_cast<std::uint16_t>(integer<2>()); }
  constexpr std::uint32_t u32() { return static_cast<std::uint32_t>(integer<4>()); }
  constexpr std::uint64_t u48() { return integer<6>(); }
  constexpr std::uint64_t u64() { return integer<8>(); }

  /// The next N bytes as an array; zeros when they are not there.
  template <std::size_t N>
  constexpr std::array<std::uint8_t, N> bytes() {
    std::array<std::uint8_t, N> out{};
    const Bytes from = take(N);
    std::ranges::copy(from, out.begin());
    return out;
  }
  /// The next n bytes where they lie; an empty span when they are not there.
  constexpr Bytes take(std::size_t n) {
    if (!claim(n)) return {};
    return bytes_.subspan(position_ - n, n);
  }
  constexpr void skip(std::size_t n) { (void)claim(n); }
  /// True when the next n bytes are there and all zero; consumes them. Only their absence is a
  /// sticky failure.
  constexpr bool zeros(std::size_t n) {
    return claim(n) && all_zero(bytes_.subspan(position_ - n, n));
  }

  [[nodiscard]] constexpr bool ok() const { return ok_; }
  [[nodiscard]] constexpr std::size_t remaining() const { return bytes_.size() - position_; }
  [[nodiscard]] constexpr std::size_t position() const { return position_; }

 private:
  constexpr bool claim(std::size_t n) {
    if (!ok_ || n > remaining()) {
      ok_ = false;
      return false;
    }
    position_ += n;
    return true;
  }
  template <std::size_t N>
  constexpr std::uint64_t integer() {
    return claim(N) ? load_le<N>(bytes_.data() + position_ - N) : 0;
  }

  Bytes bytes_;
  std::size_t position_{0};
  bool ok_{true};
};

/// Writes little-endian fields one after the other. What is not written keeps its old content.
class ByteWriter {
 public:
  constexpr explicit ByteWriter(MutableBytes out) : out_(out) {}

  constexpr void u8(std::uint8_t v) { integer<1>(v); }
  constexpr void u16(std::uint16_t v) { integer<2>(v); }
  constexpr void u32(std::uint32_t v) { integer<4>(v); }
  constexpr void u48(std::uint64_t v) { integer<6>(v); }
  constexpr void u64(std::uint64_t v) { integer<8>(v); }
  constexpr void bytes(Bytes from) {
    if (!claim(from.size())) return;
    std::ranges::copy(from, out_.subspan(position_ - from.size()).begin());
  }
  constexpr void zeros(std::size_t n) {
    if (!claim(n)) return;
    std::fill_n(out_.subspan(position_ - n).begin(), n, std::uint8_t{0});
  }
  constexpr void zeros_to_end() { zeros(remaining()); }

  [[nodiscard]] constexpr bool ok() const { return ok_; }
  [[nodiscard]] constexpr std::size_t remaining() const { return out_.size() - position_; }
  [[nodiscard]] constexpr std::size_t position() const { return position_; }

 private:
  constexpr bool claim(std::size_t n) {
    if (!ok_ || n > remaining()) {
      ok_ = false;
      return false;
    }
    position_ += n;
    return true;
  }
  template <std::size_t N>
  constexpr void integer(std::uint64_t v) {
    if (claim(N)) store_le<N>(out_.data() + position_ - N, v);
  }

  MutableBytes out_;
  std::size_t position_{0};
  bool ok_{true};
};

}  // namespace jumpgate::base
