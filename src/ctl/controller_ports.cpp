#include "ctl/controller_ports.hpp"

#include <algorithm>
#include <cstring>

#include <rte_mbuf.h>

#include "net/frames.hpp"

namespace jumpgate::ctl {
namespace {

/// By peer: the set that its prefixes name; short of those behind the last that has one.
std::vector<std::uint16_t> sets_of_peers(std::span<const net::PeerPrefix> prefixes,
                                         std::uint16_t net::PeerPrefix::* set) {
  constexpr std::uint16_t kNone = net::kNoFilter;
  static_assert(kNone == net::kNoRates);
  std::vector<std::uint16_t> of_peer;
  for (const net::PeerPrefix& prefix : prefixes) {
    if (prefix.*set == kNone) continue;
    if (of_peer.size() <= prefix.peer) of_peer.resize(prefix.peer + 1, kNone);
    of_peer[prefix.peer] = prefix.*set;
  }
  return of_peer;
}

}  // namespace

bool FrameSender::send(std::uint16_t port, std::span<const std::uint8_t> bytes,
                       std::uint8_t worker) {
  rte_mbuf* frame = rte_pktmbuf_alloc(pool_);
  char* data = frame == nullptr
                   ? nullptr
                   : rte_pktmbuf_append(frame, static_cast<std::uint16_t>(bytes.size()));
  if (data != nullptr) {
    std::memcpy(data, bytes.data(), bytes.size());
    frame->port = port;
    if (channels_[worker < channels_.size() ? worker : 0]->push(frame)) return true;
  }
  if (frame != nullptr) rte_pktmbuf_free(frame);
  ++lost_;
  return false;
}

TrafficFigures BusWorkerLink::figures(const bus::SessionRef& session) const {
  const bus::SessionCounters& counters = (*counters_[session.worker])[session.slot];
  if (counters.life.get() != session.life) return {};
  const TrafficFigures figures{.rx_packets = counters.rx_packets.get(),
                               .rx_bytes = counters.rx_bytes.get(),
                               .tx_packets = counters.tx_packets.get(),
                               .tx_bytes = counters.tx_bytes.get(),
                               .drops = counters.drops.get(),
                               .last_heard = MonoNs{counters.last_heard.get()},
                               .srtt_us = counters.srtt_us.get(),
                               .loss_permille = counters.loss_permille.get(),
                               .path_mtu = counters.path_mtu.get()};
  return counters.life.get() == session.life ? figures : TrafficFigures{};
}

OuterLink::OuterLink(const net::OuterRouter& router, net::Neighbours& neighbours,
                     std::span<const net::PortAddressing> ports)
    : router_(router), neighbours_(neighbours), ports_(ports.begin(), ports.end()) {}

MacAddress OuterLink::mac_of(std::uint8_t port) const {
  const auto found = std::ranges::find(ports_, port, &net::PortAddressing::port);
  return found == ports_.end() ? MacAddress{} : found->mac;
}

bool OuterLink::send(const Endpoint& local, const Endpoint& remote,
                     std::span<const std::uint8_t> datagram) {
  const auto route = router_.route(remote.address, local.address);
  if (!route) return false;
  std::array<std::uint8_t,
             net::kEthernetSize + net::kIpv6Size + net::kUdpSize + limits::kMaxDatagram>
      frame{};
  // The neighbours fill in the destination, now or when it has answered.
  const std::size_t size =
      net::build_udp_frame(frame, MacAddress{}, mac_of(route->port),
                           Endpoint{.address = route->local, .port = local.port}, remote, datagram);
  if (size == 0) return false;
  return neighbours_.resolve(route->port, route->next_hop, std::span(frame).first(size), now_);
}

std::optional<bus::OuterPath> OuterLink::acquire(const Endpoint& local, const Endpoint& remote,
                                                 MonoNs now) {
  const auto route = router_.route(remote.address, local.address);
  if (!route) return std::nullopt;
  const auto neighbour = neighbours_.acquire(route->port, route->next_hop, now);
  if (!neighbour) return std::nullopt;
  return bus::OuterPath{.remote = remote,
                        .local = Endpoint{.address = route->local, .port = local.port},
                        .port = route->port,
                        .neighbour = *neighbour,
                        .next_hop = route->next_hop};
}

std::expected<std::unique_ptr<PreparedRoutes>, std::string> ImageBook::prepare(
    std::span<const net::PeerPrefix> prefixes, const config::GatewayConfig& config) {
  reclaim();
  std::vector<net::StaticRoute> static_routes;
  for (const config::RouteConfig& route : config.routes) {
    if (config.ports[route.port].role != net::PortRole::kInner) continue;
    static_routes.push_back({.prefix = route.prefix,
                             .port = static_cast<std::uint8_t>(route.port),
                             .next_hop = route.via});
  }
  auto images = std::make_unique<Images>();
  auto routes =
      net::RouteImage::build({.peers = prefixes, .ports = inner_ports_, .routes = static_routes});
  if (!routes) return std::unexpected(routes.error());
  images->routes = std::move(*routes);
  auto filters =
      net::FilterImage::build(config.filters, sets_of_peers(prefixes, &net::PeerPrefix::filter));
  if (!filters) return std::unexpected(filters.error());
  images->filters = std::move(*filters);
  auto of_peer = sets_of_peers(prefixes, &net::PeerPrefix::rates);
  // A new image fills every bucket anew: none for nothing.
  if (!rates_.get()->says_the_same(config.rates, of_peer))
    images->rates = net::RateImage::build(config.rates, std::move(of_peer), workers_);
  return images;
}

std::expected<void, std::string> ImageBook::publish(PreparedRoutes& routes) {
  auto& images = static_cast<Images&>(routes);
  // All or none: room for each is seen to before the first is changed.
  if (published_.reclaim() >= net::kMaxRetired || filters_.reclaim() >= net::kMaxRetired ||
      rates_.reclaim() >= net::kMaxRetired)
    return std::unexpected("former routes are still in use by a worker; try again");
  (void)filters_.publish(std::move(images.filters));
  if (images.rates != nullptr) (void)rates_.publish(std::move(images.rates));
  (void)published_.publish(std::move(images.routes));
  return {};
}

bool ImageBook::reclaim() {
  return published_.reclaim() + filters_.reclaim() + rates_.reclaim() == 0;
}

}  // namespace jumpgate::ctl
