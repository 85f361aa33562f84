/// Secrets: values that are wiped from memory when they end or are moved away, and never printed.
///
/// Owner thread: whoever owns the value. Bound: sizeof(T), no allocation. Failure: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace jumpgate::base {

/// Overwrites memory with zeros; the compiler may not leave it out.
void wipe(void* memory, std::size_t size) noexcept;
inline void wipe(std::span<std::uint8_t> bytes) noexcept {
  wipe(bytes.data(), bytes.size());
}

/// True when both have the same length and content; the time depends on the length only.
[[nodiscard]] bool equal_constant_time(std::span<const std::uint8_t> a,
                                       std::span<const std::uint8_t> b) noexcept;

/// Owns one T, zero at first. Moves wipe their source; copies are made by clone() alone, so that
/// each shows in a review.
template <class T>
class Secret {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>);

 public:
  Secret() = default;
  explicit Secret(const T& value) : value_(value) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : value_(other.value_) { other.clear(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      value_ = other.value_;
      other.clear();
    }
    return *this;
  }
  ~Secret() { clear(); }

  [[nodiscard]] const T& get() const noexcept { return value_; }
  [[nodiscard]] T& get() noexcept { return value_; }
  [[nodiscard]] Secret clone() const { return Secret(value_); }
  void clear() noexcept { wipe(&value_, sizeof(value_)); }

 private:
  T value_{};
};

/// Secret bytes; get() is the array, which converts to spans.
template <std::size_t N>
using SecretArray = Secret<std::array<std::uint8_t, N>>;

}  // namespace jumpgate::base
