#include <algorithm>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/gateway_sections.hpp"
#include "net/address.hpp"

namespace jumpgate::config {
namespace {

// A prefix and who has it: a peer by its index, a port by the index behind the peers.
struct Owned {
  IpPrefix prefix;
  std::size_t owner;
  auto operator<=>(const Owned&) const = default;
};

class Checker {
 public:
  Checker(const GatewayConfig& config, Problems& problems) : config_{config}, problems_{problems} {}

  void run() {
    check_ports();
    check_routes();
    check_peers();
    check_overlaps();
    check_sizes();
  }

 private:
  Place place_of(std::size_t owner) const {
    if (owner < config_.peers.size()) return {config_.path, config_.peers[owner].line, 1};
    return config_.ports[owner - config_.peers.size()].place;
  }
  std::string name_of(std::size_t owner) const {
    if (owner < config_.peers.size())
      return fmt::format("peer '{}' (line {})", config_.peers[owner].name,
                         config_.peers[owner].line);
    return fmt::format("port '{}'", config_.ports[owner - config_.peers.size()].name);
  }

  void check_ports() {
    for (const net::PortRole role : {net::PortRole::kOuter, net::PortRole::kInner}) {
      if (std::ranges::find(config_.ports, role, &PortConfig::role) == config_.ports.end())
        problems_.add({config_.path},
                      fmt::format("no {} port", role == net::PortRole::kOuter ? "outer" : "inner"),
                      "expected at least one [[port]] of each role");
    }
    for (std::size_t i = 0; i < config_.ports.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j)
        check_pair(config_.ports[j], config_.ports[i]);
      for (const IpAddress& gateway : config_.ports[i].gateways)
        check_reachable(config_.ports[i], gateway, config_.ports[i].place);
    }
  }

  void check_pair(const PortConfig& a, const PortConfig& b) {
    if (a.name == b.name)
      problems_.add(b.place, fmt::format("two ports are named '{}'", b.name),
                    "expected names of their own");
    if (!b.interface.empty() && a.interface == b.interface)
      problems_.add(
          b.place,
          fmt::format("ports '{}' and '{}' share the interface '{}'", a.name, b.name, b.interface),
          "expected an interface each");
    for (const IpPrefix& own : b.addresses) {
      const bool same = std::ranges::any_of(
          a.addresses, [&](const IpPrefix& p) { return p.address == own.address; });
      if (same && !net::is_link_local(own.address))
        problems_.add(b.place,
                      fmt::format("ports '{}' and '{}' have the same address {}", a.name, b.name,
                                  base::format_ip(own.address)),
                      "expected addresses of their own");
    }
  }

  void check_reachable(const PortConfig& port, const IpAddress& via, const Place& place) {
    const bool v6_local = via.family == IpFamily::kV6 && net::is_link_local(via) &&
                          std::ranges::any_of(port.addresses, [](const IpPrefix& p) {
                            return p.address.family == IpFamily::kV6;
                          });
    const bool on_link = std::ranges::any_of(
        port.addresses, [&](const IpPrefix& p) { return base::contains(p, via); });
    const bool own =
        std::ranges::any_of(port.addresses, [&](const IpPrefix& p) { return p.address == via; });
    if (own || (!on_link && !v6_local))
      problems_.add(place,
                    fmt::format("{} is no neighbour on port '{}'", base::format_ip(via), port.name),
                    "expected an address within one of the port's prefixes");
  }

  void check_routes() {
    for (const RouteConfig& route : config_.routes) {
      if (route.port >= config_.ports.size() || route.via.family == IpFamily::kNone ||
          route.prefix.address.family == IpFamily::kNone)
        continue;
      if (route.via.family != route.prefix.address.family)
        problems_.add(route.place, "'prefix' and 'via' are of different families",
                      "expected both IPv4 or both IPv6");
      check_reachable(config_.ports[route.port], route.via, route.place);
      const bool twice = std::ranges::any_of(config_.routes, [&](const RouteConfig& other) {
        return &other < &route && other.prefix == route.prefix &&
               config_.ports[other.port].role == config_.ports[route.port].role;
      });
      if (twice)
        problems_.add(route.place,
                      fmt::format("a second route to {}", base::format_prefix(route.prefix)),
                      "expected one");
    }
  }

