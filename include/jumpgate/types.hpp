/// The vocabulary shared by every part: identities, addresses, key material.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace jumpgate {

/// Identity of a session (spec/wire.md "WELCOME"): random, never in clear on the wire, never changes.
struct SessionId {
  std::array<std::uint8_t, 16> bytes{};
  constexpr auto operator<=>(const SessionId&) const = default;
};

/// A 64-bit connection id as it stands on the wire. Zero is never a live id.
struct ConnectionId {
  std::uint64_t value{0};
  constexpr auto operator<=>(const ConnectionId&) const = default;
};

/// Authenticator of a stateless reset for one connection id (spec/wire.md "RESET").
using ResetToken = std::array<std::uint8_t, 16>;
/// Proof that an address receives what is sent to it (spec/jump.md "Challenge").
using PathToken = std::array<std::uint8_t, 16>;

enum class IpFamily : std::uint8_t { kNone = 0, kV4 = 4, kV6 = 6 };

/// An IP address in network byte order; IPv4 uses the first four bytes, the rest are zero.
struct IpAddress {
  IpFamily family{IpFamily::kNone};
  std::array<std::uint8_t, 16> bytes{};
  constexpr auto operator<=>(const IpAddress&) const = default;
  /// In two words instead of a call of memcmp: it is asked of each packet.
  constexpr bool operator==(const IpAddress& other) const {
    using Words = std::array<std::uint64_t, 2>;
    const auto left = std::bit_cast<Words>(bytes);
    const auto right = std::bit_cast<Words>(other.bytes);
    return ((left[0] ^ right[0]) | (left[1] ^ right[1])) == 0 && family == other.family;
  }
};

/// An address with a prefix length in bits (0..32 or 0..128). Host bits are zero unless stated otherwise.
struct IpPrefix {
  IpAddress address;
  std::uint8_t length{0};
  constexpr auto operator<=>(const IpPrefix&) const = default;
};

/// A UDP endpoint; the port is in host byte order.
struct Endpoint {
  IpAddress address;
  std::uint16_t port{0};
  constexpr auto operator<=>(const Endpoint&) const = default;
};

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};
  constexpr auto operator<=>(const MacAddress&) const = default;
};

/// AEAD suites (spec/wire.md "Suites"); the number is the one on the wire.
enum class Suite : std::uint8_t { kNone = 0, kAes256Gcm = 1, kChaCha20Poly1305 = 2 };

constexpr std::string_view to_string(Suite suite) {
  switch (suite) {
    case Suite::kAes256Gcm:
      return "aes-256-gcm";
    case Suite::kChaCha20Poly1305:
      return "chacha20-poly1305";
    case Suite::kNone:
      break;
  }
  return "none";
}

/// Which way a key protects traffic; enters the key derivation (spec/keys.md).
enum class Direction : std::uint8_t { kClientToGateway = 1, kGatewayToClient = 2 };

/// What one traffic direction of one epoch needs: 256-bit key and 96-bit IV (both suites).
struct TrafficKey {
  std::array<std::uint8_t, 32> key{};
  std::array<std::uint8_t, 12> iv{};
};

/// Key of one control direction of one root generation (XChaCha20-Poly1305).
using ControlKey = std::array<std::uint8_t, 32>;
/// Root of one generation; everything else of the session is derived from it (spec/keys.md).
using RootKey = std::array<std::uint8_t, 64>;
using PublicKey = std::array<std::uint8_t, 32>;
using PrivateKey = std::array<std::uint8_t, 32>;
using PresharedKey = std::array<std::uint8_t, 32>;

}  // namespace jumpgate
