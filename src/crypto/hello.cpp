#include "crypto/hello.hpp"

#include <algorithm>
#include <utility>

#include <sodium/crypto_aead_xchacha20poly1305.h>

#include "base/bytes.hpp"
#include "crypto/blake2b.hpp"

namespace jumpgate::crypto {
namespace {

Mac mac1_of(wire::HelloBytes hello, const MacKey& key) {
  return Blake2b(16, key).update(hello.first<wire::kHelloMac1Offset>()).finish<16>();
}

Mac mac2_of(wire::HelloBytes hello, const Cookie& cookie) {
  return Blake2b(16, cookie).update(hello.first<wire::kHelloMac2Offset>()).finish<16>();
}

Cookie cookie_of(const base::SecretArray<32>& secret, const Endpoint& source) {
  return Blake2b(16, secret.get())
      .u8(static_cast<std::uint8_t>(source.address.family))
      .update(source.address.bytes)
      .u16(source.port)
      .finish<16>();
}

}  // namespace

void write_hello_macs(wire::HelloOut hello, const MacKey& mac1_key,
                      const std::optional<Cookie>& cookie) {
  const Mac mac1 = mac1_of(hello, mac1_key);
  std::ranges::copy(mac1, wire::hello_mac1(hello).begin());
  const Mac mac2 = cookie ? mac2_of(hello, *cookie) : Mac{};
  std::ranges::copy(mac2, wire::hello_mac2(hello).begin());
}

bool verify_mac1(wire::HelloBytes hello, const MacKey& mac1_key) {
  return base::equal_constant_time(mac1_of(hello, mac1_key), wire::hello_mac1(hello));
}

CookieJar::CookieJar(base::RandomSource& random, MonoNs now) : random_(random), made_(now) {
  random_.fill(current_.get());
  random_.fill(previous_.get());
}

void CookieJar::rotate(MonoNs now) {
  const Duration age = now > made_ ? now - made_ : Duration{};
  if (age < limits::kCookieLifetime) return;
  // After a long pause the current secret is too old to be the previous one.
  if (age < limits::kCookieLifetime * 2) {
    previous_ = std::move(current_);
    made_ = made_ + limits::kCookieLifetime;
  } else {
    random_.fill(previous_.get());
    made_ = now;
  }
  random_.fill(current_.get());
}

Cookie CookieJar::cookie_for(const Endpoint& source, MonoNs now) {
  rotate(now);
  return cookie_of(current_, source);
}

bool CookieJar::verify_mac2(wire::HelloBytes hello, const Endpoint& source, MonoNs now) {
  rotate(now);
  const auto mac2 = wire::hello_mac2(hello);
  const bool by_current =
      base::equal_constant_time(mac2_of(hello, cookie_of(current_, source)), mac2);
  const bool by_previous =
      base::equal_constant_time(mac2_of(hello, cookie_of(previous_, source)), mac2);
  return by_current || by_previous;
}

void make_cookie_reply(wire::HelloBytes hello, const Cookie& cookie, const MacKey& cookie_key,
                       base::RandomSource& random,
                       std::span<std::uint8_t, wire::kCookieReplySize> out) {
  wire::AnswerHeader header;
  header.type = wire::Type::kCookieReply;
  header.client_cid.value = base::load_le64(hello.data() + 8);
  wire::encode_answer_header(header, out.first<wire::kHandshakeHeaderSize>());
  const auto nonce = out.subspan<wire::kCookieNonceOffset, wire::kCookieNonceSize>();
  random.fill(nonce);
  const auto mac1 = wire::hello_mac1(hello);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + wire::kCookieSealedOffset, nullptr,
                                             cookie.data(), cookie.size(), mac1.data(), mac1.size(),
                                             nullptr, nonce.data(), cookie_key.data());
}

std::optional<Cookie> open_cookie_reply(std::span<const std::uint8_t> message, const Mac& sent_mac1,
                                        const MacKey& cookie_key) {
  const auto header = wire::decode_answer_header(message);
  if (!header || header->type != wire::Type::kCookieReply) return std::nullopt;
  Cookie cookie{};
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          cookie.data(), nullptr, nullptr, message.data() + wire::kCookieSealedOffset,
          wire::kCookieSealedSize, sent_mac1.data(), sent_mac1.size(),
          message.data() + wire::kCookieNonceOffset, cookie_key.data()) != 0) {
    return std::nullopt;
  }
  return cookie;
}

}  // namespace jumpgate::crypto
