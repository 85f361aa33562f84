/// The controller's checks of a HELLO before any Diffie-Hellman, the cheapest first (spec/handshake.md
/// "The gateway: admission", checks 2, 4 and 5). Its mac1 the worker has verified.
///
/// Owner thread: the controller. Bound: constant work for each HELLO; kMaxSources token buckets.
/// Failure: the first check that fails names the drop; an answer is written only where the table
/// says so.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "base/token_bucket.hpp"
#include "crypto/hello.hpp"
#include "ctl/source_limiter.hpp"

namespace jumpgate::ctl {

/// An answer to a HELLO that was not admitted: COOKIE_REPLY or VERSION_REFUSAL, or nothing.
struct AdmissionAnswer {
  std::array<std::uint8_t, wire::kCookieReplySize> bytes{};
  std::size_t size{0};
};

class Admission {
 public:
  /// Sources whose handshakes are limited one by one.
  static constexpr std::size_t kMaxSources = 65536;

  Admission(const PublicKey& gateway, std::uint32_t handshakes_per_second,
            base::RandomSource& random, MonoNs now);

  /// The header of a HELLO that may go on; else the reason, and perhaps an answer to its source.
  [[nodiscard]] std::expected<wire::HelloHeader, DropReason> check(
      std::span<const std::uint8_t> datagram, const Endpoint& from, std::size_t queued, MonoNs now,
      AdmissionAnswer& answer);

 private:
  crypto::MacKey cookie_key_;
  base::RandomSource& random_;
  crypto::CookieJar cookies_;
  SourceLimiter sources_;
  base::TokenBucket all_;
  base::TokenBucket version_refusals_;
};

}  // namespace jumpgate::ctl
