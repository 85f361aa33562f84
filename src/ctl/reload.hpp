/// A new configuration, applied whole or not at all: peers added, changed and revoked, routes,
/// policy.
///
/// Owner thread: the controller, between ticks. Bound: O(peers) once; a new policy reaches running
/// sessions kSweepSlice slots a tick. Failure: the text says what did not fit, and nothing has
/// changed. Sessions of peers that are not revoked notice nothing.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_diff.hpp"
#include "config/gateway_config.hpp"
#include "ctl/closing.hpp"
#include "ctl/core.hpp"
#include "ctl/handshake.hpp"
#include "ctl/policy_history.hpp"
#include "ctl/sweep.hpp"

namespace jumpgate::ctl {

class Reloads {
 public:
  Reloads(Core& core, Closing& closing, Handshakes& handshakes,
          std::shared_ptr<const config::GatewayConfig> first, MonoNs now);

  /// The sentences for the operator: what changed, and what waits for the next start.
  [[nodiscard]] std::expected<std::vector<std::string>, std::string> apply(
      std::shared_ptr<const config::GatewayConfig> next, MonoNs now);
  /// A policy and its profiles alone. What changed, field by field; nothing and no new version when
  /// it is the one in force. It stays until another one is applied, or the configuration's own
  /// changes. Each profile that a configured peer names must be in it.
  [[nodiscard]] std::expected<std::vector<std::string>, std::string> apply_policy(
      const session::PolicySet& next, std::string how, PolicyApplication application, MonoNs now);
  /// A configuration or policy that could not even be read: nothing was changed, and that is said.
  /// `field` is the policy's at fault; empty: none is.
  void refuse(std::string_view field, MonoNs now);
  /// A slice of the running sessions gets the new policy; calls `touched` for each.
  template <class Touched>
  void sweep_slice(MonoNs now, Touched&& touched) {
    sweep_.slice(kSweepSlice, [&](Session& session) {
      if (session.record.state() == State::kTerminated) return;
      core_.adopt_policy(session, now);
      core_.counters.add(ControllerCounter::kPolicySweeps);
      touched(session);
    });
  }
  [[nodiscard]] bool sweeping() const { return sweep_.under_way(); }
  [[nodiscard]] const config::GatewayConfig& current() const { return *current_; }
  [[nodiscard]] const PolicyHistory& history() const { return history_; }

 private:
  static constexpr std::uint32_t kSweepSlice = 256;

  /// Those that stay, as they stand in the next configuration.
  void update_peers(const config::ConfigDiff& diff,
                    const std::shared_ptr<const config::GatewayConfig>& next);
  void remove_peers(const config::ConfigDiff& diff, MonoNs now);
  [[nodiscard]] std::expected<void, std::string> publish(const config::ConfigDiff& diff,
                                                         const config::GatewayConfig& next);

  /// A profile that peers go by, and the first of them.
  struct UsedProfile {
    std::string profile;
    std::string peer;
  };
  [[nodiscard]] static std::vector<UsedProfile> profiles_used(const config::GatewayConfig& config);
  /// Why `policies` can not be in force with peers that use these, and the field at fault.
  [[nodiscard]] std::optional<session::PolicyError> misfit(
      const session::PolicySet& policies, const std::vector<UsedProfile>& used) const;
  void put_in_force(const session::PolicySet& next, std::string how, PolicyApplication application,
                    std::vector<std::string> changes, MonoNs now);

  Core& core_;
  Closing& closing_;
  Handshakes& handshakes_;
  std::shared_ptr<const config::GatewayConfig> current_;
  // Kept, so that a policy alone asks no million peers: as many as the policy has profiles.
  std::vector<UsedProfile> used_;
  Sweep sweep_;
  PolicyHistory history_;
  std::uint32_t replay_window_room_;  // packets; the workers' memory was taken for it at the start
};

}  // namespace jumpgate::ctl
