#include "data/handoff.hpp"

#include <utility>

#include <rte_mbuf.h>

namespace jumpgate::data {

std::size_t HandOffMesh::footprint(unsigned workers, std::size_t depth) {
  return std::size_t{workers} * workers * bus::Ring<HandOff>::footprint(depth);
}

std::expected<std::unique_ptr<HandOffMesh>, std::string> HandOffMesh::create(unsigned workers,
                                                                             std::size_t depth,
                                                                             int socket) {
  std::unique_ptr<HandOffMesh> mesh(new HandOffMesh(workers, depth));
  mesh->rings_.reserve(std::size_t{workers} * workers);
  for (unsigned from = 0; from < workers; ++from) {
    for (unsigned to = 0; to < workers; ++to) {
      auto ring = bus::Ring<HandOff>::create(
          "jg_hand" + std::to_string(from) + "_" + std::to_string(to), depth, socket);
      if (!ring) return std::unexpected(ring.error());
      mesh->rings_.push_back(std::move(*ring));
    }
  }
  return mesh;
}

HandOffMesh::~HandOffMesh() {
  HandOff packet;
  for (auto& ring : rings_)
    while (ring.pop(packet))
      rte_pktmbuf_free(packet.mbuf);
}

}  // namespace jumpgate::data
