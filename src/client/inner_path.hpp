/// What the client does to inner packets as the router it is: the tunnel's MTU kept and told,
/// congestion marks carried over (spec/inner-networks.md).
///
/// Purpose: packets from the host that do not fit are parted where the tunnel is to take them, or cut where IPv4 allows
/// it, else answered with
/// "fragmentation needed" or "packet too big" (RFC 792, RFC 1191, RFC 4443 section 3.2); SYNs are
/// clamped both ways.
/// Owner thread: the client's loop. Bound: kPieces pieces, kAnswers answers, one packet at a time;
/// no allocation after construction. Failure: a drop reason; answers beyond their rate are left out
/// (RFC 4443 section 2.4 (f)).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/drops.hpp>
#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "base/token_bucket.hpp"
#include "net/icmp.hpp"

namespace jumpgate::client {

class InnerPath {
 public:
  InnerPath(std::uint16_t mtu, MonoNs now) : mtu_(mtu), told_(mtu), answers_(kAnswers, now) {}

  /// Bytes of an inner packet that one message takes, and that the tunnel takes: what lies between them goes in two parts.
  void set_mtu(std::uint16_t message, std::uint16_t told) {
    mtu_ = message;
    told_ = told;
  }
  /// Of the tunnel, as the host knows it.
  [[nodiscard]] std::uint16_t mtu() const { return told_; }

  /// A packet from the host. Nothing: it goes as it is, its SYN clamped. Else why it does not.
  std::optional<DropReason> outgoing(std::span<std::uint8_t> packet) const;
  /// The pieces of a packet that outgoing() found too big, each with room for prefix and tag around
  /// it; none when it may not be cut. Valid until the next call. What the tunnel takes and one message does not goes in two
  /// parts (spec/wire.md "DATA in two parts"), the first of them in its own place.
  std::span<const std::span<std::uint8_t>> cut(std::span<std::uint8_t> packet);
  /// What the host is told about such a packet; empty: nothing. Valid until the next call.
  std::span<std::uint8_t> too_big(std::span<const std::uint8_t> packet, MonoNs now);

  /// A packet out of the tunnel under an outer header of that traffic class. Nothing: it is
  /// delivered. Else why it is not.
  std::optional<DropReason> incoming(std::span<std::uint8_t> packet,
                                     std::uint8_t outer_class) const;

 private:
  /// No packet of the tunnel interface is larger than two of the smallest tunnel.
  static constexpr std::size_t kPieces = 2;
  static constexpr base::TokenRate kAnswers{100, seconds(1), 20};
  static constexpr std::size_t kRoom = limits::kMaxDatagram;

  std::span<const std::span<std::uint8_t>> part(std::span<std::uint8_t> packet);

  std::uint16_t mtu_;
  std::uint16_t told_;
  base::TokenBucket answers_;
  std::array<std::array<std::uint8_t, kRoom>, kPieces> rooms_{};
  std::array<std::span<std::uint8_t>, kPieces> pieces_;
  std::array<std::uint8_t, net::kMaxIcmpError> answer_{};
};

}  // namespace jumpgate::client
