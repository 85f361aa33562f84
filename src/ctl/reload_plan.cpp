#include "ctl/reload_plan.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "config/config_diff.hpp"

namespace jumpgate::ctl {
namespace {

/// As many as config::describe names: the answer has to fit one message.
constexpr std::size_t kMaxReassigned = 100;

/// Which peers go by another profile than before.
std::vector<std::string> reassigned(const config::ConfigDiff& diff,
                                    const config::GatewayConfig& before,
                                    const config::GatewayConfig& after) {
  const auto name = [](const config::PeerConfig& peer) {
    return peer.profile.empty() ? std::string("-") : peer.profile;
  };
  std::vector<std::string> lines;
  std::size_t more = 0;
  for (const config::ChangedPeer& changed : diff.changed) {
    if (!changed.profile) continue;
    if (lines.size() == kMaxReassigned) {
      ++more;
      continue;
    }
    const config::PeerConfig& now = after.peers[changed.after];
    lines.push_back("peer " + now.name + ": profile " + name(before.peers[changed.before]) +
                    " -> " + name(now));
  }
  if (more != 0) lines.push_back("and " + std::to_string(more) + " more peers' profiles");
  return lines;
}

std::vector<std::string> described(const config::ConfigDiff& diff,
                                   const config::GatewayConfig& before,
                                   const config::GatewayConfig& after) {
  std::vector<std::string> lines;
  if (diff.empty()) return lines;
  std::istringstream text(config::describe(diff, before, after));
  for (std::string line; std::getline(text, line);)
    lines.push_back(line);
  return lines;
}

bool routes_change(const config::ConfigDiff& diff) {
  return diff.routes || diff.filters || diff.rates || diff.treatment || !diff.added.empty() ||
         !diff.removed.empty() ||
         std::ranges::any_of(diff.changed, [](const config::ChangedPeer& changed) {
           return changed.addresses || changed.filter || changed.rates || changed.profile;
         });
}

}  // namespace

std::vector<net::PeerPrefix> prefixes_of(const config::GatewayConfig& config,
                                         const Roster& roster) {
  std::vector<net::PeerPrefix> prefixes;
  for (std::size_t i = 0; i < config.peers.size(); ++i) {
    const config::PeerConfig& peer = config.peers[i];
    const net::Treatment treatment = config::treatment_of(peer, config);
    for (const IpPrefix& prefix : peer.allowed_ips)
      prefixes.push_back({.prefix = prefix,
                          .peer = roster.index_of(i),
                          .filter = config::filter_of(peer, config),
                          .rates = config::rates_of(peer, config),
                          .treatment = treatment});
  }
  return prefixes;
}

std::vector<UsedProfile> profiles_used(const config::GatewayConfig& config) {
  std::vector<UsedProfile> used;
  for (const config::PeerConfig& peer : config.peers) {
    if (peer.profile.empty() ||
        std::ranges::find(used, peer.profile, &UsedProfile::profile) != used.end())
      continue;
    used.push_back({.profile = peer.profile, .peer = peer.name});
  }
  return used;
}

std::expected<ReloadPlan, std::string> plan_reload(
    const ReloadBasis& basis, std::shared_ptr<const config::GatewayConfig> next,
    const PeerTable& peers, RouteBook& routes) {
  const config::GatewayConfig& before = *basis.config;
  const config::ConfigDiff diff = config::diff(before, *next);
  ReloadPlan plan;
  plan.basis = basis.number;
  plan.policy = diff.policy;
  plan.used = profiles_used(*next);
  plan.reassigned = reassigned(diff, before, *next);
  plan.described = described(diff, before, *next);
  auto planned = peers.plan(basis.peers, diff, next);
  if (!planned) return std::unexpected(planned.error());
  plan.peers = std::move(*planned);
  if (routes_change(diff)) {
    auto prepared = routes.prepare(prefixes_of(*next, *plan.peers.roster), *next);
    if (!prepared) return std::unexpected(prepared.error());
    plan.routes = std::move(*prepared);
  }
  plan.config = std::move(next);
  return plan;
}

}  // namespace jumpgate::ctl
