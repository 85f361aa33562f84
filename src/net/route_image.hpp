/// Where an inner packet goes: an immutable image of peers' allowed prefixes, connected prefixes
/// and static routes; and how a peer's packets are treated.
///
/// Single addresses are found by exact match (rte_hash); prefixes by longest match: up to
/// kMaxScannedPrefixes of a family are scanned in order of length, which costs no memory and less
/// than a cache miss for the usual handful; beyond it rte_fib / rte_fib6 are built (64 MiB for
/// their first stage, and tbl8 groups counted from the content). Precedence: our own addresses,
/// then the longest prefix; the configuration refuses equal ones.
///
/// Owner: the controller builds it and publishes it (net::Published); workers read it. Nothing in
/// it changes. Failure: build() says what did not fit. Lookups never fail: no route is a kind of
/// its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <jumpgate/limits.hpp>
#include <jumpgate/types.hpp>

#include "net/topology.hpp"

namespace jumpgate::net {

enum class RouteKind : std::uint8_t {
  kNone,     // no route: unreachable
  kPeer,     // into the tunnel of peer `index`
  kOnLink,   // on the link of `port`; the neighbour is the destination itself
  kNextHop,  // through the router next_hop(index) on `port`
  kLocal,    // our own address on `port`
  kNobody,   // IPv4: the network's and the broadcast address of a port's prefix
};

struct RouteTarget {
  RouteKind kind{RouteKind::kNone};
  std::uint8_t port{0};
  std::uint32_t index{0};
  constexpr bool operator==(const RouteTarget&) const = default;
};

struct RouteInput {
  std::span<const PeerPrefix> peers;
  std::span<const PortAddressing> ports;  // of the inner side
  std::span<const StaticRoute>
      routes;  // of the inner side; gateways of the ports are added as default routes
};

/// Prefixes of one family up to which a scan replaces the fib.
inline constexpr std::size_t kMaxScannedPrefixes = 32;

class RouteImage {
 public:
  /// Needs EAL. Takes O(prefixes); memory from the EAL heap.
  static std::expected<std::unique_ptr<const RouteImage>, std::string> build(
      const RouteInput& input);
  ~RouteImage();
  RouteImage(const RouteImage&) = delete;
  RouteImage& operator=(const RouteImage&) = delete;

  [[nodiscard]] RouteTarget route(const IpAddress& destination) const noexcept;
  /// The same from header bytes in network order: 4 bytes, 16 bytes.
  [[nodiscard]] RouteTarget route_v4(const std::uint8_t* destination) const noexcept;
  [[nodiscard]] RouteTarget route_v6(const std::uint8_t* destination) const noexcept;
  /// The peer that may use `source`, for the check of decrypted packets.
  [[nodiscard]] std::optional<std::uint32_t> peer_of_source(const IpAddress& source) const noexcept;
  /// Whether `peer` may use the source at these header bytes.
  [[nodiscard]] bool peer_owns_v4(std::uint32_t peer, const std::uint8_t* source) const noexcept;
  [[nodiscard]] bool peer_owns_v6(std::uint32_t peer, const std::uint8_t* source) const noexcept;

  /// How the peer's packets are treated: three bytes a peer, where any has another than the plain one.
  [[nodiscard]] const Treatment& treatment_of(std::uint32_t peer) const noexcept {
    return peer < treatments_.size() ? treatments_[peer] : kPlain;
  }

  /// Router of a kNextHop target.
  [[nodiscard]] const IpAddress& next_hop(const RouteTarget& target) const noexcept;

  /// Names this image for ever and is not zero: what was looked up in it may be remembered by it.
  [[nodiscard]] std::uint32_t serial() const noexcept { return serial_; }
  /// Bytes taken, for the footprint table (hashes and fibs estimated from their geometry).
  [[nodiscard]] std::size_t footprint() const noexcept { return footprint_; }
  /// How prefixes are found, for the operator: "scan" or "fib", for each family.
  [[nodiscard]] bool uses_fib(IpFamily family) const noexcept;

 private:
  RouteImage();
  struct Tables;
  std::unique_ptr<Tables> tables_;
  static constexpr Treatment kPlain{};
  std::vector<IpAddress> next_hops_;
  std::vector<Treatment> treatments_;  // up to the last peer that has another than kPlain
  std::size_t footprint_{0};
  std::uint32_t serial_{0};
};

}  // namespace jumpgate::net
