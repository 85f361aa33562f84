#include <algorithm>

#include <fmt/format.h>

#include "base/secret.hpp"
#include "config/common_fields.hpp"
#include "config/gateway_sections.hpp"
#include "net/address.hpp"

namespace jumpgate::config {
namespace {

/// After read_policy: the profiles are there.
void read_profile(TableReader& table, const session::PolicySet& policies, std::string& out) {
  read_name(table, "profile", out);
  if (out.empty() || policies.has(out)) return;
  std::string names;
  for (const session::PolicyProfile& profile : policies.profiles)
    names += (names.empty() ? "one of: " : ", ") + profile.name;
  table.problem("profile", fmt::format("'profile' names '{}', which is not defined", out),
                "expected " + (names.empty() ? "a [profiles.NAME] of this file" : names));
}

PeerConfig read_peer(TableReader& table, const GatewayConfig& config) {
  PeerConfig peer;
  peer.line = table.place().line;
  for (const char* key : {"name", "public_key", "addresses"})
    table.require(key);
  read_name(table, "name", peer.name);
  read_public_key(table, "public_key", peer.public_key);
  read_secret(table, "preshared_key_file", config.path, peer.preshared_key);
  read_addresses(table, "addresses", peer.addresses, limits::kMaxInnerAddresses);
  read_networks(table, "allowed_ips", peer.allowed_ips,
                limits::kMaxAllowedIpsPerPeer - limits::kMaxInnerAddresses);
  // A peer may always use the addresses it is told.
  for (const IpPrefix& own : peer.addresses) {
    const IpPrefix host = net::host_prefix(own.address);
    const bool held = std::ranges::any_of(
        peer.allowed_ips, [&](const IpPrefix& p) { return net::overlaps(p, host); });
    if (!held) peer.allowed_ips.push_back(host);
  }
  read_suites(table, "suites", peer.suites);
  read_filter_name(table, config, peer.filter);
  read_rates_name(table, config, peer.rates);
  read_profile(table, config.policies, peer.profile);
  table.finish();
  if (const std::uint16_t set = rates_of(peer, config); set != net::kNoRates)
    peer.quota = config.rates[set].quota;
  return peer;
}

}  // namespace

bool PeerConfig::operator==(const PeerConfig& other) const {
  return name == other.name && public_key == other.public_key &&
         base::equal_constant_time(preshared_key.get(), other.preshared_key.get()) &&
         addresses == other.addresses && allowed_ips == other.allowed_ips &&
         suites == other.suites && filter == other.filter && rates == other.rates &&
         profile == other.profile && quota == other.quota;
}

void read_peers(TableReader& root, GatewayConfig& config) {
  auto tables = root.tables("peer", limits::kMaxPeers);
  config.peers.reserve(tables.size());
  for (TableReader& table : tables)
    config.peers.push_back(read_peer(table, config));
}

}  // namespace jumpgate::config
