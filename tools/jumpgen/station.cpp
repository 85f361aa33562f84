#include "tools/jumpgen/station.hpp"

#include <algorithm>

#include <rte_mbuf.h>

#include "net/frames.hpp"

namespace jumpgate::jumpgen {
namespace {

constexpr Duration kArpPause = milliseconds(200);

}  // namespace

std::span<std::uint8_t> bytes_of(rte_mbuf* frame) {
  return {rte_pktmbuf_mtod(frame, std::uint8_t*), rte_pktmbuf_data_len(frame)};
}

Station::~Station() {
  rte_pktmbuf_free_bulk(queue_.data(), static_cast<unsigned>(queued_));
}

void Station::tick(MonoNs now) {
  if (resolved() || now < next_request_) return;
  next_request_ = now + kArpPause;
  send_arp(false, net::kBroadcastMac, gateway_);
}

void Station::send_arp(bool reply, const MacAddress& to, const IpAddress& target) {
  rte_mbuf* frame = allocate();
  if (frame == nullptr) return;
  std::array<std::uint8_t, net::kEthernetSize + net::kArpSize> bytes;
  net::build_arp_frame(
      bytes, to,
      {.operation = reply ? net::ArpOperation::kReply : net::ArpOperation::kRequest,
       .sender_mac = port_.mac(),
       .sender = own_,
       .target_mac = reply ? to : MacAddress{},
       .target = target});
  std::ranges::copy(bytes, reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(
                               frame, static_cast<std::uint16_t>(bytes.size()))));
  push(frame);
}

void Station::on_arp(std::span<const std::uint8_t> payload) {
  const auto arp = net::parse_arp(payload);
  if (!arp) return;
  if (arp->sender == gateway_) gateway_mac_ = arp->sender_mac;
  if (arp->operation == net::ArpOperation::kRequest && arp->target == own_)
    send_arp(true, arp->sender_mac, arp->sender);
}

std::span<rte_mbuf*> Station::receive() {
  const std::uint16_t count = port_.rx_burst(0, received_);
  std::size_t kept = 0;
  for (std::uint16_t i = 0; i < count; ++i) {
    rte_mbuf* frame = received_.at(i);
    const auto ethernet = net::parse_ethernet(bytes_of(frame));
    if (ethernet && ethernet->type == net::kEtherTypeIpv4 && frame->nb_segs == 1) {
      received_.at(kept++) = frame;
      continue;
    }
    if (ethernet && ethernet->type == net::kEtherTypeArp) on_arp(ethernet->payload);
    rte_pktmbuf_free(frame);
  }
  return std::span(received_).first(kept);
}

rte_mbuf* Station::allocate() {
  rte_mbuf* frame = rte_pktmbuf_alloc(pool_);
  if (frame == nullptr) ++refused_;
  return frame;
}

void Station::push(rte_mbuf* frame) {
  if (queued_ == kQueue) {
    ++refused_;
    rte_pktmbuf_free(frame);
    return;
  }
  queue_.at(queued_++) = frame;
}

void Station::flush() {
  std::size_t sent = 0;
  while (sent < queued_) {
    const std::size_t burst = std::min(queued_ - sent, limits::kBurst);
    const std::uint16_t taken = port_.tx_burst(0, std::span(queue_).subspan(sent, burst));
    sent += taken;
    if (taken < burst) break;
  }
  if (sent == 0) return;
  std::copy(queue_.begin() + static_cast<std::ptrdiff_t>(sent),
            queue_.begin() + static_cast<std::ptrdiff_t>(queued_), queue_.begin());
  queued_ -= sent;
}

}  // namespace jumpgate::jumpgen
