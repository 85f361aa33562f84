/// Admission of HELLOs (spec/handshake.md "Admission"): mac1, mac2 and cookies, after WireGuard
/// section 5.3.
///
/// mac1 = B(mac1 key, 16, HELLO[0..480)) shows that the sender knows the gateway's public key; mac2
/// = B(cookie, 16, HELLO[0..496)) that it receives at its address. The cookie is B(secret, 16,
/// family u8, address 16, port u16). Owner thread: the functions any, a CookieJar its owner. Bound:
/// no allocation, no table of addresses. Failure: false or nothing; a message that fails changes
/// nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "base/random.hpp"
#include "base/secret.hpp"
#include "crypto/key_schedule.hpp"
#include "wire/handshake.hpp"

namespace jumpgate::crypto {

using Mac = std::array<std::uint8_t, wire::kMacSize>;
using Cookie = std::array<std::uint8_t, wire::kCookieSize>;

/// Writes mac1, then mac2 (zero without a cookie). The rest of the HELLO is complete before.
void write_hello_macs(wire::HelloOut hello, const MacKey& mac1_key,
                      const std::optional<Cookie>& cookie);
[[nodiscard]] bool verify_mac1(wire::HelloBytes hello, const MacKey& mac1_key);

/// The gateway's cookies: nothing kept for a source, secrets renewed each limits::kCookieLifetime.
/// The secret before stays good for as long again, since a client may use a cookie for that time
/// from its receipt.
class CookieJar {
 public:
  CookieJar(base::RandomSource& random, MonoNs now);

  [[nodiscard]] Cookie cookie_for(const Endpoint& source, MonoNs now);
  [[nodiscard]] bool verify_mac2(wire::HelloBytes hello, const Endpoint& source, MonoNs now);

 private:
  void rotate(MonoNs now);

  base::RandomSource& random_;
  base::SecretArray<32> current_;
  base::SecretArray<32> previous_;
  MonoNs made_;
};

/// COOKIE_REPLY to a HELLO: the cookie sealed with the HELLO's mac1 as associated data.
void make_cookie_reply(wire::HelloBytes hello, const Cookie& cookie, const MacKey& cookie_key,
                       base::RandomSource& random,
                       std::span<std::uint8_t, wire::kCookieReplySize> out);
/// The cookie, when the reply answers the HELLO with this mac1. The caller checks the header's
/// client_cid, takes at most one for each HELLO it sent and forgets it after
/// limits::kCookieLifetime.
[[nodiscard]] std::optional<Cookie> open_cookie_reply(std::span<const std::uint8_t> message,
                                                      const Mac& sent_mac1,
                                                      const MacKey& cookie_key);

}  // namespace jumpgate::crypto
