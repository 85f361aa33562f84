/// JVP/1 on the wire (spec/wire.md): type numbers, sizes, and each message as a plain struct in host byte order.
/// Encoding and checked decoding are pure functions in src/wire. All integers on the wire are little-endian;
/// offsets in the comments are bytes from the start of the message (or of the plaintext payload where it says so).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <jumpgate/limits.hpp>
#include <jumpgate/reasons.hpp>
#include <jumpgate/types.hpp>

namespace jumpgate::wire {

inline constexpr std::uint16_t kVersion = 1;

/// Types 1-4 are left to WireGuard, so that both can share one port.
enum class Type : std::uint8_t {
  kHello = 0x81,           // client -> gateway, handshake
  kWelcome = 0x82,         // gateway -> client, handshake
  kConfirm = 0x83,         // client -> gateway, control
  kData = 0x84,            // both, traffic
  kHeartbeat = 0x85,       // both, traffic
  kClose = 0x86,           // both, traffic
  kCookieReply = 0x87,     // gateway -> client
  kVersionRefusal = 0x88,  // gateway -> client, unauthenticated hint
  kHelloRefusal = 0x89,    // gateway -> client, handshake
  kReattach = 0x8a,        // client -> gateway, control
  kPathChallenge = 0x8b,   // gateway -> client, control
  kPathResponse = 0x8c,    // client -> gateway, control
  kAck = 0x8d,             // gateway -> client, control
  kRefusal = 0x8e,         // gateway -> client, control
  kRekey = 0x8f,           // client -> gateway, control
  kRekeyReply = 0x90,      // gateway -> client, control
  kReset = 0x91,           // gateway -> client, stateless
  kControlClose = 0x92,    // both, control
};

// ---- Prefix of every message that is addressed by a connection id (traffic and control) ---------------------
//   0 type u8 | 1 flags u8 | 2 counter u48 (traffic) or zero (control) | 8 connection id u64
inline constexpr std::size_t kPrefixSize = 16;
/// flags bits 0-1: low two bits of the epoch (traffic) or of the root generation (control).
inline constexpr std::uint8_t kFlagPhaseMask = 0x03;
/// flags bit 2: phase of the key under which the gateway enciphered the id. Towards the client it is zero, but for
/// WELCOME (byte 1) and PATH_CHALLENGE, where it is the phase of the ids they issue.
inline constexpr std::uint8_t kFlagIdKeyPhase = 0x04;
inline constexpr std::uint8_t kFlagReservedMask = 0xf8;
inline constexpr std::size_t kTagSize = 16;
inline constexpr std::uint64_t kMaxCounter = (std::uint64_t{1} << 48) - 1;

struct Prefix {
  Type type{};
  std::uint8_t phase{0};         // 0..3
  std::uint8_t id_key_phase{0};  // 0..1
  std::uint64_t counter{0};      // 48 bits; zero in control messages
  ConnectionId cid;
};

// ---- Traffic: prefix (all of it authenticated) | ciphertext | tag -----------------------------------------------
inline constexpr std::size_t kTrafficOverhead = kPrefixSize + kTagSize;  // 32, as WireGuard

/// HEARTBEAT plaintext: 32 bytes, then any number of zero bytes (path MTU probes).
///   0 flags u8 | 1 zero u8 | 2 next_interval_ms u16 | 4 send_time_us u32 | 8 echo_time_us u32 | 12 echo_delay_us u32
///   16 received_highest u64 (all ones: nothing yet) | 24 received_count u64     both of the epoch it is sealed in
inline constexpr std::size_t kHeartbeatSize = 32;
inline constexpr std::uint64_t kNothingReceived = UINT64_MAX;
struct Heartbeat {
  bool reattach_wanted{false};  // bit 0: the gateway sees trouble and asks for a jump
  bool rekey_wanted{false};     // bit 1: the gateway asks for a rekey
  bool reply_wanted{false};     // bit 2: a probe; answer with a heartbeat at once (rate-limited)
  std::uint16_t next_interval_ms{0};
  std::uint32_t send_time_us{0};   // sender's clock, wraps
  std::uint32_t echo_time_us{0};   // send_time_us of the last heartbeat received, 0: none
  std::uint32_t echo_delay_us{0};  // how long that one waited here
  std::uint64_t received_highest{kNothingReceived};
  std::uint64_t received_count{0};
};

/// CLOSE plaintext: 0 reason u16 | 2 zero, 6 bytes.
inline constexpr std::size_t kCloseSize = 8;
struct Close {
  Reason reason{Reason::kNone};
};

// ---- Control: prefix (authenticated as AD) | nonce 24, random | ciphertext 232 | tag 16: always 288 bytes ----------
// XChaCha20-Poly1305 under the control key of the direction and the generation whose phase the flags name.
// Every control message has the same size, so no answer exceeds its request and the type is all an observer sees.
inline constexpr std::size_t kControlNonceSize = 24;
inline constexpr std::size_t kControlPayloadSize = 232;
inline constexpr std::size_t kControlSize =
    kPrefixSize + kControlNonceSize + kControlPayloadSize + kTagSize;
static_assert(kControlSize == 288);
// Payload offsets follow; what is not named is zero and must be zero.

/// An endpoint on the wire, 20 bytes: 0 family u8 (4, 6) | 1 zero u8 | 2 port u16 | 4 address 16 (IPv4: first four).
inline constexpr std::size_t kEndpointSize = 20;

/// A gateway connection id with its reset token, 24 bytes: 0 id u64 | 8 token 16.
struct IssuedId {
  ConnectionId cid;
  ResetToken reset_token{};
};
inline constexpr std::size_t kIssuedIdSize = 24;

/// One set of jump ids: as many as max_candidate_count, the rest zero.
using JumpIds = std::array<IssuedId, limits::kMaxJumpIds>;

/// 0 session_id 16 | 16 hello_counter u64
struct Confirm {
  SessionId session_id;
  std::uint64_t hello_counter{0};
};

/// 0 jump_seq u64 | 8 binding_version u64 | 16 root_generation u32 | 20 cause u16 | 22 zero u16 | 24 client_cid u64
/// 32 session_id 16
struct Reattach {
  std::uint64_t jump_seq{0};  // rising, one for each attempt; a repeated one is the same attempt
  std::uint64_t binding_version{0};  // the current one as the client knows it
  std::uint32_t root_generation{0};
  Reason cause{Reason::kNone};  // an instability reason
  ConnectionId client_cid;      // answers go to it; it becomes the client's id of the new binding
  SessionId session_id;
};

enum class ChallengeKind : std::uint8_t { kReattach = 1, kInPlace = 2, kRebinding = 3 };

/// 0 jump_seq u64 | 8 challenge_seq u64 | 16 token 16 | 32 epoch u64 | 40 binding_version u64 | 48 owner_epoch u64
/// 56 gateway id 24 (id, reset token) | 80 observed endpoint 20 | 100 kind u8 | 101 zero 3 | 104 client_cid u64
/// 112 jump ids 4 x 24 | 208 zero
struct PathChallenge {
  std::uint64_t jump_seq{0};       // of the REATTACH; 0 when the gateway started the exchange
  std::uint64_t challenge_seq{0};  // rising over all exchanges of the session
  PathToken token{};
  std::uint64_t epoch{0};            // proposed
  std::uint64_t binding_version{0};  // current + 1
  std::uint64_t owner_epoch{0};
  IssuedId gateway_id;  // the gateway's id of the proposed binding
  Endpoint observed;    // where the request (or the traffic) came from
  ChallengeKind kind{ChallengeKind::kReattach};
  ConnectionId
      client_cid;  // REATTACH's proposal; zero when the gateway started it: the answer carries one
  JumpIds jump_ids;  // valid from the commit on
};

/// 0 jump_seq u64 | 8 challenge_seq u64 | 16 token 16 | 32 epoch u64 | 40 binding_version u64 | 48 client_cid u64
struct PathResponse {
  std::uint64_t jump_seq{0};
  std::uint64_t challenge_seq{0};
  PathToken token{};
  std::uint64_t epoch{0};
  std::uint64_t binding_version{0};
  ConnectionId client_cid;
};

/// 0 subject u8 (type number acknowledged: CONFIRM, PATH_RESPONSE) | 1 zero 7 | 8 binding_version u64 | 16 epoch u64
/// 24 jump_seq u64 | 32 challenge_seq u64
struct Ack {
  Type subject{};
  std::uint64_t binding_version{0};
  std::uint64_t epoch{0};
  std::uint64_t jump_seq{0};
  std::uint64_t challenge_seq{0};
};

/// 0 jump_seq u64 | 8 reason u16 | 10 zero u16 | 12 retry_after_ms u32 | 16 binding_version u64 | 24 epoch u64
/// 32 root_generation u32 | 36 zero u32 | 40 gateway_cid u64 | 48 client_cid u64      16.. describe the current binding
struct Refusal {
  std::uint64_t jump_seq{0};
  Reason reason{Reason::kNone};
  std::uint32_t retry_after_ms{0};
  std::uint64_t binding_version{0};
  std::uint64_t epoch{0};
  std::uint32_t root_generation{0};
  ConnectionId gateway_cid;
  ConnectionId client_cid;
};

/// 0 generation u32 (the next one) | 4 reason u16 | 6 zero u16 | 8 binding_version u64 | 16 client ephemeral 32
/// 48 rekey_seq u64
struct Rekey {
  std::uint32_t generation{0};
  Reason reason{Reason::kNone};
  std::uint64_t binding_version{0};
  PublicKey ephemeral{};
  std::uint64_t rekey_seq{
      0};  // rising, one for each attempt with its own ephemeral; a repeated one is the same
};

/// 0 generation u32 | 4 reason u16 (none: accepted) | 6 zero u16 | 8 binding_version u64 | 16 gateway ephemeral 32
/// 48 epoch u64 (the first of the new generation) | 56 owner_epoch u64 | 64 rekey_seq u64 (of the REKEY answered)
struct RekeyReply {
  std::uint32_t generation{0};
  Reason reason{Reason::kNone};
  std::uint64_t binding_version{0};
  PublicKey ephemeral{};
  std::uint64_t epoch{0};
  std::uint64_t owner_epoch{0};
  std::uint64_t rekey_seq{
      0};  // the client believes no other, so a late or replayed answer can not split the keys
};

/// 0 close_seq u64 (rising per direction, from 1) | 8 reason u16 | 10 zero 6 | 16 session_id 16
struct ControlClose {
  std::uint64_t close_seq{0};
  Reason reason{Reason::kNone};
  SessionId session_id;
};

// ---- Handshake (spec/handshake.md): Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b ------------------------------------------
// Prologue, 15 bytes: "JVP/1" | version u16 | client_cid u64.

/// HELLO, 512 bytes: 0 type | 1 zero | 2 version u16 | 4 zero u32 | 8 client_cid u64 | 16 Noise message 1 (e 32,
/// static 48, payload 368+16) | 480 mac1 16 | 496 mac2 16 (zero without a cookie)
inline constexpr std::size_t kHelloSize = 512;
inline constexpr std::size_t kHelloHeaderSize = 16;
inline constexpr std::size_t kHelloPayloadSize = 368;
inline constexpr std::size_t kHelloNoiseSize = 32 + 48 + kHelloPayloadSize + kTagSize;
inline constexpr std::size_t kHelloMac1Offset = kHelloHeaderSize + kHelloNoiseSize;
inline constexpr std::size_t kHelloMac2Offset = kHelloMac1Offset + 16;
static_assert(kHelloMac2Offset + 16 == kHelloSize);

/// The clear part of a HELLO.
struct HelloHeader {
  std::uint16_t version{kVersion};
  ConnectionId
      client_cid;  // WELCOME and its siblings go to it; the client's id of the first binding
};

/// HELLO payload: 0 counter u64 | 8 versions 4 x u16 | 16 suites 4 x u8, in order of preference | 20 zero
struct HelloPayload {
  std::uint64_t counter{0};
  std::array<std::uint16_t, 4> versions{};
  std::array<Suite, 4> suites{};
};

/// WELCOME, 472 bytes: 0 type | 1 flags: id-key phase only | 2 version u16 (chosen) | 4 zero u32 | 8 client_cid u64
/// 16 Noise message 2 (e 32, payload 408+16)
inline constexpr std::size_t kWelcomePayloadSize = 408;
inline constexpr std::size_t kWelcomeSize = 16 + 32 + kWelcomePayloadSize + kTagSize;
static_assert(kWelcomeSize <= kHelloSize, "no answer exceeds its request");

/// Timers and limits that a client must keep (in milliseconds unless named otherwise).
struct ClientPolicy {
  std::uint32_t max_lifetime_ms{0};
  std::uint32_t transport_lost_ttl_ms{0};
  std::uint32_t heartbeat_interval_ms{0};
  std::uint32_t heartbeat_volatile_ms{0};
  std::uint32_t idle_heartbeat_interval_ms{0};
  std::uint32_t volatile_to_degraded_ms{0};
  std::uint32_t recovery_window_ms{0};
  std::uint32_t switch_cooldown_ms{0};
  std::uint32_t reattach_proof_max_age_ms{0};
  std::uint32_t rekey_after_ms{0};
  std::uint32_t reject_after_ms{0};
  std::uint16_t max_switches_per_min{0};
  std::uint16_t replay_window_packets{0};
  std::uint8_t max_candidate_count{0};
  std::uint8_t max_consecutive_drops{0};
  std::uint16_t loss_volatile_permille{0};
  std::uint32_t loss_window_ms{0};
  std::uint16_t switch_improvement_permille{0};  // 1100: a challenger must be 10 % better
  std::uint16_t latency_volatile_ms{0};          // of the round trip's 95th percentile

