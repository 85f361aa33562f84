/// An inner packet in two parts, for a tunnel whose messages are shorter than what hosts may send into it
/// (spec/wire.md "DATA in two parts").
///
/// Each part begins with the packet's first four bytes, marked in the version: its top bit is set, and in a tail the
/// lowest as well. What is read from those bytes (the family, the traffic class) is read from a part in the same way.
/// Owner thread: any; pure functions, shared by gateway and client, no allocation. Bound: limits::kMaxInnerMtu bytes in
/// all. Failure: parts that make no packet are not joined; what they make is for others to judge (net/inner_shape.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/fragments.hpp"

namespace jumpgate::net {

enum class PartKind : std::uint8_t { kHead, kTail };

inline constexpr std::size_t kPartWord = 4;
inline constexpr std::uint8_t kPartMark = 0x80;
inline constexpr std::uint8_t kTailMark = 0x10;
/// The narrowest tunnel: a path of 1280 bytes, of which IPv6, UDP and the message's own take 80.
inline constexpr std::size_t kNarrowestTunnel = limits::kMinPathMtu - limits::kMaxTunnelOverhead;
inline constexpr std::size_t kMaxTail = kPartWord + limits::kMaxInnerMtu - kNarrowestTunnel;

/// Nothing: a whole packet, or no packet at all.
inline std::optional<PartKind> part_of(Bytes plaintext) {
  // 4 and 6 have the bit below the top one; the versions of parts are 12 to 15.
  constexpr std::uint8_t kMarked = kPartMark | 0x40;
  if (plaintext.size() <= kPartWord || (plaintext[0] & kMarked) != kMarked) return std::nullopt;
  return (plaintext[0] & kTailMark) != 0 ? PartKind::kTail : PartKind::kHead;
}

/// Splits a whole and sound packet of kMaxInnerMtu bytes at most, which is larger than `mtu`, itself kNarrowestTunnel at
/// least: its first `mtu` bytes are the head from now on. Writes the tail, of kMaxTail bytes at most; returns its size.
inline std::size_t split_in_parts(MutableBytes packet, std::uint16_t mtu, MutableBytes tail) {
  packet[0] |= kPartMark;
  std::copy_n(packet.begin(), kPartWord, tail.begin());
  tail[0] |= kTailMark;
  const Bytes rest = packet.subspan(mtu);
  std::ranges::copy(rest, tail.begin() + kPartWord);
  return kPartWord + rest.size();
}

/// Makes the head, the first `head` bytes of `room`, the packet that it was. Returns its size; 0 when the two are none,
/// or `room` is too small.
inline std::size_t join_parts(MutableBytes room, std::size_t head, Bytes tail) {
  const std::size_t whole = head + tail.size() - kPartWord;
  if (whole > limits::kMaxInnerMtu || whole > room.size()) return 0;
  if ((room[0] | kTailMark) != tail[0] || !std::equal(&tail[1], &tail[kPartWord], &room[1]))
    return 0;
  room[0] &= static_cast<std::uint8_t>(~kPartMark);
  std::ranges::copy(tail.subspan(kPartWord), room.begin() + static_cast<std::ptrdiff_t>(head));
  return whole;
}

}  // namespace jumpgate::net
