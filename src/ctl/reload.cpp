#include "ctl/reload.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

namespace jumpgate::ctl {
namespace {

constexpr const char* kWindowTooLarge =
    "security.replay_window is larger than the largest that the gateway was started with, for "
    "which "
    "memory was taken; restart it with the new one";

}  // namespace

Reloads::Reloads(Core& core, Closing& closing, std::shared_ptr<const config::GatewayConfig> first,
                 MonoNs now)
    : core_(core),
      closing_(closing),
      current_(std::move(first)),
      used_(profiles_used(*current_)),
      sweep_(core.sessions),
      replay_window_room_(std::bit_ceil(core.policies.largest_replay_window())) {
  history_.add({.version = core.policies.version(), .at = now, .how = "start", .changes = {}});
}

std::optional<ReloadBasis> Reloads::begin() {
  if (ending()) return std::nullopt;
  return ReloadBasis{.number = ++basis_, .config = current_, .peers = core_.peers.basis()};
}

std::expected<std::vector<std::string>, std::string> Reloads::apply(ReloadPlan& plan, MonoNs now) {
  if (plan.basis != basis_) {
    refuse({}, now);
    return std::unexpected("another reload came between; try again");
  }
  // A policy applied by itself stays in force, whatever else the file changes.
  const session::PolicySet policies = plan.policy ? plan.config->policies : core_.policies;
  if (const auto fault = misfit(policies, plan.used)) {
    refuse(fault->field, now);
    return std::unexpected(fault->message);
  }
  // The one step that can be refused comes first.
  if (plan.routes != nullptr) {
    if (auto published = core_.ports.routes.publish(*plan.routes); !published) {
      refuse({}, now);
      return std::unexpected(published.error());
    }
  }
  ++basis_;
  core_.peers.adopt(plan.peers);
  removed_ = std::move(plan.peers.removed);
  ended_ = 0;
  end_slice(now);
  std::vector<std::string> lines =
      session::differences(session::fields_of(core_.policies), session::fields_of(policies));
  std::ranges::move(plan.reassigned, std::back_inserter(lines));
  put_in_force(policies, "reload", PolicyApplication::kStrict, lines, now);
  std::ranges::move(plan.described, std::back_inserter(lines));
  current_.swap(plan.config);
  used_.swap(plan.used);
  core_.counters.add(ControllerCounter::kReloads);
  return lines;
}

void Reloads::end_slice(MonoNs now) {
  for (std::uint32_t i = 0; i < kEndSlice && ending(); ++i) {
    const std::uint32_t index = removed_[ended_++];
    const Peer& peer = core_.peers[index];
    for (const auto& ref : {peer.current, peer.birth, peer.draining}) {
      if (!ref) continue;
      if (Session* session = core_.sessions.find(*ref); session != nullptr)
        closing_.terminate(*session, Reason::kOperatorTerminated, now);
    }
    core_.peers.depart(index);
  }
}

std::expected<std::vector<std::string>, std::string> Reloads::apply_policy(
    const session::PolicySet& next, std::string how, PolicyApplication application, MonoNs now) {
  if (const auto fault = misfit(next, used_)) {
    refuse(fault->field, now);
    return std::unexpected(fault->message);
  }
  std::vector<std::string> changes =
      session::differences(session::fields_of(core_.policies), session::fields_of(next));
  put_in_force(next, std::move(how), application, changes, now);
  return changes;
}

std::optional<session::PolicyError> Reloads::misfit(const session::PolicySet& policies,
                                                    const std::vector<UsedProfile>& used) const {
  if (policies.largest_replay_window() > replay_window_room_)
    return session::PolicyError{.field = "security.replay_window", .message = kWindowTooLarge};
  for (const UsedProfile& each : used) {
    if (policies.has(each.profile)) continue;
    return session::PolicyError{.field = "profiles." + each.profile,
                                .message = "peer " + each.peer + " has the profile '" +
                                           each.profile +
                                           "', which the policy to be in force does not define"};
  }
  return std::nullopt;
}

void Reloads::put_in_force(const session::PolicySet& next, std::string how,
                           PolicyApplication application, std::vector<std::string> changes,
                           MonoNs now) {
  if (changes.empty()) return;
  const std::uint64_t previous = core_.policies.version();
  core_.policies = next;
  core_.policies.set_version(previous + 1);
  // A sweep that is under way goes on, with the newest: what was strict stays so.
  if (application == PolicyApplication::kStrict) sweep_.begin();
  core_.emit_node(EventType::kPolicyApplied, Reason::kPolicyValid,
                  audit::PolicyDetail{.previous_version = previous, .field = {}}, now);
  history_.add({.version = core_.policies.version(),
                .at = now,
                .how = std::move(how),
                .application = application,
                .changes = std::move(changes)});
}

void Reloads::refuse(std::string_view field, MonoNs now) {
  core_.counters.add(ControllerCounter::kReloadsRefused);
  core_.emit_node(EventType::kPolicyRejected, Reason::kPolicyInvalid,
                  audit::PolicyDetail{.previous_version = core_.policies.version(), .field = field},
                  now);
}

}  // namespace jumpgate::ctl
