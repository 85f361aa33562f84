/// Type, length and prefix of a message (spec/wire.md "Prefix"): what can be said before any key is
/// touched.
///
/// Owner thread: any; pure functions. Bound: constant time. Failure: the drop reason. Inline
/// because the workers' first stage runs it for each packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/wire.hpp>

#include "base/bytes.hpp"

namespace jumpgate::wire {

enum class Class : std::uint8_t { kTraffic, kControl, kHandshake, kReset };

/// The type behind a message's first byte; nothing when it is not ours.
constexpr std::optional<Type> type_from_number(std::uint8_t number) {
  if (number < static_cast<std::uint8_t>(Type::kHello)) return std::nullopt;
  if (number > static_cast<std::uint8_t>(Type::kControlClose)) return std::nullopt;
  return static_cast<Type>(number);
}

constexpr Class class_of(Type type) {
  switch (type) {
    case Type::kData:
    case Type::kHeartbeat:
    case Type::kClose:
      return Class::kTraffic;
    case Type::kConfirm:
    case Type::kReattach:
    case Type::kPathChallenge:
    case Type::kPathResponse:
    case Type::kAck:
    case Type::kRefusal:
    case Type::kRekey:
    case Type::kRekeyReply:
    case Type::kControlClose:
      return Class::kControl;
    case Type::kHello:
    case Type::kWelcome:
    case Type::kCookieReply:
    case Type::kVersionRefusal:
    case Type::kHelloRefusal:
      return Class::kHandshake;
    case Type::kReset:
      return Class::kReset;
  }
  return Class::kReset;
}

/// The smallest size of a message of this type; DATA and HEARTBEAT may be longer, nothing else.
constexpr std::size_t minimum_size(Type type) {
  switch (type) {
    case Type::kData:
      return kTrafficOverhead;
    case Type::kHeartbeat:
      return kTrafficOverhead + kHeartbeatSize;
    case Type::kClose:
      return kTrafficOverhead + kCloseSize;
    case Type::kHello:
      return kHelloSize;
    case Type::kWelcome:
      return kWelcomeSize;
    case Type::kCookieReply:
      return kCookieReplySize;
    case Type::kVersionRefusal:
      return kVersionRefusalSize;
    case Type::kHelloRefusal:
      return kHelloRefusalSize;
    case Type::kReset:
      return kResetSize;
    default:
      return kControlSize;
  }
}

constexpr bool has_fixed_size(Type type) {
  return type != Type::kData && type != Type::kHeartbeat;
}

/// Type of a message of any class, its length checked: kWireTooShort, kWireUnknownType or
/// kWireBadLength.
constexpr std::expected<Type, DropReason> classify(std::span<const std::uint8_t> message) {
  if (message.empty()) return std::unexpected(DropReason::kWireTooShort);
  const std::optional<Type> type = type_from_number(message[0]);
  if (!type) return std::unexpected(DropReason::kWireUnknownType);
  const std::size_t minimum = minimum_size(*type);
  if (message.size() < minimum) return std::unexpected(DropReason::kWireTooShort);
  if (message.size() > minimum && has_fixed_size(*type)) {
    return std::unexpected(DropReason::kWireBadLength);
  }
  return *type;
}

/// The prefix at `message`, whatever it says.
constexpr Prefix prefix_at(const std::uint8_t* message) {
  const std::uint8_t flags = message[1];
  Prefix prefix;
  prefix.type = static_cast<Type>(message[0]);
  prefix.phase = flags & kFlagPhaseMask;
  prefix.id_key_phase = (flags & kFlagIdKeyPhase) != 0 ? 1 : 0;
  prefix.counter = base::load_le48(message + 2);
  prefix.cid.value = base::load_le64(message + 8);
  return prefix;
}

/// A DATA message in which prefix_fault() would find nothing: the one that comes by the million, in three comparisons.
constexpr bool is_sound_data(std::span<const std::uint8_t> message) {
  return message.size() >= minimum_size(Type::kData) &&
         message[0] == static_cast<std::uint8_t>(Type::kData) &&
         (message[1] & kFlagReservedMask) == 0;
}

/// What is wrong with the prefix of a traffic or control message, if anything. Reserved flag bits and
/// the counter of a control message must be zero (kWireReservedBits); types without a prefix are
/// kWireUnknownType here. Whether the id lives is not judged.
constexpr std::optional<DropReason> prefix_fault(std::span<const std::uint8_t> message) {
  const std::expected<Type, DropReason> type = classify(message);
  if (!type) return type.error();
  const Class message_class = class_of(*type);
  if (message_class != Class::kTraffic && message_class != Class::kControl)
    return DropReason::kWireUnknownType;
  const bool counted = message_class == Class::kControl && prefix_at(message.data()).counter != 0;
  if (counted || (message[1] & kFlagReservedMask) != 0) return DropReason::kWireReservedBits;
  return std::nullopt;
}

/// Both in one.
constexpr std::expected<Prefix, DropReason> parse_prefix(std::span<const std::uint8_t> message) {
  if (const auto fault = prefix_fault(message)) return std::unexpected(*fault);
  return prefix_at(message.data());
}

/// Bits above the phase's two, the id-key phase's one and the counter's 48 are cut off.
constexpr void write_prefix(const Prefix& prefix, std::span<std::uint8_t, kPrefixSize> out) {
  const std::uint64_t flags =
      (prefix.phase & kFlagPhaseMask) | (prefix.id_key_phase != 0 ? kFlagIdKeyPhase : 0);
  const auto type = static_cast<std::uint64_t>(prefix.type);
  base::store_le64(out.data(), type | flags << 8 | prefix.counter << 16);
  base::store_le64(out.data() + 8, prefix.cid.value);
}

}  // namespace jumpgate::wire
