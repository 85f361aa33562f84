/// A fragment of an outer datagram to us: judged, brought to the worker where its datagram is put together, added.
///
/// Purpose: the way of outer_input for what a path has cut (spec/path-mtu.md "Outer fragments"); whole datagrams never
/// come here.
/// Owner thread: the worker. Bound: data/reassembly.hpp. Failure: a named drop.
/// RFC 791 section 3.2, RFC 8200 section 4.5, RFC 6946, RFC 1858, RFC 3128.
#pragma once

#include <optional>

#include "data/shard.hpp"
#include "net/frame_parse.hpp"

namespace jumpgate::data {

struct WholeDatagram {
  rte_mbuf* frame;
  net::IpView ip;
};

/// `frame` came to an outer port and `ip`, to one of our addresses, is a fragment (IPv6: has a fragment header right
/// behind its own). Nothing: dropped, waiting, or with another worker.
std::optional<WholeDatagram> take_fragment(Shard& shard, rte_mbuf* frame, const net::IpView& ip);

}  // namespace jumpgate::data
