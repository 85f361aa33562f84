/// Token bucket in whole numbers: `tokens` each `per`, at most `burst` saved up.
///
/// Owner thread: its owner. Bound: two words of state. Failure: take() says no and changes nothing;
/// time that goes backwards counts as no time. No fraction of a token is ever lost to rounding.
#pragma once

#include <algorithm>
#include <cstdint>

#include <jumpgate/time.hpp>

#include "base/invariant.hpp"

namespace jumpgate::base {

struct TokenRate {
  std::uint64_t tokens{0};  // refilled each `per`; 0: never refilled
  Duration per{seconds(1)};
  std::uint64_t burst{0};

  constexpr bool operator==(const TokenRate&) const = default;
};

class TokenBucket {
 public:
  /// Starts full. burst x per (in ns) must fit 63 bits: at one second that is 9 x 10^9 tokens.
  constexpr TokenBucket(const TokenRate& rate, MonoNs now) : rate_(rate), updated_(now) {
    JG_INVARIANT(rate.per.ns > 0 && rate.burst <= kMaxCredit / per_ns());
    credit_ = full();
  }

  /// Takes n tokens when they are there.
  [[nodiscard]] constexpr bool take(MonoNs now, std::uint64_t n = 1) {
    refill(now);
    if (n > rate_.burst || credit_ < n * per_ns()) return false;
    credit_ -= n * per_ns();
    return true;
  }
  [[nodiscard]] constexpr std::uint64_t available(MonoNs now) {
    refill(now);
    return credit_ / per_ns();
  }
  /// How long until n tokens are there; zero when they are, the largest Duration when they never
  /// will be.
  [[nodiscard]] constexpr Duration wait_for(MonoNs now, std::uint64_t n = 1) {
    refill(now);
    if (n > rate_.burst) return {INT64_MAX};
    const std::uint64_t need = n * per_ns();
    if (credit_ >= need) return {0};
    if (rate_.tokens == 0) return {INT64_MAX};
    const std::uint64_t missing = need - credit_;
    return {static_cast<std::int64_t>(missing / rate_.tokens + (missing % rate_.tokens != 0))};
  }
  [[nodiscard]] constexpr const TokenRate& rate() const { return rate_; }

 private:
  static constexpr std::uint64_t kMaxCredit = INT64_MAX;

  [[nodiscard]] constexpr std::uint64_t per_ns() const {
    return static_cast<std::uint64_t>(rate_.per.ns);
  }
  [[nodiscard]] constexpr std::uint64_t full() const { return rate_.burst * per_ns(); }

  constexpr void refill(MonoNs now) {
    if (now <= updated_ || rate_.tokens == 0) return;
    const std::uint64_t elapsed = now.ns - updated_.ns;
    updated_ = now;
    // Compared by division first: the product of a long pause and a high rate would overflow.
    const std::uint64_t missing = full() - credit_;
    credit_ = elapsed > missing / rate_.tokens ? full() : credit_ + elapsed * rate_.tokens;
  }

  TokenRate rate_;
  MonoNs updated_;
  std::uint64_t credit_{0};  // tokens x per_ns(), so that one ns at one token per period counts
};

}  // namespace jumpgate::base
