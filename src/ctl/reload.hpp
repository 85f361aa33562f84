/// A new configuration, applied whole or not at all: peers added, changed and revoked, routes,
/// policy.
///
/// Owner thread: the controller, between ticks. Bound: O(peers) once; a new policy reaches running
/// sessions kSweepSlice slots a tick. Failure: the text says what did not fit, and nothing has
/// changed. Sessions of peers that are not revoked notice nothing.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "config/config_diff.hpp"
#include "config/gateway_config.hpp"
#include "ctl/closing.hpp"
#include "ctl/core.hpp"
#include "ctl/handshake.hpp"

namespace jumpgate::ctl {

class Reloads {
 public:
  Reloads(Core& core, Closing& closing, Handshakes& handshakes,
          std::shared_ptr<const config::GatewayConfig> first);

  /// The sentences for the operator: what changed, and what waits for the next start.
  [[nodiscard]] std::expected<std::vector<std::string>, std::string> apply(
      std::shared_ptr<const config::GatewayConfig> next, MonoNs now);
  /// A configuration that could not even be read: nothing was changed, and that is said.
  void refuse(MonoNs now);
  /// A slice of the running sessions gets the new policy; calls `touched` for each.
  template <class Touched>
  void sweep_slice(MonoNs now, Touched&& touched) {
    for (std::uint32_t i = 0; i < kSweepSlice && sweep_cursor_ < core_.sessions.slots(); ++i) {
      Session* session = core_.sessions.at(sweep_cursor_++);
      if (session == nullptr || session->record.state() == State::kTerminated) continue;
      session->record.adopt_policy(core_.authority, core_.policy, now);
      if (session->rekey) session->rekey->keys.adopt(core_.policy.keys, now);
      core_.counters.add(ControllerCounter::kPolicySweeps);
      touched(*session);
    }
  }
  [[nodiscard]] bool sweeping() const { return sweep_cursor_ < core_.sessions.slots(); }
  [[nodiscard]] const config::GatewayConfig& current() const { return *current_; }

 private:
  static constexpr std::uint32_t kSweepSlice = 256;

  [[nodiscard]] std::expected<void, std::string> publish(const config::ConfigDiff& diff,
                                                         const config::GatewayConfig& next);

  Core& core_;
  Closing& closing_;
  Handshakes& handshakes_;
  std::shared_ptr<const config::GatewayConfig> current_;
  SlotHandle sweep_cursor_;
};

}  // namespace jumpgate::ctl
