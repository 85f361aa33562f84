#include "wire/control.hpp"

#include "base/invariant.hpp"
#include "wire/fields.hpp"

namespace jumpgate::wire {
namespace {

bool is_instability(Reason r) {
  return r >= Reason::kLossThresholdExceeded && r <= Reason::kTransportRebound;
}

bool is_rekey_trigger(Reason r) {
  return r >= Reason::kTimeElapsed && r <= Reason::kSecurityEvent;
}

ChallengeKind challenge_kind(FieldReader& r) {
  const std::uint8_t number = r.u8();
  const bool known = number >= static_cast<std::uint8_t>(ChallengeKind::kReattach) &&
                     number <= static_cast<std::uint8_t>(ChallengeKind::kRebinding);
  r.require(known);
  return known ? static_cast<ChallengeKind>(number) : ChallengeKind::kReattach;
}

Type acknowledged(FieldReader& r) {
  const std::uint8_t number = r.u8();
  const bool confirm = number == static_cast<std::uint8_t>(Type::kConfirm);
  r.require(confirm || number == static_cast<std::uint8_t>(Type::kPathResponse));
  return confirm ? Type::kConfirm : Type::kPathResponse;
}

template <class T>
Decoded<T> finish(FieldReader& r, const T& message) {
  r.reserved(r.remaining());
  return r.finish(message);
}

void finish(FieldWriter& w) {
  w.zeros_to_end();
  JG_INVARIANT(w.ok());
}

}  // namespace

Decoded<Confirm> decode_confirm(ControlPayload payload) {
  FieldReader r(payload);
  Confirm m;
  m.session_id = r.session_id();
  m.hello_counter = r.u64();
  return finish(r, m);
}

void encode_confirm(const Confirm& message, ControlPayloadOut out) {
  FieldWriter w(out);
  w.session_id(message.session_id);
  w.u64(message.hello_counter);
  finish(w);
}

Decoded<Reattach> decode_reattach(ControlPayload payload) {
  FieldReader r(payload);
  Reattach m;
  m.jump_seq = r.nonzero_u64();
  m.binding_version = r.u64();
  m.root_generation = r.u32();
  m.cause = r.reason();
  r.require(is_instability(m.cause));
  r.reserved(2);
  m.client_cid = r.live_cid();
  m.session_id = r.session_id();
  return finish(r, m);
}

void encode_reattach(const Reattach& message, ControlPayloadOut out) {
  FieldWriter w(out);
  w.u64(message.jump_seq);
  w.u64(message.binding_version);
  w.u32(message.root_generation);
  w.reason(message.cause);
  w.zeros(2);
  w.cid(message.client_cid);
  w.session_id(message.session_id);
  finish(w);
}

Decoded<PathChallenge> decode_path_challenge(ControlPayload payload) {
  FieldReader r(payload);
  PathChallenge m;
  m.jump_seq = r.u64();
  m.challenge_seq = r.u64();
  m.token = r.bytes<16>();
  m.epoch = r.u64();
  m.binding_version = r.u64();
  m.owner_epoch = r.u64();
  m.gateway_id = r.issued_id();
  r.require(m.gateway_id.cid.value != 0);
  m.observed = r.endpoint();
  m.kind = challenge_kind(r);
  r.reserved(3);
  m.client_cid = r.cid();
  const bool by_gateway = m.kind != ChallengeKind::kReattach;
  r.require((m.jump_seq == 0) == by_gateway);
  r.require((m.client_cid.value == 0) == by_gateway);
  r.jump_ids(m.jump_ids);
  return finish(r, m);
}

void encode_path_challenge(const PathChallenge& message, ControlPayloadOut out) {
  FieldWriter w(out);
  w.u64(message.jump_seq);
  w.u64(message.challenge_seq);
  w.bytes(message.token);
  w.u64(message.epoch);
  w.u64(message.binding_version);
  w.u64(message.owner_epoch);
  w.issued_id(message.gateway_id);
  w.endpoint(message.observed);
  w.u8(static_cast<std::uint8_t>(message.kind));
  w.zeros(3);
  w.cid(message.client_cid);
  w.jump_ids(message.jump_ids);
  finish(w);
}

Decoded<PathResponse> decode_path_response(ControlPayload payload) {
  FieldReader r(payload);
  PathResponse m;
  m.jump_seq = r.u64();
  m.challenge_seq = r.u64();
  m.token = r.bytes<16>();
  m.epoch = r.u64();
  m.binding_version = r.u64();
  m.client_cid = r.live_cid();
  return finish(r, m);
}

void encode_path_response(const PathResponse& message, ControlPayloadOut out) {
  FieldWriter w(out);
  w.u64(message.jump_seq);
  w.u64(message.challenge_seq);
  w.bytes(message.token);
  w.u64(message.epoch);
  w.u64(message.binding_version);
  w.cid(message.client_cid);
  finish(w);
}

Decoded<Ack> decode_ack(ControlPayload payload) {
  FieldReader r(payload);
  Ack m;
  m.subject = acknowledged(r);
  r.reserved(7);
  m.binding_version = r.u64();
  m.epoch = r.u64();
  m.jump_seq = r.u64();
  m.challenge_seq = r.u64();
  return finish(r, m);
}

void encode_ack(const Ack& message, ControlPayloadOut out) {
  FieldWriter w(out);
  w.u8(static_cast<std::uint8_t>(message.subject));
  w.zeros(7);
  w.u64(message.binding_version);
  w.u64(message.epoch);
  w.u64(message.jump_seq);
  w.u64(message.challenge_seq);
  finish(w);
}

Decoded<Refusal> decode_refusal(ControlPayload payload) {
  FieldReader r(payload);
  Refusal m;
  m.jump_seq = r.u64();
  m.reason = r.stated_reason();
  r.reserved(2);
  m.retry_after_ms = r.u32();
  m.binding_version = r.u64();
  m.epoch = r.u64();
  m.root_generation = r.u32();
  r.reserved(4);
  m.gateway_cid = r.cid();
  m.client_cid = r.cid();
  return finish(r, m);
}

void encode_refusal(const Refusal& message, ControlPayloadOut out) {
  FieldWriter w(out);
  w.u64(message.jump_seq);
  w.reason(message.reason);
  w.zeros(2);
  w.u32(message.retry_after_ms);
  w.u64(message.binding_version);
  w.u64(message.epoch);
  w.u32(message.root_generation);
  w.zeros(4);
  w.cid(message.gateway_cid);
  w.cid(message.client_cid);
  finish(w);
}

Decoded<Rekey> decode_rekey(ControlPayload payload) {
  FieldReader r(payload);
  Rekey m;
  m.generation = r.u32();
  r.require(m.generation != 0);
  m.reason = r.reason();
  r.require(is_rekey_trigger(m.reason));
  r.reserved(2);
  m.binding_version = r.u64();
  m.ephemeral = r.bytes<32>();
  m.rekey_seq = r.nonzero_u64();
  return finish(r, m);
}

void encode_rekey(const Rekey& message, ControlPayloadOut out) {
  FieldWriter w(out);
  w.u32(message.generation);
  w.reason(message.reason);
  w.zeros(2);
  w.u64(message.binding_version);
  w.bytes(message.ephemeral);
  w.u64(message.rekey_seq);
  finish(w);
}

Decoded<RekeyReply> decode_rekey_reply(ControlPayload payload) {
  FieldReader r(payload);
  RekeyReply m;
  m.generation = r.u32();
  m.reason = r.reason();
  r.reserved(2);
  m.binding_version = r.u64();
  m.ephemeral = r.bytes<32>();
  m.epoch = r.u64();
  m.owner_epoch = r.u64();
  m.rekey_seq = r.nonzero_u64();
  return finish(r, m);
}

void encode_rekey_reply(const RekeyReply& message, ControlPayloadOut out) {
  FieldWriter w(out);
  w.u32(message.generation);
  w.reason(message.reason);
  w.zeros(2);
  w.u64(message.binding_version);
  w.bytes(message.ephemeral);
  w.u64(message.epoch);
  w.u64(message.owner_epoch);
  w.u64(message.rekey_seq);
  finish(w);
}

Decoded<ControlClose> decode_control_close(ControlPayload payload) {
  FieldReader r(payload);
  ControlClose m;
  m.close_seq = r.nonzero_u64();
  m.reason = r.stated_reason();
  r.reserved(6);
  m.session_id = r.session_id();
  return finish(r, m);
}

void encode_control_close(const ControlClose& message, ControlPayloadOut out) {
  FieldWriter w(out);
  w.u64(message.close_seq);
  w.reason(message.reason);
  w.zeros(6);
  w.session_id(message.session_id);
  finish(w);
}

}  // namespace jumpgate::wire
