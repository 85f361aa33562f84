/// Who the peers are, as one configuration says: by key, by name and by index.
///
/// Purpose: what a reload replaces as one, whatever their number. An index stays a peer's own over
/// reloads: routes and workers name peers by it. Owner thread: whoever makes it; from then on it is
/// immutable, and read by the controller and by handshake threads. Bound: the peers of its
/// configuration, and a name and a profile for each index that is nobody's now. Failure: none.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <jumpgate/types.hpp>

#include "base/hash.hpp"
#include "config/config_diff.hpp"
#include "config/gateway_config.hpp"

namespace jumpgate::ctl {

class Roster {
 public:
  /// Nobody.
  explicit Roster(const base::KeyedHash& hash);
  /// Those of `next`, which `diff` compares with the configuration of `former`. `places`: an index
  /// for each that is added.
  Roster(const Roster& former, const config::ConfigDiff& diff,
         std::shared_ptr<const config::GatewayConfig> next, std::span<const std::uint32_t> places);

  /// O(1), both: an operator names one of a million between two ticks.
  [[nodiscard]] std::optional<std::uint32_t> find(const PublicKey& key) const;
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const;
  [[nodiscard]] bool configured(std::uint32_t index) const { return seats_[index].configured; }
  /// Of a peer that is configured no more: its name and its profile, for what is left of its
  /// sessions.
  [[nodiscard]] const config::PeerConfig& operator[](std::uint32_t index) const {
    return *seats_[index].peer;
  }
  /// Indices in use or once used: 0..size()-1.
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(seats_.size()); }
  /// Of peer number i of the configuration.
  [[nodiscard]] std::uint32_t index_of(std::size_t i) const { return index_of_[i]; }

 private:
  struct Seat {
    const config::PeerConfig* peer{nullptr};
    bool configured{false};
  };

  std::shared_ptr<const config::GatewayConfig> config_;
  std::vector<Seat> seats_;
  std::map<std::uint32_t, std::shared_ptr<const config::PeerConfig>> departed_;
  std::vector<std::uint32_t> index_of_;
  std::unordered_map<PublicKey, std::uint32_t, base::KeyedHash> by_key_;
  std::unordered_map<std::string_view, std::uint32_t, base::KeyedHash> by_name_;
};

}  // namespace jumpgate::ctl
