#include "bus/peer_slots.hpp"

#include <utility>

namespace jumpgate::bus {

std::expected<std::unique_ptr<PeerSlots>, std::string> PeerSlots::create(std::size_t peers,
                                                                         int socket) {
  auto zone = Zone::create("jg_peer_slots", footprint(peers == 0 ? 1 : peers), socket, false);
  if (!zone) return std::unexpected(zone.error());
  auto made = std::make_unique<PeerSlots>();
  made->zone_ = std::move(*zone);
  made->slots_ = made->zone_.objects<std::atomic<std::uint64_t>>(peers);
  return made;
}

}  // namespace jumpgate::bus
