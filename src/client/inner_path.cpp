#include "client/inner_path.hpp"

#include "net/ecn.hpp"
#include "net/fragments.hpp"
#include "net/inner_shape.hpp"
#include "net/mss.hpp"
#include "net/parts.hpp"

namespace jumpgate::client {

std::optional<DropReason> InnerPath::outgoing(std::span<std::uint8_t> packet) const {
  if (const auto fault = net::inner_fault(packet)) return fault;
  if (packet.size() > mtu_) return DropReason::kInnerTooBig;
  net::clamp_mss(packet, told_);
  return std::nullopt;
}

std::span<const std::span<std::uint8_t>> InnerPath::cut(std::span<std::uint8_t> packet) {
  if (packet.size() <= net::mtu_for((packet[0] >> 4) == 6, told_)) return part(packet);
  // Whatever its options, the second piece holds half a kilobyte at least.
  constexpr std::size_t kSecond = 512;
  if (!net::may_be_cut(packet) || packet.size() > mtu_ + kSecond) return {};
  net::Fragmenter fragmenter(packet, mtu_);
  std::size_t count = 0;
  for (auto& room : rooms_) {
    const std::size_t size = fragmenter.next(std::span(room).subspan(wire::kPrefixSize, mtu_));
    if (size != 0) pieces_.at(count++) = {room.data() + wire::kPrefixSize, size};
  }
  return std::span(pieces_).first(count);
}

std::span<const std::span<std::uint8_t>> InnerPath::part(std::span<std::uint8_t> packet) {
  net::clamp_mss(packet, told_);
  const std::span<std::uint8_t> room = std::span(rooms_.front()).subspan(wire::kPrefixSize);
  const std::size_t size = net::split_in_parts(packet, mtu_, room);
  pieces_ = {packet.first(mtu_), room.first(size)};
  return pieces_;
}

std::span<std::uint8_t> InnerPath::too_big(std::span<const std::uint8_t> packet, MonoNs now) {
  const auto ip = net::parse_ip(packet);
  if (!ip || !answers_.take(now)) return {};
  // In the name of the destination: from an address of our own the host would take nothing out of
  // the tunnel.
  const bool v6 = ip->family == IpFamily::kV6;
  const std::size_t size = net::build_icmp_error(
      answer_, net::IcmpError::kTooBig, ip->destination(), packet, net::mtu_for(v6, told_));
  return std::span(answer_).first(size);
}

std::optional<DropReason> InnerPath::incoming(std::span<std::uint8_t> packet,
                                              std::uint8_t outer_class) const {
  if (const auto fault = net::inner_fault(packet)) return fault;
  if (!net::take_outer_ecn(packet, outer_class)) return DropReason::kInnerBadEcn;
  net::clamp_mss(packet, told_);
  return std::nullopt;
}

}  // namespace jumpgate::client
