/// Layout of the handshake's messages (spec/handshake.md) and of RESET: clear headers, payloads,
/// places of the parts.
///
/// Owner thread: any; pure functions. Bound: constant time, no allocation. Failure: kWireTooShort,
/// kWireBadLength, kWireUnknownType (another type than the function's), kWireReservedBits,
/// kWireBadField. Nothing here is authentic until src/crypto says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/wire.hpp>

namespace jumpgate::wire {

inline constexpr std::size_t kPrologueSize = 15;
inline constexpr std::size_t kMacSize = 16;
inline constexpr std::size_t kHandshakeHeaderSize = 16;
inline constexpr std::size_t kWelcomeNoiseSize = kWelcomeSize - kHandshakeHeaderSize;
inline constexpr std::size_t kHelloRefusalNoiseSize = kHelloRefusalSize - kHandshakeHeaderSize;
inline constexpr std::size_t kCookieNonceOffset = 16;
inline constexpr std::size_t kCookieNonceSize = 24;
inline constexpr std::size_t kCookieSealedOffset = 40;
inline constexpr std::size_t kCookieSealedSize = kCookieSize + kTagSize;
static_assert(kCookieSealedOffset + kCookieSealedSize == kCookieReplySize);

using HelloBytes = std::span<const std::uint8_t, kHelloSize>;
using HelloOut = std::span<std::uint8_t, kHelloSize>;

/// "JVP/1" | version | client_cid: binds the clear part of HELLO and WELCOME into the Noise
/// handshake.
[[nodiscard]] std::array<std::uint8_t, kPrologueSize> make_prologue(const HelloHeader& header);

// ---- HELLO
// ---------------------------------------------------------------------------------------------------------
/// Checks type, size, zero bytes and a client_cid that is not zero. The version is not judged: an
/// unknown one is answered with VERSION_REFUSAL.
[[nodiscard]] std::expected<HelloHeader, DropReason> decode_hello_header(
    std::span<const std::uint8_t> message);
/// Writes bytes 0..15.
void encode_hello_header(const HelloHeader& header, std::span<std::uint8_t, kHelloHeaderSize> out);

constexpr auto hello_noise(HelloBytes m) {
  return m.subspan<kHelloHeaderSize, kHelloNoiseSize>();
}
constexpr auto hello_noise(HelloOut m) {
  return m.subspan<kHelloHeaderSize, kHelloNoiseSize>();
}
constexpr auto hello_mac1(HelloBytes m) {
  return m.subspan<kHelloMac1Offset, kMacSize>();
}
constexpr auto hello_mac1(HelloOut m) {
  return m.subspan<kHelloMac1Offset, kMacSize>();
}
constexpr auto hello_mac2(HelloBytes m) {
  return m.subspan<kHelloMac2Offset, kMacSize>();
}
constexpr auto hello_mac2(HelloOut m) {
  return m.subspan<kHelloMac2Offset, kMacSize>();
}

/// At least one version; unused places are zero and stand last. Suites we do not know are left out,
/// the known ones keep their order: a newer client may offer more. None left is refused by the
/// caller, with no_common_suite.
[[nodiscard]] std::expected<HelloPayload, DropReason> decode_hello_payload(
    std::span<const std::uint8_t, kHelloPayloadSize> payload);
void encode_hello_payload(const HelloPayload& payload,
                          std::span<std::uint8_t, kHelloPayloadSize> out);

// ---- Answers that carry a header: WELCOME, HELLO_REFUSAL, COOKIE_REPLY
// ------------------------------------------------
struct AnswerHeader {
  Type type{};
  std::uint8_t id_key_phase{0};  // WELCOME: phase of the ids it issues; zero in the others
  std::uint16_t version{kVersion};
  ConnectionId client_cid;
};
/// Type (one of the three), size and zero bytes checked.
[[nodiscard]] std::expected<AnswerHeader, DropReason> decode_answer_header(
    std::span<const std::uint8_t> message);
void encode_answer_header(const AnswerHeader& header,
                          std::span<std::uint8_t, kHandshakeHeaderSize> out);

[[nodiscard]] std::expected<WelcomePayload, DropReason> decode_welcome_payload(
    std::span<const std::uint8_t, kWelcomePayloadSize> payload);
void encode_welcome_payload(const WelcomePayload& payload,
                            std::span<std::uint8_t, kWelcomePayloadSize> out);

[[nodiscard]] std::expected<HelloRefusal, DropReason> decode_hello_refusal_payload(
    std::span<const std::uint8_t, kHelloRefusalPayloadSize> payload);
void encode_hello_refusal_payload(const HelloRefusal& refusal,
                                  std::span<std::uint8_t, kHelloRefusalPayloadSize> out);

// ---- Unsealed answers
// ------------------------------------------------------------------------------------------------
[[nodiscard]] std::expected<VersionRefusal, DropReason> decode_version_refusal(
    std::span<const std::uint8_t> message);
void encode_version_refusal(const VersionRefusal& refusal,
                            std::span<std::uint8_t, kVersionRefusalSize> out);

struct Reset {
  std::array<std::uint8_t, 6> random{};
  ResetToken token{};
};
[[nodiscard]] std::expected<Reset, DropReason> decode_reset(std::span<const std::uint8_t> message);
void encode_reset(const Reset& reset, std::span<std::uint8_t, kResetSize> out);

}  // namespace jumpgate::wire
