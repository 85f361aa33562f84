#include "data/trace.hpp"

#include "net/frames.hpp"
#include "net/upper_layer.hpp"

namespace jumpgate::data {
namespace {

/// Addresses, protocol, and the ports where there are any. The packet is sound.
void describe_inner(bus::TracedPacket& record, rte_mbuf* packet) {
  const std::span<const std::uint8_t> bytes(bytes_of(packet), rte_pktmbuf_data_len(packet));
  record.inner_length = static_cast<std::uint16_t>(bytes.size());
  const auto ip = net::parse_ip(bytes);
  if (!ip) return;
  record.inner_from.address = ip->source();
  record.inner_to.address = ip->destination();
  const net::UpperLayer upper = net::upper_layer_of(bytes);
  record.protocol = upper.protocol;
  const bool has_ports = upper.protocol == net::kProtocolTcp || upper.protocol == net::kProtocolUdp;
  if (!has_ports || !upper.readable || !upper.first || bytes.size() < upper.offset + 4) return;
  record.inner_from.port = base::load_be16(&bytes[upper.offset]);
  record.inner_to.port = base::load_be16(&bytes[upper.offset + 2]);
}

}  // namespace

void trace_received(Shard& shard, const Datagram& datagram) {
  bus::TracedPacket* record = shard.tracer.meet(datagram.mbuf);
  if (record == nullptr) return;
  record->outer_from = source_of(datagram);
  record->outer_to = destination_of(datagram);
  record->outer_length = datagram.length;
  record->type = datagram.type;
  record->counter = datagram.counter;
  shard.tracer.pass(datagram.mbuf, bus::TraceStage::kReceived);
}

void trace_inner(Shard& shard, rte_mbuf* packet) {
  if (bus::TracedPacket* record = shard.tracer.find(packet)) describe_inner(*record, packet);
}

void trace_routed(Shard& shard, Batch<Routed>& routed) {
  for (const Routed& packet : routed) {
    // Between two clients one record tells both halves, as that of the one it was met with.
    if (packet.session.worker != shard.worker || !shard.tracer.follows(packet.session.slot) ||
        shard.tracer.find(packet.mbuf) != nullptr)
      continue;
    bus::TracedPacket* record = shard.tracer.meet(packet.mbuf);
    if (record == nullptr) return;
    record->out = true;
    record->type = wire::Type::kData;
    describe_inner(*record, packet.mbuf);
    note_forwarded(shard, packet.mbuf);
  }
}

void trace_sealed(Shard& shard, const Outgoing& message) {
  bus::TracedPacket* record = shard.tracer.find(message.mbuf);
  if (record == nullptr && message.type != wire::Type::kData &&
      shard.tracer.follows(message.slot)) {
    record = shard.tracer.meet(message.mbuf);
    if (record != nullptr) record->out = true;
  }
  if (record == nullptr) return;
  if (record->out) {
    record->type = message.type;
    record->counter = message.counter;
    record->outer_to = shard.sessions.binding(message.slot).remote;
    record->outer_length = rte_pktmbuf_data_len(message.mbuf);
  }
  shard.tracer.pass(message.mbuf, bus::TraceStage::kSealed);
}

}  // namespace jumpgate::data
