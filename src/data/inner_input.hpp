/// Inner packets: checked, routed, and sent to a port or on to be sealed for another peer.
///
/// Purpose: what a peer sends is believed only as far as its allowed IPs go, and never reaches the
/// gateway's own outer addresses (a tunnel inside itself). Refusals are handed to the controller
/// within limits, so that ICMP may answer. Checksums inside are not touched, but for the IPv4
/// header's change by the TTL (RFC 1624): a wrong one stays wrong and dies at its receiver.
/// Owner thread: the worker. Bound: one batch. RFC 1812 section 5.3.1 (TTL), spec/wire.md "DATA".
#pragma once

#include "data/batch.hpp"
#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// `inner` is empty afterwards; what belongs to a peer is in `routed`.
void inner_input(Shard& shard, Batch<InnerPacket>& inner, Batch<Routed>& routed);

}  // namespace jumpgate::data
