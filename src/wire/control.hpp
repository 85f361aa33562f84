/// Payloads of control messages (spec/wire.md "Control"): struct <-> 232 bytes.
///
/// Owner thread: any; pure functions. Bound: constant time, no allocation. Failure of decode:
/// kWireReservedBits when a byte without meaning is not zero, kWireBadField when a field is out of
/// its range (unknown reason, zero id or sequence where none may be, an endpoint without a family).
/// What decodes encodes to the same bytes.
#pragma once

#include <cstdint>
#include <expected>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/wire.hpp>

namespace jumpgate::wire {

using ControlPayload = std::span<const std::uint8_t, kControlPayloadSize>;
using ControlPayloadOut = std::span<std::uint8_t, kControlPayloadSize>;
template <class T>
using Decoded = std::expected<T, DropReason>;

[[nodiscard]] Decoded<Confirm> decode_confirm(ControlPayload payload);
/// The cause must be an instability reason; jump_seq and client_cid not zero.
[[nodiscard]] Decoded<Reattach> decode_reattach(ControlPayload payload);
/// jump_seq and client_cid are zero exactly when the gateway started the exchange (kind is not
/// kReattach).
[[nodiscard]] Decoded<PathChallenge> decode_path_challenge(ControlPayload payload);
[[nodiscard]] Decoded<PathResponse> decode_path_response(ControlPayload payload);
/// The subject is CONFIRM or PATH_RESPONSE.
[[nodiscard]] Decoded<Ack> decode_ack(ControlPayload payload);
[[nodiscard]] Decoded<Refusal> decode_refusal(ControlPayload payload);
/// The reason must be a rekey trigger, the generation not zero.
[[nodiscard]] Decoded<Rekey> decode_rekey(ControlPayload payload);
[[nodiscard]] Decoded<RekeyReply> decode_rekey_reply(ControlPayload payload);
[[nodiscard]] Decoded<ControlClose> decode_control_close(ControlPayload payload);

/// Each writes all 232 bytes.
void encode_confirm(const Confirm& message, ControlPayloadOut out);
void encode_reattach(const Reattach& message, ControlPayloadOut out);
void encode_path_challenge(const PathChallenge& message, ControlPayloadOut out);
void encode_path_response(const PathResponse& message, ControlPayloadOut out);
void encode_ack(const Ack& message, ControlPayloadOut out);
void encode_refusal(const Refusal& message, ControlPayloadOut out);
void encode_rekey(const Rekey& message, ControlPayloadOut out);
void encode_rekey_reply(const RekeyReply& message, ControlPayloadOut out);
void encode_control_close(const ControlClose& message, ControlPayloadOut out);

}  // namespace jumpgate::wire
