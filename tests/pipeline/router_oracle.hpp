/// What a router does to a packet, once more: written from RFC 791, 1812, 8200, 6691 and 6040 in the plainest way, with
/// every checksum computed anew, and nothing of src/net's.
#pragma once

#include <cstdint>
#include <vector>

namespace jumpgate::test {

using ByteVector = std::vector<std::uint8_t>;

enum class Fate : std::uint8_t {
  kCarried,
  kCut,     // too large, and may be cut
  kTooBig,  // too large, and may not
  kNoHopLeft,
  kNotCarried,  // from or to where no router carries anything
};

/// `packet` is a whole IP packet, as an end of the tunnel takes it; `mtu` is that of the way out.
Fate fate_of(const ByteVector& packet, std::size_t mtu);

/// A packet of Fate::kCarried behind the router: a hop less, its MSS within `mss_mtu`, and marked "congestion
/// experienced" where that is asked.
ByteVector carried(ByteVector packet, std::size_t mss_mtu, bool mark);

/// TOS or traffic class.
std::uint8_t class_of(const ByteVector& packet);

}  // namespace jumpgate::test
