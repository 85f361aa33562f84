#include "ctl/roster.hpp"

#include <utility>

namespace jumpgate::ctl {
namespace {

std::shared_ptr<const config::PeerConfig> what_is_left_of(const config::PeerConfig& peer) {
  auto left = std::make_shared<config::PeerConfig>();
  left->name = peer.name;
  left->profile = peer.profile;
  return left;
}

}  // namespace

Roster::Roster(const base::KeyedHash& hash) : by_key_(0, hash), by_name_(0, hash) {}

Roster::Roster(const Roster& former, const config::ConfigDiff& diff,
               std::shared_ptr<const config::GatewayConfig> next,
               std::span<const std::uint32_t> places)
    : config_(std::move(next)),
      seats_(former.seats_),
      departed_(former.departed_),
      index_of_(config_->peers.size()),
      by_key_(config_->peers.size(), former.by_key_.hash_function()),
      by_name_(config_->peers.size(), former.by_name_.hash_function()) {
  for (const std::size_t i : diff.removed) {
    const std::uint32_t index = former.index_of_[i];
    const auto& left = departed_[index] = what_is_left_of(former[index]);
    seats_[index] = {.peer = left.get(), .configured = false};
  }
  for (const config::ChangedPeer& changed : diff.changed)
    index_of_[changed.after] = former.index_of_[changed.before];
  for (const auto& [before, after] : diff.kept)
    index_of_[after] = former.index_of_[before];
  for (std::size_t i = 0; i < diff.added.size(); ++i) {
    index_of_[diff.added[i]] = places[i];
    departed_.erase(places[i]);
    if (places[i] >= seats_.size()) seats_.resize(places[i] + 1);
  }
  for (std::size_t i = 0; i < config_->peers.size(); ++i) {
    const config::PeerConfig& peer = config_->peers[i];
    seats_[index_of_[i]] = {.peer = &peer, .configured = true};
    by_key_.emplace(peer.public_key, index_of_[i]);
    by_name_.emplace(peer.name, index_of_[i]);
  }
}

std::optional<std::uint32_t> Roster::find(const PublicKey& key) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint32_t> Roster::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

}  // namespace jumpgate::ctl
