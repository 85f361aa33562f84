#include "wire/handshake.hpp"

#include "base/invariant.hpp"
#include "wire/fields.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::wire {
namespace {

constexpr std::array<std::uint8_t, 5> kProtocolName{'J', 'V', 'P', '/', '1'};

/// The message's type and size, and that it is the one wanted.
std::expected<void, DropReason> expect_type(std::span<const std::uint8_t> message, Type wanted) {
  const std::expected<Type, DropReason> type = classify(message);
  if (!type) return std::unexpected(type.error());
  if (*type != wanted) return std::unexpected(DropReason::kWireUnknownType);
  return {};
}

void write_header(FieldWriter& w, Type type, std::uint8_t flags, std::uint16_t version,
                  ConnectionId client_cid) {
  w.u8(static_cast<std::uint8_t>(type));
  w.u8(flags);
  w.u16(version);
  w.zeros(4);
  w.cid(client_cid);
}

/// Used places stand first; returns whether there is one.
bool read_versions(FieldReader& r, std::array<std::uint16_t, 4>& versions) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    versions[i] = r.u16();
    if (versions[i] == 0) continue;
    r.require(used == i);
    ++used;
  }
  return used > 0;
}

/// Known suites move to the front, in the order offered.
void read_suites(FieldReader& r, std::array<Suite, 4>& suites) {
  std::size_t known = 0;
  bool ended = false;
  for (std::size_t i = 0; i < suites.size(); ++i) {
    const auto suite = static_cast<Suite>(r.u8());
    r.require(!ended || suite == Suite::kNone);
    ended = ended || suite == Suite::kNone;
    if (suite == Suite::kAes256Gcm || suite == Suite::kChaCha20Poly1305) suites[known++] = suite;
  }
}

ClientPolicy read_policy(FieldReader& r) {
  ClientPolicy p;
  p.max_lifetime_ms = r.u32();
  p.transport_lost_ttl_ms = r.u32();
  p.heartbeat_interval_ms = r.u32();
  p.heartbeat_volatile_ms = r.u32();
  p.idle_heartbeat_interval_ms = r.u32();
  p.volatile_to_degraded_ms = r.u32();
  p.recovery_window_ms = r.u32();
  p.switch_cooldown_ms = r.u32();
  p.reattach_proof_max_age_ms = r.u32();
  p.rekey_after_ms = r.u32();
  p.reject_after_ms = r.u32();
  p.max_switches_per_min = r.u16();
  p.replay_window_packets = r.u16();
  p.max_candidate_count = r.u8();
  p.max_consecutive_drops = r.u8();
  p.loss_volatile_permille = r.u16();
  p.loss_window_ms = r.u32();
  return p;
}

void write_policy(FieldWriter& w, const ClientPolicy& p) {
  w.u32(p.max_lifetime_ms);
  w.u32(p.transport_lost_ttl_ms);
  w.u32(p.heartbeat_interval_ms);
  w.u32(p.heartbeat_volatile_ms);
  w.u32(p.idle_heartbeat_interval_ms);
  w.u32(p.volatile_to_degraded_ms);
  w.u32(p.recovery_window_ms);
  w.u32(p.switch_cooldown_ms);
  w.u32(p.reattach_proof_max_age_ms);
  w.u32(p.rekey_after_ms);
  w.u32(p.reject_after_ms);
  w.u16(p.max_switches_per_min);
  w.u16(p.replay_window_packets);
  w.u8(p.max_candidate_count);
  w.u8(p.max_consecutive_drops);
  w.u16(p.loss_volatile_permille);
  w.u32(p.loss_window_ms);
}

void read_inner_address(FieldReader& r, IpPrefix& prefix, bool used) {
  constexpr std::size_t kInnerAddressSize = 20;
  if (!used) {
    r.reserved(kInnerAddressSize);
    return;
  }
  prefix.address.family = r.family();
  prefix.length = r.u8();
  r.require(prefix.length <= (prefix.address.family == IpFamily::kV4 ? 32 : 128));
  r.reserved(2);
  r.address_bytes(prefix.address);
}

}  // namespace

