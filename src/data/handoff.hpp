/// Packets that arrived at one worker and belong to another: a ring for each ordered pair.
///
/// Purpose: a jump changes the outer addresses, so any queue may receive a session's packets; this
/// is always correct, whatever the port steers.
/// Owner threads: push(from, ...) is worker `from`'s, pop(..., to, ...) worker `to`'s.
/// Bound: `depth` packets a ring, the last quarter of them for what is no DATA: heartbeats and control
/// messages outlive it. Failure: push returns false, the packet stays the caller's
/// (`handoff_queue_full`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <jumpgate/wire.hpp>

#include "bus/messages.hpp"
#include "bus/ring.hpp"

namespace jumpgate::data {

struct HandOff {
  enum class Kind : std::uint32_t {
    kFrame,   // a whole frame as received; mbuf->port names the port
    kToSeal,  // an inner IP packet, checked and routed, for `session`
  };
  rte_mbuf* mbuf{nullptr};
  bus::SessionRef session;
  Kind kind{};
};

class HandOffMesh {
 public:
  static std::size_t footprint(unsigned workers, std::size_t depth);
  static std::expected<std::unique_ptr<HandOffMesh>, std::string> create(unsigned workers,
                                                                         std::size_t depth,
                                                                         int socket);
  HandOffMesh(const HandOffMesh&) = delete;
  HandOffMesh& operator=(const HandOffMesh&) = delete;
  /// Frees the packets that nobody took.
  ~HandOffMesh();

  [[nodiscard]] unsigned workers() const { return workers_; }
  bool push(unsigned from, unsigned to, const HandOff& packet, wire::Type type) {
    bus::Ring<HandOff>& way = ring(from, to);
    if (type == wire::Type::kData && way.room() <= reserve_) return false;
    return way.push(packet);
  }
  std::size_t pop(unsigned from, unsigned to, HandOff* out, std::size_t count) {
    return ring(from, to).pop_burst(out, count);
  }

 private:
  HandOffMesh(unsigned workers, std::size_t depth) : workers_(workers), reserve_(depth / 4) {}
  bus::Ring<HandOff>& ring(unsigned from, unsigned to) { return rings_[from * workers_ + to]; }

  unsigned workers_;
  std::size_t reserve_;  // places of each ring
  std::vector<bus::Ring<HandOff>> rings_;
};

}  // namespace jumpgate::data
