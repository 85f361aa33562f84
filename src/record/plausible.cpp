#include "record/plausible.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include <jumpgate/limits.hpp>

namespace jumpgate::record {
namespace {

/// A key names one peer, and reloads look peers up by it.
std::string wrong_with_peers(const config::GatewayConfig& config) {
  const auto no_filter = [&](const std::optional<std::size_t>& filter) {
    return filter && *filter >= config.filters.size();
  };
  if (no_filter(config.inner.filter)) return "[inner] names a filter that is not there";
  std::vector<PublicKey> keys;
  keys.reserve(config.peers.size());
  for (const config::PeerConfig& peer : config.peers) {
    if (peer.name.size() > limits::kMaxNameBytes) return "a peer's name is too long";
    if (no_filter(peer.filter)) return "a peer names a filter that is not there";
    keys.push_back(peer.public_key);
  }
  std::ranges::sort(keys);
  return std::ranges::adjacent_find(keys) == keys.end() ? "" : "two peers have the same key";
}

}  // namespace

std::string wrong_with(const ctl::Settings& settings) {
  if (settings.workers < 1 || settings.workers > limits::kMaxWorkers)
    return fmt::format("{} workers", settings.workers);
  if (settings.slots_per_worker < 1 || settings.slots_per_worker > limits::kMaxSlotsPerWorker ||
      std::uint64_t{settings.workers} * settings.slots_per_worker > 2 * limits::kMaxSlotsPerWorker)
    return fmt::format("{} slots for each of {} workers", settings.slots_per_worker,
                       settings.workers);
  if (settings.max_sessions > limits::kMaxSlotsPerWorker)
    return fmt::format("{} sessions", settings.max_sessions);
  if (settings.max_peers > 2 * limits::kMaxPeers)
    return fmt::format("{} peers", settings.max_peers);
  if (settings.id_key_phase > 1) return fmt::format("id key phase {}", settings.id_key_phase);
  return "";
}

std::string wrong_with(const config::GatewayConfig& config) {
  for (const config::RouteConfig& route : config.routes)
    if (route.port >= config.ports.size())
      return fmt::format("a route by port {} of {}", route.port, config.ports.size());
  if (auto wrong = wrong_with_peers(config); !wrong.empty()) return wrong;
  return wrong_with(config.policies);
}

std::string wrong_with(const session::PolicySet& policies) {
  const auto base = session::validate(policies.base);
  if (!base) return base.error().field + ": " + base.error().message;
  for (const session::PolicyProfile& profile : policies.profiles)
    if (const auto valid = session::validate(profile.policy); !valid)
      return "a profile's " + valid.error().field + ": " + valid.error().message;
  return "";
}

bool possible(const crypto::CidFields& id) {
  return id.worker < limits::kMaxWorkers && id.slot < limits::kMaxSlotsPerWorker &&
         id.generation >> limits::kCidGenerationBits == 0;
}

}  // namespace jumpgate::record
