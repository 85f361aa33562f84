#include "data/port_tx.hpp"

#include <rte_ether.h>

namespace jumpgate::data {

bool PortTx::insert_vlan(rte_mbuf* frame, std::uint16_t vlan) {
  // rte_vlan_insert adds the tag's size to it: the port's checksum offloads count from there.
  frame->l2_len = RTE_ETHER_HDR_LEN;
  frame->vlan_tci = vlan;
  return rte_vlan_insert(&frame) == 0;
}

void PortTx::queue(std::span<rte_mbuf*> frames, TxBacklog& backlog) {
  for (rte_mbuf* frame : frames)
    if (rte_mbuf* lost = backlog.push(frame, static_cast<std::uint8_t>(frame->hash.usr)))
      drops_.drop(lost, DropReason::kTxQueueFull);
}

void PortTx::drain(std::size_t index, TxBacklog& backlog) {
  std::array<rte_mbuf*, limits::kBurst> frames;
  for (std::size_t count = frames.size(), sent = count; sent == count && !backlog.empty();) {
    count = 0;
    for (std::uint8_t lane = 0; count < frames.size() && !backlog.empty(); ++count) {
      frames[count] = backlog.pop(lane);
      frames[count]->hash.usr = lane;
    }
    sent = transmit(index, std::span(frames).first(count));
    for (std::size_t i = count; i > sent; --i)
      backlog.give_back(frames[i - 1], static_cast<std::uint8_t>(frames[i - 1]->hash.usr));
  }
}

void PortTx::drop_all(Batch<rte_mbuf*>& batch, TxBacklog& backlog) {
  for (rte_mbuf* frame : batch)
    drops_.drop(frame, DropReason::kLinkDown);
  for (std::uint8_t lane = 0; rte_mbuf* frame = backlog.pop(lane);)
    drops_.drop(frame, DropReason::kLinkDown);
}

}  // namespace jumpgate::data
