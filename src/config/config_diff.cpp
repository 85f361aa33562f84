#include "config/config_diff.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <ranges>

#include <fmt/format.h>

#include "base/secret.hpp"

namespace jumpgate::config {
namespace {

bool same_port(const PortConfig& a, const PortConfig& b) {
  return a.driver == b.driver && a.interface == b.interface && a.devargs == b.devargs &&
         a.role == b.role && a.mtu == b.mtu && a.vlan == b.vlan && a.force == b.force &&
         a.addresses == b.addresses && a.gateways == b.gateways &&
         a.believes_announcements == b.believes_announcements;
}

bool same_treatment(const InnerConfig& a, const InnerConfig& b) {
  return a.outer_class == b.outer_class && a.client_to_client == b.client_to_client;
}

// Apart from what changes at once.
bool same_inner(InnerConfig a, const InnerConfig& b) {
  a.filter = b.filter;
  a.rates = b.rates;
  a.outer_class = b.outer_class;
  a.client_to_client = b.client_to_client;
  return a == b;
}

bool same_limits(const LimitsConfig& a, const LimitsConfig& b) {
  return a.max_sessions == b.max_sessions && a.expanded_keys == b.expanded_keys &&
         a.mbufs == b.mbufs && a.replay_windows == b.replay_windows &&
         a.command_pool == b.command_pool && a.report_ring == b.report_ring &&
         a.handshakes_per_second == b.handshakes_per_second &&
         a.rx_descriptors == b.rx_descriptors && a.tx_descriptors == b.tx_descriptors;
}

void diff_ports(const GatewayConfig& before, const GatewayConfig& after,
                std::vector<std::string>& restart) {
  for (const PortConfig& port : before.ports) {
    const auto same = std::ranges::find(after.ports, port.name, &PortConfig::name);
    if (same == after.ports.end())
      restart.push_back(fmt::format("port {} (removed)", port.name));
    else if (!same_port(port, *same))
      restart.push_back(fmt::format("port {}", port.name));
  }
  for (const PortConfig& port : after.ports)
    if (std::ranges::find(before.ports, port.name, &PortConfig::name) == before.ports.end())
      restart.push_back(fmt::format("port {} (added)", port.name));
}

std::vector<std::string> restart_list(const GatewayConfig& a, const GatewayConfig& b) {
  std::vector<std::string> list;
  const auto note = [&](bool same, const char* what) {
    if (!same) list.emplace_back(what);
  };
  note(a.node_id == b.node_id, "gateway.node_id");
  note(base::equal_constant_time(a.private_key.get(), b.private_key.get()),
       "gateway.private_key_file");
  note(a.state_dir == b.state_dir, "gateway.state_dir");
  note(a.listen_port == b.listen_port, "gateway.listen_port");
  note(a.inner_mtu == b.inner_mtu, "gateway.inner_mtu");
  note(a.outer_reassembly == b.outer_reassembly, "gateway.outer_reassembly");
  note(a.suites == b.suites, "gateway.suites");
  note(a.workers == b.workers, "gateway.workers");
  note(a.lcores == b.lcores, "gateway.lcores");
  note(a.idle == b.idle, "gateway.idle");
  note(a.handshake_threads == b.handshake_threads, "gateway.handshake_threads");
  note(a.log_level == b.log_level, "gateway.log_level");
  note(a.control.socket == b.control.socket && a.control.group == b.control.group,
       "gateway.control_socket, control_group");
  note(a.events == b.events, "events");
  note(same_inner(a.inner, b.inner), "inner");
  note(a.record == b.record, "record");
  note(same_limits(a.limits, b.limits), "limits");
  note(a.eal.huge == b.eal.huge && a.eal.memory_mib == b.eal.memory_mib &&
           a.eal.file_prefix == b.eal.file_prefix && a.eal.extra == b.eal.extra,
       "eal");
  diff_ports(a, b, list);
  return list;
}

// By port name: an index moves when a port is added before it.
bool same_routes(const GatewayConfig& a, const GatewayConfig& b) {
  return std::ranges::equal(a.routes, b.routes, [&](const RouteConfig& x, const RouteConfig& y) {
    return x.prefix == y.prefix && x.via == y.via && a.ports[x.port].name == b.ports[y.port].name;
  });
}

bool same_policies(session::PolicySet a, const session::PolicySet& b) {
  // The version counts applications on the node and is not in the file.
  a.set_version(b.version());
  return a == b;
}

bool same_key(const PeerConfig& a, const PeerConfig& b) {
  return a.public_key == b.public_key;
}

std::optional<ChangedPeer> change_of(const PeerConfig& a, const PeerConfig& b) {
  if (a == b) return std::nullopt;
  const bool psk = base::equal_constant_time(a.preshared_key.get(), b.preshared_key.get());
  return ChangedPeer{.identity = !psk || a.suites != b.suites,
                     .addresses = a.addresses != b.addresses || a.allowed_ips != b.allowed_ips,
                     .filter = a.filter != b.filter,
                     .rates = a.rates != b.rates || a.quota != b.quota,
                     .name = a.name != b.name,
                     .profile = a.profile != b.profile};
}

/// Peers by key. A file is mostly edited in few places, and to look each of many thousand peers up takes the controller
/// far longer than to compare them: what stands in the same order at either end is paired as it stands.
class PeerPairs {
 public:
  PeerPairs(const std::vector<PeerConfig>& before, const std::vector<PeerConfig>& after) {
    const std::size_t shorter = std::min(before.size(), after.size());
    const auto differ = std::ranges::mismatch(before, after, same_key);
    head_ = static_cast<std::size_t>(differ.in1 - before.begin());
    while (tail_ < shorter - head_ &&
           same_key(before[before.size() - 1 - tail_], after[after.size() - 1 - tail_]))
      ++tail_;
    tail_begin_ = after.size() - tail_;
    moved_ = before.size() - after.size();
    for (std::size_t i = head_; i < before.size() - tail_; ++i)
      rest_.emplace(before[i].public_key, i);
  }

