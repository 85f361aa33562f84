/// Monotonic time. Every engine receives `now` from its caller; nothing below src/app reads a clock.
#pragma once

#include <compare>
#include <cstdint>

namespace jumpgate {

/// A length of time in nanoseconds.
struct Duration {
  std::int64_t ns{0};

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration o) const { return {ns + o.ns}; }
  constexpr Duration operator-(Duration o) const { return {ns - o.ns}; }
  constexpr Duration operator*(std::int64_t k) const { return {ns * k}; }
  constexpr Duration operator/(std::int64_t k) const { return {ns / k}; }
  [[nodiscard]] constexpr std::int64_t ms() const { return ns / 1'000'000; }
  [[nodiscard]] constexpr std::int64_t us() const { return ns / 1'000; }
};

constexpr Duration nanoseconds(std::int64_t n) {
  return {n};
}
constexpr Duration microseconds(std::int64_t n) {
  return {n * 1'000};
}
constexpr Duration milliseconds(std::int64_t n) {
  return {n * 1'000'000};
}
constexpr Duration seconds(std::int64_t n) {
  return {n * 1'000'000'000};
}

/// A point on a monotonic clock, in nanoseconds since an arbitrary start. On the client the clock counts
/// suspend (CLOCK_BOOTTIME); on the gateway it is the TSC scaled to nanoseconds. Never wall clock.
struct MonoNs {
  std::uint64_t ns{0};

  constexpr auto operator<=>(const MonoNs&) const = default;
  constexpr MonoNs operator+(Duration d) const { return {ns + static_cast<std::uint64_t>(d.ns)}; }
  constexpr MonoNs operator-(Duration d) const { return {ns - static_cast<std::uint64_t>(d.ns)}; }
  constexpr Duration operator-(MonoNs o) const { return {static_cast<std::int64_t>(ns - o.ns)}; }
};

/// A deadline that never comes.
inline constexpr MonoNs kNever{UINT64_MAX};

}  // namespace jumpgate