  void check_peers() {
    std::unordered_map<std::string, std::size_t> names, keys;
    for (std::size_t i = 0; i < config_.peers.size(); ++i) {
      const PeerConfig& peer = config_.peers[i];
      const Place at = place_of(i);
      const auto [name, new_name] = names.try_emplace(peer.name, i);
      if (!new_name && !peer.name.empty())
        problems_.add(at, fmt::format("a second peer named '{}'", peer.name),
                      fmt::format("the first is {}", name_of(name->second)));
      if (peer.public_key == PublicKey{}) continue;
      const auto [key, new_key] =
          keys.try_emplace(std::string(peer.public_key.begin(), peer.public_key.end()), i);
      if (!new_key)
        problems_.add(at, fmt::format("peer '{}' has the public key of another", peer.name),
                      fmt::format("the first is {}", name_of(key->second)));
    }
  }

  // In order of (family, address, length) whatever lies within a prefix follows it: one sweep finds
  // every overlap.
  void check_overlaps() {
    std::vector<Owned> all;
    for (std::size_t i = 0; i < config_.peers.size(); ++i)
      for (const IpPrefix& p : config_.peers[i].allowed_ips)
        all.push_back({p, i});
    for (std::size_t i = 0; i < config_.ports.size(); ++i)
      for (const IpPrefix& p : config_.ports[i].addresses)
        if (!net::is_link_local(p.address))
          all.push_back({net::network_of(p), config_.peers.size() + i});
    std::ranges::sort(all);
    std::vector<const Owned*> around;  // each within the one before
    for (const Owned& inner : all) {
      while (!around.empty() && !base::contains(around.back()->prefix, inner.prefix.address))
        around.pop_back();
      if (!around.empty()) check_nested(*around.back(), inner);
      around.push_back(&inner);
    }
  }

  // Among peers the longest prefix wins; a port's hosts are nobody's.
  void check_nested(const Owned& outer, const Owned& inner) {
    const bool between_peers =
        outer.owner < config_.peers.size() && inner.owner < config_.peers.size();
    if (outer.owner == inner.owner || (between_peers && outer.prefix != inner.prefix)) return;
    const bool outer_later = outer.owner < config_.peers.size() && outer.owner > inner.owner;
    const Owned& at = outer_later ? outer : inner;
    const Owned& other = outer_later ? inner : outer;
    problems_.add(
        place_of(at.owner),
        fmt::format("{} of {} overlaps {} of {}", base::format_prefix(at.prefix), name_of(at.owner),
                    base::format_prefix(other.prefix), name_of(other.owner)),
        between_peers ? "expected different prefixes, of which the longest wins"
                      : "expected prefixes that belong to one alone");
  }

  void check_sizes() {
    for (const PortConfig& port : config_.ports) {
      if (port.role != net::PortRole::kOuter ||
          config_.inner_mtu + limits::kMaxTunnelOverhead <= port.mtu)
        continue;
      problems_.add(
          port.place,
          fmt::format("gateway.inner_mtu = {} and {} bytes of tunnel headers exceed the mtu {} of "
                      "port '{}'",
                      config_.inner_mtu, limits::kMaxTunnelOverhead, port.mtu, port.name),
          fmt::format("expected inner_mtu of at most {}", port.mtu - limits::kMaxTunnelOverhead));
    }
    if (!config_.lcores.empty() && config_.lcores.size() != config_.workers + 1)
      problems_.add({config_.path},
                    fmt::format("gateway.lcores has {} entries", config_.lcores.size()),
                    fmt::format("expected one for each of {} workers and one for the controller",
                                config_.workers));
    if (std::uint64_t{config_.limits.max_sessions} >
        std::uint64_t{config_.workers} * limits::kMaxSlotsPerWorker)
      problems_.add(
          {config_.path},
          fmt::format("limits.max_sessions = {} is out of bounds", config_.limits.max_sessions),
          fmt::format("expected at most {} for each worker", limits::kMaxSlotsPerWorker));
    if (!config_.record.file.empty() && config_.record.file == config_.events.file)
      problems_.add({config_.path},
                    fmt::format("events.file and record.file are both {}", config_.record.file),
                    "expected a file of its own for each");
  }

  const GatewayConfig& config_;
  Problems& problems_;
};

}  // namespace

void check_gateway(const GatewayConfig& config, Problems& problems) {
  Checker{config, problems}.run();
}

}  // namespace jumpgate::config
