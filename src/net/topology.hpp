/// What the gateway's layer 3 is built from: addresses of the ports, static routes, peers'
/// prefixes. Plain values, filled by src/app from the configuration, read by the engines of this
/// folder.
#pragma once

#include <cstdint>
#include <vector>

#include <jumpgate/types.hpp>

#include "net/ecn.hpp"

namespace jumpgate::net {

enum class PortRole : std::uint8_t { kOuter, kInner };

/// Layer 3 of one port.
struct PortAddressing {
  std::uint8_t port{0};  // index of the port
  PortRole role{PortRole::kOuter};
  MacAddress mac{};
  std::uint16_t mtu{1500};            // bytes, layer 3
  std::uint16_t vlan{0};              // of its frames (IEEE 802.1Q); 0: untagged
  std::vector<IpPrefix> addresses{};  // our own, host bits set; the prefix is on link
  std::vector<IpAddress> gateways{};  // default gateways, at most one a family
  bool believes_announcements{
      false};  // a neighbour's new MAC, without asking the one that is known
};

/// A route through a router on the port's link.
struct StaticRoute {
  IpPrefix prefix;  // host bits clear
  std::uint8_t port{0};
  IpAddress next_hop{};
};

/// A peer without a filter.
inline constexpr std::uint16_t kNoFilter = UINT16_MAX;
/// A peer without rates.
inline constexpr std::uint16_t kNoRates = UINT16_MAX;

/// What is done to a peer's packets beside filter and rates.
struct Treatment {
  OuterClass outer_class{};     // of the outer headers of what is sent to it
  bool client_to_client{true};  // it may exchange packets with other peers that may
  bool operator==(const Treatment&) const = default;
};

/// One allowed prefix of one peer: route towards it, permission for sources within, and by which
/// filter and which rates of the configuration its packets go.
struct PeerPrefix {
  IpPrefix prefix;  // host bits clear
  std::uint32_t peer{0};
  // The same in all prefixes of a peer.
  std::uint16_t filter{kNoFilter};
  std::uint16_t rates{kNoRates};
  Treatment treatment{};
};

}  // namespace jumpgate::net
