#include "ctl/reload.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <sstream>
#include <utility>

namespace jumpgate::ctl {
namespace {

constexpr const char* kWindowTooLarge =
    "security.replay_window is larger than the largest that the gateway was started with, for "
    "which "
    "memory was taken; restart it with the new one";

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

}  // namespace

Reloads::Reloads(Core& core, Closing& closing, Handshakes& handshakes,
                 std::shared_ptr<const config::GatewayConfig> first, MonoNs now)
    : core_(core),
      closing_(closing),
      handshakes_(handshakes),
      current_(std::move(first)),
      used_(profiles_used(*current_)),
      sweep_(core.sessions),
      replay_window_room_(std::bit_ceil(core.policies.largest_replay_window())) {
  history_.add({.version = core.policies.version(), .at = now, .how = "start", .changes = {}});
}

std::expected<std::vector<std::string>, std::string> Reloads::apply(
    std::shared_ptr<const config::GatewayConfig> next, MonoNs now) {
  const config::ConfigDiff diff = config::diff(*current_, *next);
  // A policy applied by itself stays in force, whatever else the file changes.
  const session::PolicySet policies = diff.policy ? next->policies : core_.policies;
  std::vector<UsedProfile> used = profiles_used(*next);
  if (const auto fault = misfit(policies, used)) {
    refuse(fault->field, now);
    return std::unexpected(fault->message);
  }
  core_.peers.reclaim();
  if (diff.added.size() > core_.peers.room()) {
    refuse({}, now);
    return std::unexpected("no room for " + std::to_string(diff.added.size()) +
                           " more peers; the gateway was started for " +
                           std::to_string(core_.peers.capacity()));
  }
  // The routes are the one step that can be refused, so they come first; peers that are new have
  // their index by then.
  std::vector<std::uint32_t> added;
  added.reserve(diff.added.size());
  for (const std::size_t i : diff.added)
    added.push_back(core_.peers.add(peer_of(next, i)).value());
  if (auto published = publish(diff, *next); !published) {
    for (const std::uint32_t index : added)
      core_.peers.remove(index);
    core_.peers.reclaim();
    refuse({}, now);
    return std::unexpected(published.error());
  }
  update_peers(diff, next);
  remove_peers(diff, now);
  if (!diff.added.empty() || !diff.removed.empty() ||
      std::ranges::any_of(diff.changed, &config::ChangedPeer::identity))
    handshakes_.set_image(core_.peers.make_image());
  std::vector<std::string> lines =
      session::differences(session::fields_of(core_.policies), session::fields_of(policies));
  std::ranges::move(reassigned(diff, *current_, *next), std::back_inserter(lines));
  put_in_force(policies, "reload", PolicyApplication::kStrict, lines, now);
  if (!diff.empty()) {
    std::istringstream text(config::describe(diff, *current_, *next));
    for (std::string line; std::getline(text, line);)
      lines.push_back(line);
  }
  current_ = std::move(next);
  used_ = std::move(used);
  core_.counters.add(ControllerCounter::kReloads);
  return lines;
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

std::vector<Reloads::UsedProfile> Reloads::profiles_used(const config::GatewayConfig& config) {
  std::vector<UsedProfile> used;
  for (const config::PeerConfig& peer : config.peers) {
    if (peer.profile.empty() ||
        std::ranges::find(used, peer.profile, &UsedProfile::profile) != used.end())
      continue;
    used.push_back({.profile = peer.profile, .peer = peer.name});
  }
  return used;
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

void Reloads::update_peers(const config::ConfigDiff& diff,
                           const std::shared_ptr<const config::GatewayConfig>& next) {
  const auto update = [&](std::size_t i) {
    core_.peers.update(core_.peers.find(next->peers[i].public_key).value(), peer_of(next, i));
  };
  for (const config::ChangedPeer& changed : diff.changed)
    update(changed.after);
  for (const auto& [before, after] : diff.kept)
    update(after);
}

void Reloads::remove_peers(const config::ConfigDiff& diff, MonoNs now) {
  for (const std::size_t i : diff.removed) {
    const std::uint32_t index = core_.peers.find(current_->peers[i].public_key).value();
    const Peer& peer = core_.peers[index];
    for (const auto& ref : {peer.current, peer.birth}) {
      if (!ref) continue;
      if (Session* session = core_.sessions.find(*ref); session != nullptr)
        closing_.terminate(*session, Reason::kOperatorTerminated, now);
    }
    core_.peers.remove(index);
  }
}

std::expected<void, std::string> Reloads::publish(const config::ConfigDiff& diff,
                                                  const config::GatewayConfig& next) {
  bool routes_change = diff.routes || diff.filters || diff.rates || diff.treatment ||
                       !diff.added.empty() || !diff.removed.empty();
  for (const config::ChangedPeer& changed : diff.changed)
    routes_change =
        routes_change || changed.addresses || changed.filter || changed.rates || changed.profile;
  if (!routes_change) return {};
  return core_.ports.routes.publish(prefixes_of(next, core_.peers), next);
}

void Reloads::refuse(std::string_view field, MonoNs now) {
  core_.counters.add(ControllerCounter::kReloadsRefused);
  core_.emit_node(EventType::kPolicyRejected, Reason::kPolicyInvalid,
                  audit::PolicyDetail{.previous_version = core_.policies.version(), .field = field},
                  now);
}

}  // namespace jumpgate::ctl
