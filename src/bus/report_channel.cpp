#include "bus/report_channel.hpp"

#include <utility>

#include <rte_mbuf.h>

namespace jumpgate::bus {

std::expected<std::unique_ptr<ReportChannel>, std::string> ReportChannel::create(
    unsigned worker, std::size_t reports, int socket) {
  auto ring = Ring<Report>::create("jg_report" + std::to_string(worker), reports, socket);
  if (!ring) return std::unexpected(ring.error());
  std::unique_ptr<ReportChannel> channel(new ReportChannel);
  channel->ring_ = std::move(*ring);
  return channel;
}

ReportChannel::~ReportChannel() {
  Report report;
  while (ring_.pop(report))
    rte_pktmbuf_free(report.mbuf);
}

}  // namespace jumpgate::bus