  constexpr bool operator==(const ClientPolicy&) const = default;
};

/// WELCOME payload: 0 session_id 16 | 16 owner_epoch u64 | 24 binding_version u64 | 32 epoch u64
/// 40 gateway id 24 | 64 suite u8 | 65 jump id count u8 | 66 inner address count u8 | 67 zero u8 | 68 inner_mtu u16
/// 70 zero u16 | 72 eleven policy fields u32 in the order above | 116 max_switches_per_min u16
/// 118 replay_window_packets u16 | 120 max_candidate_count u8 | 121 max_consecutive_drops u8
/// 122 loss_volatile_permille u16 | 124 loss_window_ms u32 | 128 observed endpoint 20
/// 148 switch_improvement_permille u16 | 150 latency_volatile_ms u16 | 152 jump ids 4 x 24
/// 248 inner addresses 8 x 20 (family u8, prefix length u8, zero u16, address 16)
struct WelcomePayload {
  SessionId session_id;
  std::uint64_t owner_epoch{0};
  std::uint64_t binding_version{0};
  std::uint64_t epoch{0};
  IssuedId gateway_id;
  Suite suite{};
  std::uint8_t jump_id_count{0};
  std::uint8_t address_count{0};
  std::uint16_t inner_mtu{0};
  ClientPolicy policy;
  Endpoint observed;
  JumpIds jump_ids;
  std::array<IpPrefix, limits::kMaxInnerAddresses>
      addresses;  // host bits set: the client's own addresses
};

/// COOKIE_REPLY, 72 bytes: 0 type | 1 zero | 2 version u16 | 4 zero u32 | 8 client_cid u64 | 16 nonce 24
/// 40 sealed cookie 16+16
inline constexpr std::size_t kCookieReplySize = 72;
inline constexpr std::size_t kCookieSize = 16;

/// VERSION_REFUSAL, 24 bytes: 0 type | 1 zero | 2 zero u16 | 4 zero u32 | 8 client_cid u64 | 16 versions 4 x u16
inline constexpr std::size_t kVersionRefusalSize = 24;
struct VersionRefusal {
  ConnectionId client_cid;
  std::array<std::uint16_t, 4> versions{};
};

/// HELLO_REFUSAL, 88 bytes: header as WELCOME's | 16 Noise message 2 (e 32, payload 24+16)
/// Payload: 0 reason u16 | 2 zero 6 | 8 highest_counter u64 | 16 zero u64
inline constexpr std::size_t kHelloRefusalPayloadSize = 24;
inline constexpr std::size_t kHelloRefusalSize = 16 + 32 + kHelloRefusalPayloadSize + kTagSize;
struct HelloRefusal {
  Reason reason{Reason::kNone};
  std::uint64_t highest_counter{0};
};

/// RESET, 24 bytes: 0 type | 1 zero | 2 random 6 | 8 token 16. Shorter than anything it answers.
inline constexpr std::size_t kResetSize = 24;
static_assert(kResetSize < kTrafficOverhead);

}  // namespace jumpgate::wire
