/// ECN and DSCP across the tunnel: what the outer header says on the way in, what it does to the
/// inner one on the way out.
///
/// RFC 6040 normal mode at both ends: the outer ECN field is a copy of the inner one (section 4.1),
/// and on the way out they are combined by figure 4. DSCP by RFC 2983: copied or fixed outside; the
/// inner one is never touched (the pipe model).
/// Owner thread: any; pure functions, shared by gateway and client, no allocation. Bound: the IP
/// header. Failure: a combination that tells of a broken path means that the packet is to be
/// dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/frames.hpp"

namespace jumpgate::net {

/// The low two bits of TOS or traffic class (RFC 3168 section 5).
enum class Ecn : std::uint8_t { kNotEct = 0, kEct1 = 1, kEct0 = 2, kCe = 3 };

inline constexpr std::uint8_t kEcnMask = 0x03;
/// RFC 2474 section 3: six bits.
inline constexpr std::uint8_t kMaxDscp = 63;

/// RFC 6040 figure 4. Nothing: drop. The three combinations that it calls dangerous or invalid and
/// lets through are let through.
constexpr std::optional<Ecn> combine_ecn(Ecn inner, Ecn outer) {
  if (inner == Ecn::kNotEct) return outer == Ecn::kCe ? std::nullopt : std::optional(Ecn::kNotEct);
  if (inner == Ecn::kCe || outer == Ecn::kCe) return Ecn::kCe;
  return outer == Ecn::kEct1 ? Ecn::kEct1 : inner;
}

/// How the outer TOS or traffic class follows from the inner one: always its ECN bits, and its DSCP
/// or a fixed one.
class OuterClass {
 public:
  /// DSCP copied.
  constexpr OuterClass() = default;
  static constexpr OuterClass fixed(std::uint8_t dscp) {
    OuterClass made;
    made.keep_ = kEcnMask;
    made.set_ = static_cast<std::uint8_t>(dscp << 2);
    return made;
  }
  [[nodiscard]] constexpr std::uint8_t of(std::uint8_t inner) const {
    return static_cast<std::uint8_t>((inner & keep_) | set_);
  }
  /// Nothing: copied.
  [[nodiscard]] constexpr std::optional<std::uint8_t> dscp() const {
    if (keep_ != kEcnMask) return std::nullopt;
    return static_cast<std::uint8_t>(set_ >> 2);
  }
  constexpr bool operator==(const OuterClass&) const = default;

 private:
  std::uint8_t keep_{0xff};
  std::uint8_t set_{0};
};

/// TOS or traffic class of a whole IP header, or of the first bytes of a packet's part (net/parts.hpp).
inline std::uint8_t traffic_class_of(const std::uint8_t* ip) {
  constexpr std::uint8_t kOfSix = 0x20;  // set in 6, not in 4
  if ((ip[0] & kOfSix) == 0) return ip[1];
  return static_cast<std::uint8_t>((ip[0] << 4) | (ip[1] >> 4));
}

/// The outer class of a packet that came in two parts: congestion that one met was met by the packet (as of fragments,
/// RFC 3168 section 5.3).
constexpr std::uint8_t class_of_parts(std::uint8_t one, std::uint8_t other) {
  constexpr auto kCe = static_cast<std::uint8_t>(Ecn::kCe);
  return (other & kEcnMask) == kCe ? static_cast<std::uint8_t>(one | kCe) : one;
}

/// Combines the outer ECN field into `packet`, IPv4 checksum included (RFC 1624). False: drop the
/// packet. What is no whole IP header is left for others to judge.
bool take_outer_ecn(MutableBytes packet, std::uint8_t outer_class);

}  // namespace jumpgate::net
