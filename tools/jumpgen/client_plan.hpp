/// Who the played clients are: keys, inner and outer addresses of each, from a seed and two
/// networks.
///
/// Purpose: `jumpgen peers` writes what `jumpgen run` plays; both know it from here alone.
/// Owner thread: any; immutable, pure. Bound: limits::kMaxPeers clients; a key costs one X25519.
/// Failure: make() says which network is too small. Keys that follow from a seed are no secrets:
/// they are for a gateway under test only.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include <jumpgate/types.hpp>

#include "client/output.hpp"
#include "crypto/x25519.hpp"

namespace jumpgate::jumpgen {

/// Each client has so many uplinks, and jumps between them.
inline constexpr std::uint32_t kUplinks = 2;

struct PlanSpec {
  std::string seed;
  std::uint32_t count{0};
  IpPrefix outer;  // the clients' sources, IPv4; one half an uplink
  IpPrefix inner;  // the addresses inside the tunnel, IPv4
};

class ClientPlan {
 public:
  static std::expected<ClientPlan, std::string> make(const PlanSpec& spec);

  [[nodiscard]] std::uint32_t count() const { return spec_.count; }
  [[nodiscard]] crypto::KeyPair key(std::uint32_t client) const;
  [[nodiscard]] IpAddress inner_address(std::uint32_t client) const;
  [[nodiscard]] IpAddress outer_address(std::uint32_t client, client::UplinkId uplink) const;

  struct OuterOwner {
    std::uint32_t client{0};
    client::UplinkId uplink{0};
  };
  /// Whose outer address it is.
  [[nodiscard]] std::optional<OuterOwner> owner_of(const IpAddress& outer) const;

 private:
  explicit ClientPlan(PlanSpec spec);

  PlanSpec spec_;
  std::uint32_t outer_base_;
  std::uint32_t outer_half_;  // addresses of one uplink
  std::uint32_t inner_base_;
};

}  // namespace jumpgate::jumpgen
