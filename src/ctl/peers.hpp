/// The configured peers: which session each has, and which index.
///
/// Purpose: the highest HELLO counter accepted, the one session beyond BIRTH and the one in BIRTH;
/// who the peers are stands in a Roster, which a reload replaces as one. Owner thread: the
/// controller; plan() is for any thread while the basis it works from is the newest. Bound:
/// `capacity` peers; no call on the controller's thread goes over all of them. Failure: plan()
/// says that there is no room; an index whose peer was removed is free for another one when no
/// session names it any more.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jumpgate/types.hpp>

#include "base/random.hpp"
#include "bus/messages.hpp"
#include "config/config_diff.hpp"
#include "config/gateway_config.hpp"
#include "ctl/roster.hpp"

namespace jumpgate::ctl {

inline constexpr std::uint32_t kNoPeer = UINT32_MAX;

struct Peer {
  std::uint64_t highest_counter{0};
  std::optional<bus::SessionRef> current;  // beyond BIRTH
  std::optional<bus::SessionRef> birth;
  std::optional<bus::SessionRef> draining;  // superseded by the current one
  std::uint32_t sessions{0};   // that name it, the ended ones until their worker has wiped them
  std::uint64_t carried{0};    // bytes of its ended sessions, both ways
  std::uint64_t quota{0};      // that the next is a part of
  std::uint8_t quota_told{0};  // percent that an event told of
  bool departed{false};        // configured no more; its last session takes it along
  std::uint32_t next_free{kNoPeer};  // of an index that is nobody's
};

/// What a plan is made from: who the peers are, and the indices that were free.
struct PeerBasis {
  std::shared_ptr<const Roster> roster;
  std::uint32_t free{kNoPeer};  // the first; Peer::next_free leads to the others
  std::uint32_t free_count{0};
};

/// Peers that are not known yet.
struct PeerPlan {
  std::shared_ptr<const Roster> roster;
  std::vector<std::uint32_t> removed;  // indices
  std::uint32_t taken{0};              // of those that were free
  std::uint32_t rest{kNoPeer};         // the first that still is
};

class PeerTable {
 public:
  PeerTable(std::uint32_t capacity, base::RandomSource& random);

  /// The first peers.
  [[nodiscard]] std::expected<void, std::string> seat(
      std::shared_ptr<const config::GatewayConfig> config);

  // ---- A reload: basis(), then plan() by whoever has the time, then adopt().
  [[nodiscard]] PeerBasis basis();
  [[nodiscard]] std::expected<PeerPlan, std::string> plan(
      const PeerBasis& basis, const config::ConfigDiff& diff,
      std::shared_ptr<const config::GatewayConfig> next) const;
  /// O(1). The plan is of the newest basis; it has the former roster then, for its maker to free.
  void adopt(PeerPlan& plan);
  /// A peer that was removed: its index is free as soon as no session names it.
  void depart(std::uint32_t index);
  /// A session that named it is gone.
  void forget_session(std::uint32_t index);

  [[nodiscard]] Peer& operator[](std::uint32_t index) {
    ++looks_;
    return peers_[index];
  }
  [[nodiscard]] const Peer& operator[](std::uint32_t index) const { return peers_[index]; }
  [[nodiscard]] const config::PeerConfig& config(std::uint32_t index) const {
    return (*roster_)[index];
  }
  [[nodiscard]] const std::shared_ptr<const Roster>& roster() const { return roster_; }
  [[nodiscard]] std::uint32_t size() const { return roster_->size(); }
  [[nodiscard]] std::uint32_t capacity() const { return static_cast<std::uint32_t>(peers_.size()); }
  /// Peers looked at so far: a measure of the controller's work.
  [[nodiscard]] std::uint64_t looks() const { return looks_; }

 private:
  void release(std::uint32_t index);

  std::vector<Peer> peers_;
  std::shared_ptr<const Roster> roster_;
  // The free ones as a list: newer ones are put before those of the basis, which a plan reads.
  std::uint32_t free_{kNoPeer};
  std::uint32_t free_count_{0};
  std::uint32_t newer_{kNoPeer};  // the one that leads to those of the basis; none: they are first
  std::uint64_t looks_{0};
};

}  // namespace jumpgate::ctl
