#include "data/path_probe.hpp"

#include <algorithm>

#include "data/heartbeat.hpp"
#include "session/liveness.hpp"

namespace jumpgate::data {
namespace {

/// Bytes of outer IP and UDP headers.
std::size_t headers_of(const OuterTemplate& outer) {
  return outer.size - net::kEthernetSize;
}

MonoNs busy_until(Shard& shard, std::uint32_t slot) {
  return shard.sessions.binding(slot).last_traffic + session::kTrafficMemory;
}

void use_path_mtu(Shard& shard, std::uint32_t slot) {
  OuterTemplate& outer = shard.sessions.binding(slot).outer;
  const session::PathMtu& path = shard.sessions.record(slot).path_mtu;
  const auto inner = [&](std::uint16_t mtu) {
    return static_cast<std::uint16_t>(mtu - headers_of(outer) - wire::kTrafficOverhead);
  };
  outer.inner_mtu = inner(path.confirmed());
  outer.told_mtu = inner(path.told());
  shard.session_counters[slot].path_mtu.set(path.confirmed());
}

}  // namespace

void restart_path_mtu(Shard& shard, std::uint32_t slot) {
  const OuterTemplate& outer = shard.sessions.binding(slot).outer;
  const std::size_t most = limits::kMaxDatagram + headers_of(outer);
  const auto link =
      static_cast<std::uint16_t>(std::min<std::size_t>(shard.ports[outer.port].mtu, most));
  if (!shard.shared.inner.probe_path_mtu) {
    shard.session_counters[slot].path_mtu.set(link);
    return;
  }
  shard.sessions.record(slot).path_mtu.restart(link, shard.now);
  use_path_mtu(shard, slot);
}

MonoNs next_path_probe(Shard& shard, std::uint32_t slot) {
  return shard.sessions.record(slot).path_mtu.next_due(busy_until(shard, slot));
}

void run_path_probe(Shard& shard, std::uint32_t slot) {
  SlotRecord& record = shard.sessions.record(slot);
  const std::uint16_t before = record.path_mtu.told();
  const auto size = record.path_mtu.poll(shard.now, busy_until(shard, slot));
  if (size) {
    const wire::Heartbeat probe = record.liveness.make_path_probe(shard.now);
    const std::size_t headers = headers_of(shard.sessions.binding(slot).outer);
    send_padded_heartbeat(shard, slot, probe, *size - headers - wire::kTrafficOverhead);
    record.path_mtu.sent(*size, probe.send_time_us, record.rtt.smoothed(), shard.now);
    shard.counters.add(bus::WorkerCounter::kPathProbes);
  }
  if (record.path_mtu.told() != before) use_path_mtu(shard, slot);
}

void note_path_echo(Shard& shard, std::uint32_t slot, const wire::Heartbeat& heartbeat) {
  if (!shard.sessions.record(slot).path_mtu.on_echo(heartbeat.echo_time_us, shard.now)) return;
  use_path_mtu(shard, slot);
  arm_timer(shard, slot);
}

}  // namespace jumpgate::data
