#include "tools/jumpgen/inner_host.hpp"

#include <algorithm>

#include <rte_mbuf.h>

#include "net/frames.hpp"

namespace jumpgate::jumpgen {

void InnerHost::poll(MonoNs now) {
  const std::span<rte_mbuf*> frames = station_.receive();
  for (rte_mbuf* frame : frames) {
    const auto probe = read_probe(bytes_of(frame).subspan(net::kEthernetSize));
    const bool true_source = probe && probe->probe.client < plan_.count() &&
                             probe->source == plan_.inner_address(probe->probe.client) &&
                             probe->destination == station_.own();
    up_.arrived(probe, true_source ? std::optional(probe->probe.client) : std::nullopt, now);
  }
  rte_pktmbuf_free_bulk(frames.data(), static_cast<unsigned>(frames.size()));
}

void InnerHost::send(std::uint32_t client, std::size_t packets, PacketSizes& sizes, MonoNs now) {
  for (std::size_t i = 0; i < std::min(packets, limits::kBurst); ++i) {
    rte_mbuf* frame = station_.allocate();
    if (frame == nullptr) return;
    const std::uint16_t size = sizes.next();
    const auto whole = static_cast<std::uint16_t>(net::kEthernetSize + size);
    const std::span bytes(reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(frame, whole)), whole);
    net::build_ethernet(bytes, station_.gateway_mac(), station_.port().mac(), net::kEtherTypeIpv4);
    write_probe(bytes.subspan(net::kEthernetSize), station_.own(), plan_.inner_address(client),
                down_.stamp(client, size, now));
    station_.push(frame);
  }
}

}  // namespace jumpgate::jumpgen
