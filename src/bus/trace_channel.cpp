#include "bus/trace_channel.hpp"

#include <utility>

namespace jumpgate::bus {

std::expected<std::unique_ptr<TraceChannel>, std::string> TraceChannel::create(unsigned worker,
                                                                               int socket) {
  auto requests =
      Ring<TraceRequest>::create("jg_trace_q" + std::to_string(worker), kRequests, socket);
  if (!requests) return std::unexpected(requests.error());
  auto records = Ring<TracedPacket>::create("jg_trace" + std::to_string(worker), kRecords, socket);
  if (!records) return std::unexpected(records.error());
  std::unique_ptr<TraceChannel> channel(new TraceChannel);
  channel->requests_ = std::move(*requests);
  channel->records_ = std::move(*records);
  return channel;
}

bool TraceChannel::request(const TraceRequest& wanted) {
  for (TracedPacket stale; records_.pop(stale);) {
  }
  return requests_.push(wanted);
}

}  // namespace jumpgate::bus