  /// Where the peer that stands at `after` now stood before; each is asked for once.
  std::optional<std::size_t> take(const PeerConfig& peer, std::size_t after) {
    if (after < head_) return after;
    if (after >= tail_begin_) return after + moved_;
    const auto found = rest_.extract(peer.public_key);
    return found ? std::optional(found.mapped()) : std::nullopt;
  }
  /// Those that nobody took, in the order of the file.
  [[nodiscard]] std::vector<std::size_t> left() const {
    const auto places = std::views::values(rest_);
    std::vector<std::size_t> indices(places.begin(), places.end());
    std::ranges::sort(indices);
    return indices;
  }

 private:
  std::size_t head_{0};
  std::size_t tail_{0};
  std::size_t tail_begin_{0};
  std::size_t moved_{0};  // of the tail; wraps around when there are more peers now
  std::map<PublicKey, std::size_t> rest_;
};

}  // namespace

ConfigDiff diff(const GatewayConfig& before, const GatewayConfig& after) {
  ConfigDiff result;
  result.restart = restart_list(before, after);
  result.policy = !same_policies(before.policies, after.policies);
  result.routes = !same_routes(before, after);
  const bool profiles = before.profiles != after.profiles;
  result.filters =
      before.filters != after.filters || before.inner.filter != after.inner.filter || profiles;
  result.rates = before.rates != after.rates || before.inner.rates != after.inner.rates || profiles;
  result.treatment = !same_treatment(before.inner, after.inner) || profiles;
  PeerPairs pairs(before.peers, after.peers);
  for (std::size_t i = 0; i < after.peers.size(); ++i) {
    const auto old = pairs.take(after.peers[i], i);
    if (!old) {
      result.added.push_back(i);
    } else if (auto changed = change_of(before.peers[*old], after.peers[i])) {
      changed->before = *old;
      changed->after = i;
      result.changed.push_back(*changed);
    } else {
      result.kept.emplace_back(*old, i);
    }
  }
  result.removed = pairs.left();
  return result;
}

std::string describe(const ConfigDiff& diff, const GatewayConfig& before,
                     const GatewayConfig& after, std::size_t max_lines) {
  std::string out;
  std::size_t lines = 0;
  const auto line = [&](const std::string& text) {
    if (lines++ < max_lines) out += text + '\n';
  };
  for (const std::string& key : diff.restart)
    line(fmt::format("{}: takes effect at the next start", key));
  if (diff.policy) line("policy: changed");
  if (diff.routes) line("routes: changed");
  if (diff.filters) line("filters: changed");
  if (diff.rates) line("rates: changed");
  if (diff.treatment) line("dscp or client_to_client: changed");
  for (const std::size_t i : diff.removed)
    line(fmt::format("peer {}: removed", before.peers[i].name));
  for (const ChangedPeer& c : diff.changed)
    line(fmt::format("peer {}: changed{}{}{}{}{}{}", after.peers[c.after].name,
                     c.name ? " name" : "", c.identity ? " key or suites" : "",
                     c.addresses ? " addresses" : "", c.profile ? " profile" : "",
                     c.filter ? " filter" : "", c.rates ? " rates" : ""));
  for (const std::size_t i : diff.added)
    line(fmt::format("peer {}: added", after.peers[i].name));
  if (lines > max_lines) out += fmt::format("and {} more\n", lines - max_lines);
  if (lines == 0) out = "nothing changed\n";
  return out;
}

}  // namespace jumpgate::config
