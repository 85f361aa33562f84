/// Plaintexts of HEARTBEAT and CLOSE (spec/wire.md "Traffic").
///
/// Owner thread: any; pure functions. Bound: linear in the padding. Failure: kWireTooShort,
/// kWireBadLength, kWireReservedBits, kWireBadField.
#pragma once

#include <cstdint>
#include <expected>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/wire.hpp>

namespace jumpgate::wire {

/// At least 32 bytes; all behind them must be zero.
[[nodiscard]] std::expected<Heartbeat, DropReason> decode_heartbeat(
    std::span<const std::uint8_t> plaintext);
/// Writes 32 bytes; a path MTU probe appends zeros itself.
void encode_heartbeat(const Heartbeat& heartbeat, std::span<std::uint8_t, kHeartbeatSize> out);

/// Exactly 8 bytes; a close always has a known reason.
[[nodiscard]] std::expected<Close, DropReason> decode_close(
    std::span<const std::uint8_t> plaintext);
void encode_close(const Close& close, std::span<std::uint8_t, kCloseSize> out);

}  // namespace jumpgate::wire
