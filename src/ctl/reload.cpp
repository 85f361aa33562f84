#include "ctl/reload.hpp"

#include <bit>
#include <sstream>
#include <utility>

namespace jumpgate::ctl {
namespace {

constexpr std::string_view kReplayWindow = "security.replay_window";
constexpr const char* kWindowTooLarge =
    "security.replay_window is larger than the one the gateway was started with, for which memory "
    "was taken; restart it with the new one";

}  // namespace

Reloads::Reloads(Core& core, Closing& closing, Handshakes& handshakes,
                 std::shared_ptr<const config::GatewayConfig> first, MonoNs now)
    : core_(core),
      closing_(closing),
      handshakes_(handshakes),
      current_(std::move(first)),
      sweep_cursor_(core.sessions.slots()),
      replay_window_room_(std::bit_ceil(core.policy.security.replay_window_packets)) {
  history_.add({.version = core.policy.version, .at = now, .how = "start", .changes = {}});
}

std::expected<std::vector<std::string>, std::string> Reloads::apply(
    std::shared_ptr<const config::GatewayConfig> next, MonoNs now) {
  const config::ConfigDiff diff = config::diff(*current_, *next);
  if (diff.policy && !fits(next->policy)) {
    refuse(kReplayWindow, now);
    return std::unexpected(kWindowTooLarge);
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
  const auto update = [&](std::size_t i) {
    core_.peers.update(core_.peers.find(next->peers[i].public_key).value(), peer_of(next, i));
  };
  for (const config::ChangedPeer& changed : diff.changed)
    update(changed.after);
  for (const auto& [before, after] : diff.kept)
    update(after);
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
  handshakes_.set_image(core_.peers.make_image());
  std::vector<std::string> lines;
  if (diff.policy) {
    auto applied = apply_policy(next->policy, "reload", PolicyApplication::kStrict, now);
    if (applied) lines = std::move(*applied);
  }
  if (!diff.empty()) {
    std::istringstream text(config::describe(diff, *current_, *next));
    for (std::string line; std::getline(text, line);)
      lines.push_back(line);
  }
  current_ = std::move(next);
  core_.counters.add(ControllerCounter::kReloads);
  return lines;
}

std::expected<std::vector<std::string>, std::string> Reloads::apply_policy(
    const session::Policy& next, std::string how, PolicyApplication application, MonoNs now) {
  if (!fits(next)) {
    refuse(kReplayWindow, now);
    return std::unexpected(kWindowTooLarge);
  }
  std::vector<std::string> changes =
      session::differences(session::fields_of(core_.policy), session::fields_of(next));
  if (changes.empty()) return changes;
  const std::uint64_t previous = core_.policy.version;
  core_.policy = next;
  core_.policy.version = previous + 1;
  // A sweep that is under way goes on, with the newest: what was strict stays so.
  if (application == PolicyApplication::kStrict) sweep_cursor_ = 0;
  core_.emit_node(EventType::kPolicyApplied, Reason::kPolicyValid,
                  audit::PolicyDetail{.previous_version = previous, .field = {}}, now);
  history_.add({.version = core_.policy.version,
                .at = now,
                .how = std::move(how),
                .application = application,
                .changes = changes});
  return changes;
}

std::expected<void, std::string> Reloads::publish(const config::ConfigDiff& diff,
                                                  const config::GatewayConfig& next) {
  bool routes_change = diff.routes || diff.filters || !diff.added.empty() || !diff.removed.empty();
  for (const config::ChangedPeer& changed : diff.changed)
    routes_change = routes_change || changed.addresses || changed.filter;
  if (!routes_change) return {};
  std::vector<net::PeerPrefix> prefixes;
  for (const config::PeerConfig& peer : next.peers) {
    const std::uint32_t index = core_.peers.find(peer.public_key).value();
    for (const IpPrefix& prefix : peer.allowed_ips)
      prefixes.push_back(
          {.prefix = prefix, .peer = index, .filter = config::filter_of(peer, next)});
  }
  return core_.ports.routes.publish(prefixes, next);
}

void Reloads::refuse(std::string_view field, MonoNs now) {
  core_.counters.add(ControllerCounter::kReloadsRefused);
  core_.emit_node(EventType::kPolicyRejected, Reason::kPolicyInvalid,
                  audit::PolicyDetail{.previous_version = core_.policy.version, .field = field},
                  now);
}

}  // namespace jumpgate::ctl
