#include "net/route_image.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/invariant.hpp"
#include "base/text.hpp"
#include "net/address.hpp"
#include "net/prefix_tables.hpp"

namespace jumpgate::net {
namespace {

// A target in 31 bits, which is what an entry of a fib holds beside its own flag: index 24 | port 4
// | kind 3.
constexpr std::uint32_t kMaxIndex = (1U << 24) - 1;
static_assert(limits::kMaxPeers <= kMaxIndex && limits::kMaxPorts <= 16);

std::uint32_t encode(const RouteTarget& target) {
  return (target.index << 7) | (std::uint32_t{target.port} << 3) |
         static_cast<std::uint32_t>(target.kind);
}

RouteTarget decode(std::uint32_t word) {
  return {static_cast<RouteKind>(word & 7), static_cast<std::uint8_t>((word >> 3) & 15), word >> 7};
}

}  // namespace

struct RouteImage::Tables {
  PrefixTable<4> v4;
  PrefixTable<16> v6;
};

namespace {

// Collects the routes of both families before the tables are built.
class Collector {
 public:
  void add(const IpPrefix& prefix, const RouteTarget& target) {
    if (prefix.address.family == IpFamily::kV4) v4.push_back(entry<4>(prefix, target));
    if (prefix.address.family == IpFamily::kV6) v6.push_back(entry<16>(prefix, target));
  }

  std::vector<PrefixEntry<4>> v4;
  std::vector<PrefixEntry<16>> v6;

 private:
  template <std::size_t N>
  static PrefixEntry<N> entry(const IpPrefix& prefix, const RouteTarget& target) {
    PrefixEntry<N> result{.length = prefix.length, .value = encode(target)};
    const IpPrefix network = network_of(prefix);
    std::copy_n(network.address.bytes.begin(), N, result.bytes.begin());
    return result;
  }
};

// RFC 2644: what is for all hosts of a link is not a router's to forward, and nobody's source (RFC
// 1812 section 5.3.7). A prefix of 31 bits has two hosts and no more (RFC 3021).
void add_nobody(const IpPrefix& own, Collector& out) {
  if (own.address.family != IpFamily::kV4 || own.length > 30) return;
  const IpAddress first = network_of(own).address;
  IpAddress last = first;
  base::store_be32(last.bytes.data(),
                   base::load_be32(first.bytes.data()) | (UINT32_MAX >> own.length));
  for (const IpAddress& address : {first, last})
    if (address != own.address) out.add(host_prefix(address), {RouteKind::kNobody, 0, 0});
}

std::expected<void, std::string> collect(const RouteInput& input, Collector& out,
                                         std::vector<IpAddress>& next_hops) {
  for (const PortAddressing& port : input.ports) {
    if (port.port >= limits::kMaxPorts)
      return std::unexpected(fmt::format("port {} is beyond the last", port.port));
    for (const IpPrefix& own : port.addresses) {
      out.add(host_prefix(own.address), {RouteKind::kLocal, port.port, 0});
      if (own.length < base::address_bits(own.address.family))
        out.add(own, {RouteKind::kOnLink, port.port, 0});
      add_nobody(own, out);
    }
  }
  const auto via = [&](const IpPrefix& prefix, std::uint8_t port, const IpAddress& next_hop) {
    out.add(prefix, {RouteKind::kNextHop, port, static_cast<std::uint32_t>(next_hops.size())});
    next_hops.push_back(next_hop);
  };
  for (const StaticRoute& route : input.routes)
    via(route.prefix, route.port, route.next_hop);
  for (const PortAddressing& port : input.ports)
    for (const IpAddress& gateway : port.gateways)
      via({IpAddress{.family = gateway.family}, 0}, port.port, gateway);
  if (next_hops.size() > kMaxIndex) return std::unexpected(std::string("too many static routes"));
  for (const PeerPrefix& peer : input.peers) {
    if (peer.peer > kMaxIndex)
      return std::unexpected(fmt::format("peer {} is beyond the last", peer.peer));
    out.add(peer.prefix, {RouteKind::kPeer, 0, peer.peer});
  }
  return {};
}

std::vector<Treatment> treatments_of(std::span<const PeerPrefix> peers) {
  std::vector<Treatment> treatments;
  for (const PeerPrefix& peer : peers) {
    if (peer.treatment == Treatment{}) continue;
    if (peer.peer >= treatments.size()) treatments.resize(std::size_t{peer.peer} + 1);
    treatments[peer.peer] = peer.treatment;
  }
  return treatments;
}

}  // namespace

RouteImage::RouteImage() : tables_{std::make_unique<Tables>()} {}
RouteImage::~RouteImage() = default;

std::expected<std::unique_ptr<const RouteImage>, std::string> RouteImage::build(
    const RouteInput& input) {
  static std::atomic<std::uint32_t> serial{0};
  std::unique_ptr<RouteImage> image(new RouteImage);
  image->serial_ = ++serial;
  Collector collector;
  if (auto collected = collect(input, collector, image->next_hops_); !collected)
    return std::unexpected(collected.error());
  image->treatments_ = treatments_of(input.peers);
  if (auto built = image->tables_->v4.build(std::move(collector.v4)); !built)
    return std::unexpected("IPv4 routes: " + built.error());
  if (auto built = image->tables_->v6.build(std::move(collector.v6)); !built)
    return std::unexpected("IPv6 routes: " + built.error());
  image->footprint_ = image->tables_->v4.footprint() + image->tables_->v6.footprint() +
                      image->next_hops_.size() * sizeof(IpAddress);
  return image;
}

RouteTarget RouteImage::route(const IpAddress& destination) const noexcept {
  if (destination.family == IpFamily::kV4) return route_v4(destination.bytes.data());
  if (destination.family == IpFamily::kV6) return route_v6(destination.bytes.data());
  return {};
}

RouteTarget RouteImage::route_v4(const std::uint8_t* destination) const noexcept {
  return decode(tables_->v4.find(destination));
}
RouteTarget RouteImage::route_v6(const std::uint8_t* destination) const noexcept {
  return decode(tables_->v6.find(destination));
}

std::optional<std::uint32_t> RouteImage::peer_of_source(const IpAddress& source) const noexcept {
  const RouteTarget target = route(source);
  if (target.kind != RouteKind::kPeer) return std::nullopt;
  return target.index;
}

bool RouteImage::peer_owns_v4(std::uint32_t peer, const std::uint8_t* source) const noexcept {
  return route_v4(source) == RouteTarget{RouteKind::kPeer, 0, peer};
}

bool RouteImage::peer_owns_v6(std::uint32_t peer, const std::uint8_t* source) const noexcept {
  return route_v6(source) == RouteTarget{RouteKind::kPeer, 0, peer};
}

const IpAddress& RouteImage::next_hop(const RouteTarget& target) const noexcept {
  JG_INVARIANT(target.kind == RouteKind::kNextHop && target.index < next_hops_.size());
  return next_hops_[target.index];
}

bool RouteImage::uses_fib(IpFamily family) const noexcept {
  return family == IpFamily::kV4 ? tables_->v4.uses_fib() : tables_->v6.uses_fib();
}

}  // namespace jumpgate::net
