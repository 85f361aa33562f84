/// The loop that carries frames between two interfaces of this namespace through two Directions.
///
/// Owner thread: the caller's; run() returns at SIGTERM or SIGINT. Bound: the Directions' stores.
/// Timing: the kernel's timer wakes the loop at the next delivery, on a grid of kGrain; while
/// frames flow, sockets are read once a grain, which keeps one core able to carry several hundred
/// Mbit/s.
#pragma once

#include <expected>
#include <string>

#include "link_faulty/direction.hpp"
#include "link_faulty/packet_socket.hpp"

namespace jumpgate::link_faulty {

/// A tenth of the millisecond that deliveries must be precise to.
inline constexpr Duration kGrain = microseconds(100);

class Relay {
 public:
  /// `control_fd` may be -1; it is closed by whoever opened it.
  Relay(PacketSocket& a, PacketSocket& b, Direction& ab, Direction& ba, int control_fd);

  [[nodiscard]] std::expected<void, std::string> run();

 private:
  static bool collect(PacketSocket& from, Direction& direction);
  static void deliver(Direction& direction, PacketSocket& to);
  void arm(int timer_fd, bool busy) const;

  PacketSocket& a_;
  PacketSocket& b_;
  Direction& ab_;
  Direction& ba_;
  int control_fd_;
};

}  // namespace jumpgate::link_faulty
