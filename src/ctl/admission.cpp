#include "ctl/admission.hpp"

#include "wire/handshake.hpp"

namespace jumpgate::ctl {
namespace {

/// One source: a client retries at most once a second; a household behind one address starts
/// together.
constexpr base::TokenRate kHellosPerSource{.tokens = 10, .per = seconds(1), .burst = 20};
/// A hint for people, which nothing depends on.
constexpr base::TokenRate kVersionRefusals{.tokens = 10, .per = seconds(1), .burst = 10};

}  // namespace

Admission::Admission(const PublicKey& gateway, std::uint32_t handshakes_per_second,
                     base::RandomSource& random, MonoNs now)
    : cookie_key_(crypto::derive_cookie_key(gateway)),
      random_(random),
      cookies_(random, now),
      sources_(kHellosPerSource, kMaxSources, random),
      all_({.tokens = handshakes_per_second, .per = seconds(1), .burst = handshakes_per_second},
           now),
      version_refusals_(kVersionRefusals, now) {}

std::expected<wire::HelloHeader, DropReason> Admission::check(
    std::span<const std::uint8_t> datagram, const Endpoint& from, std::size_t queued, MonoNs now,
    AdmissionAnswer& answer) {
  answer.size = 0;
  const auto header = wire::decode_hello_header(datagram);
  if (!header) return std::unexpected(header.error());
  if (header->version != wire::kVersion) {
    if (version_refusals_.take(now)) {
      answer.size = wire::kVersionRefusalSize;
      wire::encode_version_refusal({.client_cid = header->client_cid, .versions = {wire::kVersion}},
                                   std::span(answer.bytes).first<wire::kVersionRefusalSize>());
    }
    return std::unexpected(DropReason::kHelloBadVersion);
  }
  const auto hello = datagram.first<wire::kHelloSize>();
  // A flood of invented sources spends the bucket of all: from then on a cookie proves the source,
  // and who has one asks that bucket no more. The queue bounds the rest.
  const bool loaded = queued >= limits::kUnderLoadDepth || all_.available(now) == 0;
  if (loaded && !cookies_.verify_mac2(hello, from, now)) {
    answer.size = wire::kCookieReplySize;
    crypto::make_cookie_reply(hello, cookies_.cookie_for(from, now), cookie_key_, random_,
                              answer.bytes);
    return std::unexpected(DropReason::kHelloBadMac2);
  }
  if (!sources_.take(from.address, now)) return std::unexpected(DropReason::kHelloRateLimited);
  static_cast<void>(all_.take(now));
  return *header;
}

}  // namespace jumpgate::ctl
