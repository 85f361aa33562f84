#include "data/control_input.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "crypto/control_seal.hpp"
#include "data/reporting.hpp"

namespace jumpgate::data {
namespace {

bool open_one(Shard& shard, Datagram& datagram) {
  const Endpoint from = source_of(datagram);
  if (!shard.admission.control(from.address, shard.now))
    return shard.drops.drop(datagram.mbuf, DropReason::kControlRateLimited);
  const auto key = shard.sessions.find_control(datagram.slot, datagram.type,
                                               ConnectionId{datagram.cid}, datagram.phase);
  if (!key) return shard.drops.drop(datagram.mbuf, key.error());
  std::array<std::uint8_t, wire::kControlPayloadSize> payload;
  const crypto::ControlMessage message(datagram.message, wire::kControlSize);
  if (!crypto::open_control(message, (*key)->key, payload))
    return shard.drops.drop(datagram.mbuf, DropReason::kAuthFailed);

  bus::Report report;
  report.kind = bus::ReportKind::kControl;
  report.type = datagram.type;
  report.port = static_cast<std::uint8_t>(datagram.mbuf->port);
  report.generation = (*key)->generation;
  report.session = shard.ref(datagram.slot);
  report.cid = ConnectionId{datagram.cid};
  report.from = from;
  report.to = destination_of(datagram);
  strip_to_message(datagram);
  std::ranges::copy(payload, bytes_of(datagram.mbuf));
  rte_pktmbuf_trim(datagram.mbuf, wire::kControlSize - wire::kControlPayloadSize);
  report.mbuf = datagram.mbuf;
  shard.counters.add(bus::WorkerCounter::kControlOpened);
  return punt(shard, report);
}

}  // namespace

void control_input(Shard& shard, Batch<Datagram>& control) {
  for (Datagram& datagram : control)
    open_one(shard, datagram);
  control.clear();
}

}  // namespace jumpgate::data
