#include "ctl/inner_errors.hpp"

#include <algorithm>
#include <optional>

#include "net/frames.hpp"
#include "net/icmp.hpp"
#include "net/own_addresses.hpp"

namespace jumpgate::ctl {
namespace {

std::optional<net::IcmpError> icmp_error_for(DropReason reason) {
  switch (reason) {
    case DropReason::kInnerNoRoute:
      return net::IcmpError::kNoRoute;
    case DropReason::kPeerNotAttached:
    case DropReason::kNoBinding:
    case DropReason::kNeighbourUnresolved:
      return net::IcmpError::kHostUnreachable;
    case DropReason::kHairpinDenied:
    case DropReason::kFilterDenied:
      return net::IcmpError::kAdministrative;
    case DropReason::kUdpWrongPort:
      return net::IcmpError::kPortUnreachable;
    case DropReason::kInnerTtlExceeded:
      return net::IcmpError::kTtlExceeded;
    case DropReason::kInnerTooBig:
      return net::IcmpError::kTooBig;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::size_t InnerErrors::about(base::MutableBytes out, base::Bytes packet, DropReason reason,
                               std::uint16_t mtu) const {
  const auto error = icmp_error_for(reason);
  const auto ip = net::parse_ip(packet);
  if (!error || !ip) return 0;
  // What was sent to us is refused by the address it was sent to (RFC 1122 section 3.2.2).
  std::optional<IpAddress> source;
  if (reason == DropReason::kUdpWrongPort) source = ip->destination();
  for (const net::PortAddressing& own : ports_) {
    if (own.role != net::PortRole::kInner || source) continue;
    source = net::own_address_towards(own, ip->source());
  }
  return source ? net::build_icmp_error(out, *error, *source, ip->packet, mtu) : 0;
}

std::size_t InnerErrors::unreachable(base::MutableBytes out, base::Bytes frame, std::uint8_t port,
                                     MonoNs now) {
  const auto in = std::ranges::find(ports_, port, &net::PortAddressing::port);
  const auto ethernet = net::parse_ethernet(frame);
  if (in == ports_.end() || in->role != net::PortRole::kInner || !ethernet) return 0;
  const auto ip = net::parse_ip(ethernet->payload);
  if (!ip) return 0;
  // An answer of our own is lost, and nobody else has to hear of it.
  const bool ours = std::ranges::any_of(ports_, [&](const net::PortAddressing& own) {
    return net::is_own_address(own, ip->source());
  });
  if (ours) return 0;
  const std::size_t size = about(out, ip->packet, DropReason::kNeighbourUnresolved, 0);
  return size != 0 && bucket_.take(now) ? size : 0;
}

}  // namespace jumpgate::ctl