std::array<std::uint8_t, kPrologueSize> make_prologue(const HelloHeader& header) {
  std::array<std::uint8_t, kPrologueSize> out{};
  FieldWriter w(out);
  w.bytes(kProtocolName);
  w.u16(header.version);
  w.cid(header.client_cid);
  JG_INVARIANT(w.ok() && w.remaining() == 0);
  return out;
}

std::expected<HelloHeader, DropReason> decode_hello_header(std::span<const std::uint8_t> message) {
  if (const auto type = expect_type(message, Type::kHello); !type) {
    return std::unexpected(type.error());
  }
  FieldReader r(message);
  r.skip(1);
  r.reserved(1);
  HelloHeader m;
  m.version = r.u16();
  r.reserved(4);
  m.client_cid = r.live_cid(DropReason::kCidInvalid);
  return r.finish(m);
}

void encode_hello_header(const HelloHeader& header, std::span<std::uint8_t, kHelloHeaderSize> out) {
  FieldWriter w(out);
  write_header(w, Type::kHello, 0, header.version, header.client_cid);
}

std::expected<HelloPayload, DropReason> decode_hello_payload(
    std::span<const std::uint8_t, kHelloPayloadSize> payload) {
  FieldReader r(payload);
  HelloPayload m;
  m.counter = r.u64();
  r.require(read_versions(r, m.versions));
  read_suites(r, m.suites);
  r.reserved(r.remaining());
  return r.finish(m);
}

void encode_hello_payload(const HelloPayload& payload,
                          std::span<std::uint8_t, kHelloPayloadSize> out) {
  FieldWriter w(out);
  w.u64(payload.counter);
  for (const std::uint16_t version : payload.versions)
    w.u16(version);
  for (const Suite suite : payload.suites)
    w.u8(static_cast<std::uint8_t>(suite));
  w.zeros_to_end();
}

std::expected<AnswerHeader, DropReason> decode_answer_header(
    std::span<const std::uint8_t> message) {
  const std::expected<Type, DropReason> type = classify(message);
  if (!type) return std::unexpected(type.error());
  if (*type != Type::kWelcome && *type != Type::kHelloRefusal && *type != Type::kCookieReply) {
    return std::unexpected(DropReason::kWireUnknownType);
  }
  FieldReader r(message);
  AnswerHeader m;
  m.type = *type;
  r.skip(1);
  const std::uint8_t flags = r.u8();
  const std::uint8_t allowed = *type == Type::kWelcome ? kFlagIdKeyPhase : 0;
  r.require((flags & ~allowed) == 0, DropReason::kWireReservedBits);
  m.id_key_phase = flags != 0 ? 1 : 0;
  m.version = r.u16();
  r.reserved(4);
  m.client_cid = r.live_cid(DropReason::kCidInvalid);
  return r.finish(m);
}

void encode_answer_header(const AnswerHeader& header,
                          std::span<std::uint8_t, kHandshakeHeaderSize> out) {
  FieldWriter w(out);
  const std::uint8_t flags = header.id_key_phase != 0 ? kFlagIdKeyPhase : 0;
  write_header(w, header.type, flags, header.version, header.client_cid);
}

std::expected<WelcomePayload, DropReason> decode_welcome_payload(
    std::span<const std::uint8_t, kWelcomePayloadSize> payload) {
  FieldReader r(payload);
  WelcomePayload m;
  m.session_id = r.session_id();
  m.owner_epoch = r.u64();
  m.binding_version = r.u64();
  m.epoch = r.u64();
  m.gateway_id = r.issued_id();
  r.require(m.gateway_id.cid.value != 0);
  m.suite = r.known_suite();
  m.jump_id_count = r.u8();
  m.address_count = r.u8();
  r.require(m.address_count <= m.addresses.size());
  r.reserved(1);
  m.inner_mtu = r.u16();
  r.reserved(2);
  m.policy = read_policy(r);
  m.observed = r.endpoint();
  m.policy.switch_improvement_permille = r.u16();
  m.policy.latency_volatile_ms = r.u16();
  r.require(r.jump_ids(m.jump_ids) == m.jump_id_count);
  for (std::size_t i = 0; i < m.addresses.size(); ++i) {
    read_inner_address(r, m.addresses[i], i < m.address_count);
  }
  r.reserved(r.remaining());
  return r.finish(m);
}

