#include "ctl/peers.hpp"

#include "base/invariant.hpp"

namespace jumpgate::ctl {

PeerTable::PeerTable(std::uint32_t capacity, base::RandomSource& random)
    : capacity_(capacity), hash_(random), by_key_(std::size_t{capacity} * 2, hash_) {
  peers_.reserve(capacity);
  by_name_.reserve(capacity);
}

std::optional<std::uint32_t> PeerTable::add(std::shared_ptr<const config::PeerConfig> peer) {
  std::uint32_t index = 0;
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
    peers_[index] = Peer{};
  } else if (peers_.size() < capacity_) {
    index = size();
    peers_.emplace_back();
  } else {
    return std::nullopt;
  }
  peers_[index].configured = true;
  by_key_[peer->public_key] = index;
  by_name_.emplace(hash_(std::string_view(peer->name)), index);
  peers_[index].config = std::move(peer);
  return index;
}

void PeerTable::update(std::uint32_t index, std::shared_ptr<const config::PeerConfig> peer) {
  JG_INVARIANT(peers_[index].configured && peers_[index].config->public_key == peer->public_key);
  if (peers_[index].config->name != peer->name) {
    forget_name(index);
    by_name_.emplace(hash_(std::string_view(peer->name)), index);
  }
  peers_[index].config = std::move(peer);
}

void PeerTable::remove(std::uint32_t index) {
  Peer& peer = peers_[index];
  by_key_.erase(peer.config->public_key);
  forget_name(index);
  peer.configured = false;
  removed_.push_back(index);
}

void PeerTable::forget_name(std::uint32_t index) {
  const auto [first, last] =
      by_name_.equal_range(hash_(std::string_view(peers_[index].config->name)));
  for (auto entry = first; entry != last; ++entry) {
    if (entry->second != index) continue;
    by_name_.erase(entry);
    return;
  }
}

void PeerTable::reclaim() {
  std::erase_if(removed_, [this](std::uint32_t index) {
    if (peers_[index].sessions > 0) return false;
    free_.push_back(index);
    return true;
  });
}

std::uint32_t PeerTable::room() const {
  return capacity_ - size() + static_cast<std::uint32_t>(free_.size());
}

std::optional<std::uint32_t> PeerTable::find(const PublicKey& key) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint32_t> PeerTable::find(std::string_view name) const {
  const auto [first, last] = by_name_.equal_range(hash_(name));
  for (auto entry = first; entry != last; ++entry)
    if (peers_[entry->second].config->name == name) return entry->second;
  return std::nullopt;
}

std::shared_ptr<const PeerImage> PeerTable::make_image() const {
  PeerImage::Map map(by_key_.size() * 2 + 1, hash_);
  for (const auto& [key, index] : by_key_)
    map.emplace(key, PeerIdentity{.index = index,
                                  .preshared_key = peers_[index].config->preshared_key.clone()});
  return std::make_shared<const PeerImage>(std::move(map));
}

std::vector<net::PeerPrefix> prefixes_of(const config::GatewayConfig& config,
                                         const PeerTable& peers) {
  std::vector<net::PeerPrefix> prefixes;
  for (const config::PeerConfig& peer : config.peers) {
    const std::uint32_t index = peers.find(peer.public_key).value();
    const net::Treatment treatment = config::treatment_of(peer, config);
    for (const IpPrefix& prefix : peer.allowed_ips)
      prefixes.push_back({.prefix = prefix,
                          .peer = index,
                          .filter = config::filter_of(peer, config),
                          .rates = config::rates_of(peer, config),
                          .treatment = treatment});
  }
  return prefixes;
}

}  // namespace jumpgate::ctl
