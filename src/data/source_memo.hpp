/// Strict reverse path forwarding on inner ports (RFC 3704 section 2.2), and the memory that makes
/// it cheap.
///
/// Purpose: a packet of an inner port is taken only when the way back to its source leads out of
/// that port: so nobody there speaks for a peer, for us, or for another port's hosts. Answers of the
/// routes that were "yes" are remembered until the routes change.
/// Owner thread: the worker. Bound: kEntries answers; two sources that collide take turns.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "net/route_image.hpp"

namespace jumpgate::data {

class SourceMemo {
 public:
  /// `source`: 4 or 16 bytes in network order.
  [[nodiscard]] bool leads_back(const net::RouteImage& routes, const std::uint8_t* source, bool v6,
                                std::uint8_t port) {
    const Entry wanted = entry_of(source, v6, routes.serial(), port);
    Entry& known = entries_[((wanted.high ^ wanted.low) * kMix) >> 56];
    if (known == wanted) return true;
    const net::RouteTarget back = v6 ? routes.route_v6(source) : routes.route_v4(source);
    const bool outside =
        back.kind == net::RouteKind::kOnLink || back.kind == net::RouteKind::kNextHop;
    if (!outside || back.port != port) return false;
    known = wanted;
    return true;
  }

 private:
  /// Enough for the servers behind a gateway; six kilobytes.
  static constexpr std::size_t kEntries = 256;                  // the top byte of a product
  static constexpr std::uint64_t kMix = 0x9e37'79b9'7f4a'7c15;  // 2^64 / golden ratio

  struct Entry {
    std::uint64_t high{0};
    std::uint64_t low{0};
    std::uint32_t serial{0};  // of the routes asked; 0: an empty place
    std::uint32_t port{0};
    bool operator==(const Entry&) const = default;
  };

  static Entry entry_of(const std::uint8_t* source, bool v6, std::uint32_t serial,
                        std::uint8_t port) {
    // No IPv6 source begins with all ones: an IPv4 one never looks like it.
    Entry entry{.high = UINT64_MAX, .low = 0, .serial = serial, .port = port};
    if (v6) {
      std::memcpy(&entry.high, source, sizeof(entry.high));
      std::memcpy(&entry.low, source + sizeof(entry.high), sizeof(entry.low));
    } else {
      std::uint32_t address;
      std::memcpy(&address, source, sizeof(address));
      entry.low = address;
    }
    return entry;
  }

  std::array<Entry, kEntries> entries_{};
};

}  // namespace jumpgate::data