void encode_welcome_payload(const WelcomePayload& payload,
                            std::span<std::uint8_t, kWelcomePayloadSize> out) {
  FieldWriter w(out);
  w.session_id(payload.session_id);
  w.u64(payload.owner_epoch);
  w.u64(payload.binding_version);
  w.u64(payload.epoch);
  w.issued_id(payload.gateway_id);
  w.u8(static_cast<std::uint8_t>(payload.suite));
  w.u8(payload.jump_id_count);
  w.u8(payload.address_count);
  w.zeros(1);
  w.u16(payload.inner_mtu);
  w.zeros(2);
  write_policy(w, payload.policy);
  w.endpoint(payload.observed);
  w.u16(payload.policy.switch_improvement_permille);
  w.u16(payload.policy.latency_volatile_ms);
  w.jump_ids(payload.jump_ids);
  for (const IpPrefix& prefix : payload.addresses) {
    w.u8(static_cast<std::uint8_t>(prefix.address.family));
    w.u8(prefix.length);
    w.zeros(2);
    w.bytes(prefix.address.bytes);
  }
  JG_INVARIANT(w.ok() && w.remaining() == 0);
}

std::expected<HelloRefusal, DropReason> decode_hello_refusal_payload(
    std::span<const std::uint8_t, kHelloRefusalPayloadSize> payload) {
  FieldReader r(payload);
  HelloRefusal m;
  m.reason = r.stated_reason();
  r.reserved(6);
  m.highest_counter = r.u64();
  r.reserved(8);
  return r.finish(m);
}

void encode_hello_refusal_payload(const HelloRefusal& refusal,
                                  std::span<std::uint8_t, kHelloRefusalPayloadSize> out) {
  FieldWriter w(out);
  w.reason(refusal.reason);
  w.zeros(6);
  w.u64(refusal.highest_counter);
  w.zeros(8);
}

std::expected<VersionRefusal, DropReason> decode_version_refusal(
    std::span<const std::uint8_t> message) {
  if (const auto type = expect_type(message, Type::kVersionRefusal); !type) {
    return std::unexpected(type.error());
  }
  FieldReader r(message);
  r.skip(1);
  r.reserved(7);
  VersionRefusal m;
  m.client_cid = r.live_cid(DropReason::kCidInvalid);
  r.require(read_versions(r, m.versions));
  return r.finish(m);
}

void encode_version_refusal(const VersionRefusal& refusal,
                            std::span<std::uint8_t, kVersionRefusalSize> out) {
  FieldWriter w(out);
  write_header(w, Type::kVersionRefusal, 0, 0, refusal.client_cid);
  for (const std::uint16_t version : refusal.versions)
    w.u16(version);
}

std::expected<Reset, DropReason> decode_reset(std::span<const std::uint8_t> message) {
  if (const auto type = expect_type(message, Type::kReset); !type) {
    return std::unexpected(type.error());
  }
  FieldReader r(message);
  r.skip(1);
  r.reserved(1);
  Reset m;
  m.random = r.bytes<6>();
  m.token = r.bytes<16>();
  return r.finish(m);
}

void encode_reset(const Reset& reset, std::span<std::uint8_t, kResetSize> out) {
  FieldWriter w(out);
  w.u8(static_cast<std::uint8_t>(Type::kReset));
  w.zeros(1);
  w.bytes(reset.random);
  w.bytes(reset.token);
}

}  // namespace jumpgate::wire
