/// What a million sessions go through, phase by phase; each begins where the one before it ended.
///
/// Owner thread: one. Bound: the sessions of the stage. Failure: a phase that did not end within its limit says so.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "stage.hpp"

namespace jumpgate::bench {

/// For a stage of these phases: nothing of its own ends a session, and nobody rekeys who is not told to.
[[nodiscard]] session::Policy policy_of_the_day();

class Phases {
 public:
  Phases(Stage& stage, std::uint32_t sessions) : stage_(stage), sessions_(sessions) {}

  /// Every peer says HELLO and confirms.
  [[nodiscard]] Phase create();
  /// Heartbeats themselves never reach the controller; what they tell does. Five of a thousand paths fall silent each
  /// second and are heard again four seconds later; each is then proved anew in place.
  [[nodiscard]] Phase unrest();
  /// Half of the sessions jump within ten seconds.
  [[nodiscard]] Phase storm();
  /// The other half, as fast as ticks take them in.
  [[nodiscard]] Phase jumps_at_once();
  /// The operator asks half of the sessions for new keys within ten seconds.
  [[nodiscard]] Phase rekey_storm();
  /// The link that every binding leaves by goes down, and comes up again.
  [[nodiscard]] Phase link_flaps();
  /// A policy applied strictly reaches every session.
  [[nodiscard]] Phase strict_policy();
  /// A reload after which every peer is as before; another name and address for each; no peers.
  /// The plan is made by another thread: it takes the controller no time.
  [[nodiscard]] Phase reload_unchanged();
  [[nodiscard]] Phase reload_changed();
  [[nodiscard]] Phase reload_removed();
  /// A lifetime of 60 s, applied strictly, ends every session.
  [[nodiscard]] Phase mass_expiry();
  /// The same, while the controller is not run for as long: every timer is due at once.
  [[nodiscard]] Phase late_expiry();
  /// The gateway stops: every session ends.
  [[nodiscard]] Phase stop();

 private:
  [[nodiscard]] ctl::Controller& controller() { return stage_.controller(); }
  [[nodiscard]] std::uint64_t counter(ctl::ControllerCounter which) {
    return controller().counters().get(which);
  }
  [[nodiscard]] bool all_attached() { return controller().views().attached() == sessions_; }
  [[nodiscard]] Phase jumps(std::uint32_t first, Duration over);
  [[nodiscard]] Phase all_end(Duration limit);
  void apply(const session::Policy& next);
  [[nodiscard]] Phase reload(std::shared_ptr<const config::GatewayConfig> next,
                             const std::function<bool()>& done);
  void shorten_lifetimes();

  Stage& stage_;
  std::uint32_t sessions_;
};

}  // namespace jumpgate::bench
