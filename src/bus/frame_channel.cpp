#include "bus/frame_channel.hpp"

#include <utility>

#include <rte_mbuf.h>

namespace jumpgate::bus {

std::expected<std::unique_ptr<FrameChannel>, std::string> FrameChannel::create(unsigned worker,
                                                                               std::size_t frames,
                                                                               int socket) {
  auto ring = Ring<rte_mbuf*>::create("jg_frame" + std::to_string(worker), frames, socket);
  if (!ring) return std::unexpected(ring.error());
  std::unique_ptr<FrameChannel> channel(new FrameChannel);
  channel->ring_ = std::move(*ring);
  return channel;
}

FrameChannel::~FrameChannel() {
  rte_mbuf* frame = nullptr;
  while (ring_.pop(frame))
    rte_pktmbuf_free(frame);
}

}  // namespace jumpgate::bus
