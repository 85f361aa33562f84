/// What a reload would change: peers by their public key, the policy, and everything else by name.
///
/// Owner thread: the controller's, on two validated configurations. A peer is the same as long as
/// its public key is: renamed or re-addressed it is "changed", with another key it is removed and
/// added.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "config/gateway_config.hpp"

namespace jumpgate::config {

struct ChangedPeer {
  std::size_t before{0};  // index in the old configuration's peers
  std::size_t after{0};   // in the new one's
  bool identity{false};   // preshared key or suites: a running session's successor uses it
  bool addresses{false};  // inner addresses or allowed IPs: routes change
  bool filter{false};
  bool rates{false};  // its own, or the quota that it has by them
  bool name{false};
  bool profile{false};  // which policy its sessions go by
};

struct ConfigDiff {
  std::vector<std::size_t> added;    // indices in the new configuration
  std::vector<std::size_t> removed;  // indices in the old one
  std::vector<ChangedPeer> changed;
  std::vector<std::pair<std::size_t, std::size_t>> kept;  // unchanged: (old index, new index)
  bool policy{false};
  bool routes{false};     // [[route]]: applied by a new route image
  bool filters{false};    // [[filter]], and which one is whose by profile or for all
  bool rates{false};      // [rates.NAME], likewise
  bool treatment{false};  // dscp and client_to_client of [inner], and of profiles
  std::vector<std::string>
      restart;  // keys that differ and take effect at the next start only, e.g. "port wan"

  [[nodiscard]] bool empty() const {
    return added.empty() && removed.empty() && changed.empty() && !policy && !routes && !filters &&
           !rates && !treatment && restart.empty();
  }
};

ConfigDiff diff(const GatewayConfig& before, const GatewayConfig& after);
/// For the operator: one line a change, at most `max_lines`, then a count.
std::string describe(const ConfigDiff& diff, const GatewayConfig& before,
                     const GatewayConfig& after, std::size_t max_lines = 100);

}  // namespace jumpgate::config
