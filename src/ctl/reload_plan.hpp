/// What a reload is made of before the controller hears of it: everything that grows with the number
/// of peers.
///
///   controller: ReloadBasis -> any thread: ReloadPlan -> controller: swaps -> any thread: frees
///
/// Owner thread: whoever makes it; the controller while it applies it. Bound: O(peers), none of it
/// on the controller's thread. Failure: the text says what does not fit; nothing has changed.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/gateway_config.hpp"
#include "ctl/peers.hpp"
#include "ctl/ports.hpp"

namespace jumpgate::ctl {

/// What is in force, and not changed by anyone.
struct ReloadBasis {
  std::uint64_t number{0};
  std::shared_ptr<const config::GatewayConfig> config;
  PeerBasis peers;
};

/// Why there is no basis.
inline constexpr const char* kReloadUnderWay =
    "the sessions of the peers that the last reload removed are still being ended; try again";

/// A profile that peers go by, and the first of them.
struct UsedProfile {
  std::string profile;
  std::string peer;
};

/// Applied, it holds what it took the place of, for its maker to free.
struct ReloadPlan {
  std::uint64_t basis{0};  // its number
  std::shared_ptr<const config::GatewayConfig> config;
  PeerPlan peers;
  std::unique_ptr<PreparedRoutes> routes;  // nothing: they stay
  std::vector<UsedProfile> used;           // as many as the policy has profiles
  bool policy{false};                      // the configuration's differs
  std::vector<std::string> reassigned;     // sentences: peers' profiles, then all the rest
  std::vector<std::string> described;
};

/// Every peer's prefixes, for the routes; `roster` is of `config`.
[[nodiscard]] std::vector<net::PeerPrefix> prefixes_of(const config::GatewayConfig& config,
                                                       const Roster& roster);
[[nodiscard]] std::vector<UsedProfile> profiles_used(const config::GatewayConfig& config);
[[nodiscard]] std::expected<ReloadPlan, std::string> plan_reload(
    const ReloadBasis& basis, std::shared_ptr<const config::GatewayConfig> next,
    const PeerTable& peers, RouteBook& routes);

}  // namespace jumpgate::ctl
