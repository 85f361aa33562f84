/// A new configuration, applied whole or not at all: peers added, changed and revoked, routes,
/// policy.
///
/// Owner thread: the controller, between ticks. Bound: what is planned elsewhere is swapped, whatever
/// the number of peers; the sessions of kEndSlice removed peers end a tick, and a new policy reaches
/// kSweepSlice slots a tick. Failure: the text says what did not fit, and nothing has changed.
/// Sessions of peers that are not revoked notice nothing.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/gateway_config.hpp"
#include "ctl/closing.hpp"
#include "ctl/core.hpp"
#include "ctl/policy_history.hpp"
#include "ctl/reload_plan.hpp"
#include "ctl/sweep.hpp"

namespace jumpgate::ctl {

class Reloads {
 public:
  Reloads(Core& core, Closing& closing, std::shared_ptr<const config::GatewayConfig> first,
          MonoNs now);

  /// What to plan the next one from; a plan from an earlier basis is refused from now on. Nothing
  /// while peers that the last one removed still have sessions to end.
  [[nodiscard]] std::optional<ReloadBasis> begin();
  /// The sentences for the operator: what changed, and what waits for the next start.
  [[nodiscard]] std::expected<std::vector<std::string>, std::string> apply(ReloadPlan& plan,
                                                                           MonoNs now);
  /// The sessions of some of the peers that were removed end.
  void end_slice(MonoNs now);
  [[nodiscard]] bool ending() const { return ended_ < removed_.size(); }
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
  static constexpr std::uint32_t kEndSlice = 256;

  /// Why `policies` can not be in force with peers that use these, and the field at fault.
  [[nodiscard]] std::optional<session::PolicyError> misfit(
      const session::PolicySet& policies, const std::vector<UsedProfile>& used) const;
  void put_in_force(const session::PolicySet& next, std::string how, PolicyApplication application,
                    std::vector<std::string> changes, MonoNs now);

  Core& core_;
  Closing& closing_;
  std::shared_ptr<const config::GatewayConfig> current_;
  // Kept, so that a policy alone asks no million peers: as many as the policy has profiles.
  std::vector<UsedProfile> used_;
  std::uint64_t basis_{0};              // number of the one that a plan may be made from
  std::vector<std::uint32_t> removed_;  // peers of the last reload
  std::size_t ended_{0};                // of them, so far
  Sweep sweep_;
  PolicyHistory history_;
  std::uint32_t replay_window_room_;  // packets; the workers' memory was taken for it at the start
};

}  // namespace jumpgate::ctl
