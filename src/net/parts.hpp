/// An IPv6 packet in two parts, for a tunnel that is narrower than the smallest MTU that IPv6 lets a link have
/// (RFC 8200 section 5; spec/wire.md "DATA in two parts").
///
/// Each part begins with the packet's first four bytes, its mark in place of the version: what is read from those
/// (the traffic class) is read from a part as well.
/// Owner thread: any; pure functions, shared by gateway and client, no allocation. Bound: kIpv6MinMtu bytes in all.
/// Failure: parts that make no such packet are not joined; what they make is for others to judge (net/inner_shape.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/fragments.hpp"

namespace jumpgate::net {

/// In place of the IP version.
enum class PartKind : std::uint8_t { kHead = 1, kTail = 2 };

inline constexpr std::size_t kPartWord = 4;
/// Of the narrowest tunnel: a path of 1280 bytes, of which IPv6, UDP and the message's own take 80.
inline constexpr std::size_t kMaxTail = kPartWord + limits::kMaxTunnelOverhead;

/// Nothing: a whole packet, or no packet at all.
inline std::optional<PartKind> part_of(Bytes plaintext) {
  if (plaintext.size() <= kPartWord) return std::nullopt;
  const unsigned mark = plaintext[0] >> 4U;
  if (mark != 1 && mark != 2) return std::nullopt;
  return static_cast<PartKind>(mark);
}

/// `packet` is a whole and sound IP packet that is larger than `mtu`.
inline bool goes_in_parts(Bytes packet, std::uint16_t mtu) {
  return (packet[0] >> 4) == 6 && packet.size() <= kIpv6MinMtu &&
         packet.size() - mtu <= limits::kMaxTunnelOverhead;
}

inline void mark_as(std::uint8_t mark, MutableBytes packet) {
  packet[0] = static_cast<std::uint8_t>((packet[0] & 0x0fU) | (unsigned{mark} << 4U));
}

/// Splits a packet that goes_in_parts(): its first `mtu` bytes are the head from now on. Writes the tail, of kMaxTail
/// bytes at most, and returns its size.
inline std::size_t split_in_parts(MutableBytes packet, std::uint16_t mtu, MutableBytes tail) {
  std::copy_n(packet.begin(), kPartWord, tail.begin());
  mark_as(static_cast<std::uint8_t>(PartKind::kTail), tail);
  mark_as(static_cast<std::uint8_t>(PartKind::kHead), packet);
  const Bytes rest = packet.subspan(mtu);
  std::ranges::copy(rest, tail.begin() + kPartWord);
  return kPartWord + rest.size();
}

/// Makes the head, the first `head` bytes of `room`, the packet that it was. Returns its size; 0 when the two are none,
/// or `room` is too small.
inline std::size_t join_parts(MutableBytes room, std::size_t head, Bytes tail) {
  const std::size_t whole = head + tail.size() - kPartWord;
  if (whole > kIpv6MinMtu || whole > room.size()) return 0;
  mark_as(6, room);
  std::ranges::copy(tail.subspan(kPartWord), room.begin() + static_cast<std::ptrdiff_t>(head));
  return whole;
}

}  // namespace jumpgate::net
