#include "app/jumpgated/footprint.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <rte_mbuf.h>

#include "app/jumpgated/worker_set.hpp"
#include "audit/event.hpp"
#include "bus/peer_slots.hpp"
#include "ctl/session.hpp"
#include "net/neighbour_table.hpp"

namespace jumpgate::app {

std::size_t mbuf_data_room(const config::GatewayConfig& config) {
  std::size_t mtu = 1500;
  for (const config::PortConfig& port : config.ports)
    mtu = std::max<std::size_t>(mtu, port.mtu);
  constexpr std::size_t kEthernetAndVlan = 18;
  // In steps of the frames of af_packet's ring, each of which must fit one (drivers/ethdev/port_spec.cpp).
  constexpr std::size_t kStep = 1024;
  const std::size_t data = mtu + kEthernetAndVlan + limits::kMaxTunnelOverhead;
  return std::max<std::size_t>(RTE_MBUF_DEFAULT_BUF_SIZE,
                               RTE_PKTMBUF_HEADROOM + (data + kStep - 1) / kStep * kStep);
}

std::size_t packet_buffers(const config::GatewayConfig& config) {
  const std::size_t waiting =
      limits::kWaitingParts + (config.outer_reassembly ? data::Reassembly::kMaxWaiting : 0);
  return config.limits.mbufs + config.workers * waiting;
}

std::size_t peer_capacity(const config::GatewayConfig& config) {
  return std::min(limits::kMaxPeers,
                  std::max<std::size_t>(2 * config.peers.size(), config.limits.max_sessions));
}

std::vector<MemoryLine> footprint(const config::GatewayConfig& config) {
  const config::LimitsConfig& limits = config.limits;
  const std::size_t workers = config.workers;
  const std::size_t slots = slots_per_worker(config);
  std::vector<MemoryLine> lines;
  lines.push_back({"packet buffers", packet_buffers(config),
                   packet_buffers(config) * (mbuf_data_room(config) + sizeof(rte_mbuf))});
  for (const data::FootprintLine& line : data::Worker::footprint(worker_limits(config)))
    lines.push_back({std::string(line.what), workers, line.bytes * workers, line.heap});
  lines.push_back({"commands", limits.command_pool * workers,
                   bus::CommandChannel::footprint(limits.command_pool) * workers});
  lines.push_back({"report rings", limits.report_ring * workers,
                   bus::ReportChannel::footprint(limits.report_ring) * workers});
  lines.push_back(
      {"frame rings", kFrameRing * workers, bus::FrameChannel::footprint(kFrameRing) * workers});
  lines.push_back(
      {"session counters", slots * workers, bus::SessionCounterTable::footprint(slots) * workers});
  lines.push_back({"trace rings", bus::TraceChannel::kMaxPackets * workers,
                   bus::TraceChannel::footprint() * workers});
  if (workers > 1)
    lines.push_back({"hand-off rings", workers * workers,
                     data::HandOffMesh::footprint(config.workers, kHandOffRing)});
  lines.push_back(
      {"peer slots", peer_capacity(config), bus::PeerSlots::footprint(peer_capacity(config))});
  lines.push_back(
      {"session records", slots * workers, slots * workers * sizeof(ctl::Session), true});
  lines.push_back(
      {"event ring", limits::kEventRing, limits::kEventRing * sizeof(audit::Event), true});
  return lines;
}

std::size_t hugepages_needed(const std::vector<MemoryLine>& lines, std::size_t page_bytes) {
  std::size_t pages = 0;
  for (const MemoryLine& line : lines)
    if (!line.heap) pages += (line.bytes + page_bytes - 1) / page_bytes;
  return pages;
}

std::size_t total(const std::vector<MemoryLine>& lines) {
  std::size_t bytes = 0;
  for (const MemoryLine& line : lines)
    bytes += line.bytes;
  return bytes;
}

std::string to_text(const std::vector<MemoryLine>& lines) {
  constexpr double kMiB = 1024.0 * 1024.0;
  std::string text = fmt::format("{:<28} {:>10} {:>12}\n", "memory", "count", "MiB");
  for (const MemoryLine& line : lines)
    text += fmt::format("{:<28} {:>10} {:>12.2f}\n", line.what, line.count,
                        static_cast<double>(line.bytes) / kMiB);
  text += fmt::format("{:<28} {:>10} {:>12.2f}\n", "in all", "",
                      static_cast<double>(total(lines)) / kMiB);
  return text;
}

}  // namespace jumpgate::app
