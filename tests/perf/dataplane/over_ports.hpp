/// The sealing worker over DPDK's own ports, for comparison with programs that run over the same:
/// the packets of a capture come in for ever (net_pcap), what is sealed goes nowhere (net_null).
///
/// Owner thread: main. Bound: `seconds` of time. Failure: a text; a dropped packet is one.
#pragma once

#include <expected>
#include <string>

#include <jumpgate/types.hpp>

struct rte_mempool;

namespace jumpgate::bench {

/// Millions of packets a second. The capture's frames go to net_pcap's first MAC address and to the
/// inner address of session 0.
std::expected<double, std::string> seal_capture(rte_mempool* pool, Suite suite,
                                                const std::string& capture, unsigned seconds);

}  // namespace jumpgate::bench
