/// First stage: frames as they come from a port.
///
/// Purpose: Ethernet, IP and UDP are validated; datagrams for our listen port go on as Datagram,
/// packets from an inner port that are to be routed as InnerPacket; ARP, neighbour discovery and
/// echo requests to us go to the controller; everything else is a drop reason.
/// Owner thread: the worker. Bound: one batch. Checksums that the port has verified are not again.
/// RFC 1812 section 5.2.2 (IPv4 header), 768 and 8200 section 8.1 (UDP).
#pragma once

#include "data/batch.hpp"
#include "data/packets.hpp"
#include "data/shard.hpp"

namespace jumpgate::data {

/// `mbuf->port` is the index of the port. `frames` is empty afterwards.
void outer_input(Shard& shard, Batch<rte_mbuf*>& frames, Batch<Datagram>& datagrams,
                 Batch<InnerPacket>& inner);

}  // namespace jumpgate::data
