/// The configured peers: who may begin a session, and which session each has.
///
/// Purpose: an index that stays a peer's own over reloads (routes and workers name peers by it),
/// the highest HELLO counter accepted, the one session beyond BIRTH and the one in BIRTH. Owner
/// threads: the table is the controller's; a PeerImage is immutable and read by handshake threads.
/// Bound: `capacity` peers. Failure: add() refuses when it is full; an index whose peer was removed
/// is reused for another one only by a later reload, when no session and no route names it any
/// more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <jumpgate/types.hpp>

#include "base/hash.hpp"
#include "bus/messages.hpp"
#include "config/gateway_config.hpp"

namespace jumpgate::ctl {

struct Peer {
  bool configured{false};
  std::shared_ptr<const config::PeerConfig> config;  // within the configuration in force
  std::uint64_t highest_counter{0};
  std::optional<bus::SessionRef> current;  // beyond BIRTH
  std::optional<bus::SessionRef> birth;
  std::uint32_t sessions{0};   // that name it, the ended ones until their worker has wiped them
  std::uint64_t carried{0};    // bytes of its ended sessions, both ways
  std::uint64_t quota{0};      // that the next is a part of
  std::uint8_t quota_told{0};  // percent that an event told of
};

/// What a handshake thread must know of a peer.
struct PeerIdentity {
  std::uint32_t index{0};
  config::SecretKey preshared_key;
};

/// Peers by static key, as they were when the image was made.
class PeerImage {
 public:
  using Map = std::unordered_map<PublicKey, PeerIdentity, base::KeyedHash>;
  explicit PeerImage(Map peers) : peers_(std::move(peers)) {}
  [[nodiscard]] const PeerIdentity* find(const PublicKey& key) const {
    const auto found = peers_.find(key);
    return found == peers_.end() ? nullptr : &found->second;
  }

 private:
  Map peers_;
};

/// Peer number i of a configuration, which lives as long as the pointer.
[[nodiscard]] inline std::shared_ptr<const config::PeerConfig> peer_of(
    const std::shared_ptr<const config::GatewayConfig>& config, std::size_t i) {
  return {config, &config->peers[i]};
}

class PeerTable {
 public:
  PeerTable(std::uint32_t capacity, base::RandomSource& random);

  [[nodiscard]] std::optional<std::uint32_t> add(std::shared_ptr<const config::PeerConfig> peer);
  void update(std::uint32_t index, std::shared_ptr<const config::PeerConfig> peer);
  /// The peer is no longer configured; its sessions are the caller's to end.
  void remove(std::uint32_t index);
  /// Makes the indices of removed peers without sessions free again: before the peers of a reload
  /// are added.
  void reclaim();

  [[nodiscard]] Peer& operator[](std::uint32_t index) { return peers_[index]; }
  [[nodiscard]] const Peer& operator[](std::uint32_t index) const { return peers_[index]; }
  /// Indices in use or once used: 0..size()-1.
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(peers_.size()); }
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  /// How many can be added now, those of removed peers apart.
  [[nodiscard]] std::uint32_t room() const;
  [[nodiscard]] std::optional<std::uint32_t> find(const PublicKey& key) const;
  /// O(1): an operator names one of a million between two ticks.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const;

  /// O(peers): after construction and each reload.
  [[nodiscard]] std::shared_ptr<const PeerImage> make_image() const;

 private:
  void forget_name(std::uint32_t index);

  std::uint32_t capacity_;
  base::KeyedHash hash_;
  std::vector<Peer> peers_;
  std::vector<std::uint32_t> removed_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<PublicKey, std::uint32_t, base::KeyedHash> by_key_;
  // By the name's hash: during a reload two peers may bear one name.
  std::unordered_multimap<std::size_t, std::uint32_t> by_name_;
};

/// Every peer's prefixes, for the routes; each peer of `config` is in `peers`.
[[nodiscard]] std::vector<net::PeerPrefix> prefixes_of(const config::GatewayConfig& config,
                                                       const PeerTable& peers);

}  // namespace jumpgate::ctl
