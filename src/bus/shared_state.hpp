/// What the controller publishes and every worker reads.
///
/// Owner threads: the objects behind the references say who writes them; the plain fields are set
/// before the first worker starts and never change.
/// Bound: outer addresses are few (scanned for each packet that is not for the first of them).
#pragma once

#include <cstdint>
#include <vector>

#include <jumpgate/types.hpp>

#include "bus/peer_slots.hpp"
#include "crypto/connection_id.hpp"
#include "crypto/key_schedule.hpp"
#include "net/filter_image.hpp"
#include "net/neighbour_table.hpp"
#include "net/published.hpp"
#include "net/rate_image.hpp"
#include "net/route_image.hpp"

namespace jumpgate::bus {

/// What is done to inner packets ([inner] of the configuration; spec/inner-networks.md).
struct InnerRules {
  bool clamp_mss{true};
  bool probe_path_mtu{false};  // false: each path is taken to carry what its port does
  const net::Published<net::FilterImage>* filters{nullptr};  // none: all is allowed
  const net::Published<net::RateImage>* rates{nullptr};      // none: no bounds
};

struct SharedState {
  const net::NeighbourTable& neighbours;
  const net::Published<net::RouteImage>& routes;
  net::Quiescence& quiescence;
  const PeerSlots& peers;
  const crypto::CidCipher& cids;
  std::uint8_t node{0};                    // of our connection ids
  std::uint8_t id_key_phase{0};            // of `cids`
  std::uint16_t listen_port{0};            // UDP, on every outer address
  crypto::MacKey mac1_key{};               // of our public key: who knows that can make a mac1
  std::vector<IpAddress> outer_addresses;  // our own
  InnerRules inner{};
};

}  // namespace jumpgate::bus
