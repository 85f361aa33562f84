/// A packet port that costs next to nothing: each queue hands out bursts that were prepared before,
/// and keeps what is sent until it is taken away.
///
/// Purpose: what is measured is the worker; what remains of the port is measured by itself (port
/// loop in floor.hpp). Owner thread: each lane (queue) belongs to one thread.
/// Bound: `capacity` packets a lane each way; tx_burst takes no more.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <rte_mbuf.h>

#include <jumpgate/ports.hpp>

namespace jumpgate::bench {

class BenchPort final : public PacketPort {
 public:
  BenchPort(std::string name, MacAddress mac, std::uint16_t queues, std::size_t capacity)
      : name_(std::move(name)), mac_(mac), lanes_(queues) {
    for (Lane& lane : lanes_) {
      lane.ready.reserve(capacity);
      lane.sent.resize(capacity);
    }
  }
  ~BenchPort() override {
    for (std::uint16_t queue = 0; queue < queues(); ++queue)
      free_sent(queue);
  }
  BenchPort(const BenchPort&) = delete;
  BenchPort& operator=(const BenchPort&) = delete;

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] MacAddress mac() const override { return mac_; }
  [[nodiscard]] std::uint16_t mtu() const override { return 1500; }
  [[nodiscard]] std::uint16_t queues() const override {
    return static_cast<std::uint16_t>(lanes_.size());
  }
  [[nodiscard]] PortOffloads offloads() const override { return offloads_; }
  void set_offloads(const PortOffloads& offloads) { offloads_ = offloads; }

  std::uint16_t rx_burst(std::uint16_t queue, std::span<rte_mbuf*> out) override {
    Lane& lane = lanes_[queue];
    const std::size_t count = std::min(out.size(), lane.ready.size() - lane.next);
    std::copy_n(lane.ready.begin() + static_cast<std::ptrdiff_t>(lane.next), count, out.begin());
    lane.next += count;
    return static_cast<std::uint16_t>(count);
  }
  std::uint16_t tx_burst(std::uint16_t queue, std::span<rte_mbuf*> packets) override {
    Lane& lane = lanes_[queue];
    const std::size_t count = std::min(packets.size(), lane.sent.size() - lane.sent_count);
    std::copy_n(packets.begin(), count,
                lane.sent.begin() + static_cast<std::ptrdiff_t>(lane.sent_count));
    lane.sent_count += count;
    return static_cast<std::uint16_t>(count);
  }

  /// To be received next; the lane is empty before.
  void load(std::uint16_t queue, std::span<rte_mbuf* const> packets) {
    Lane& lane = lanes_[queue];
    lane.ready.assign(packets.begin(), packets.end());
    lane.next = 0;
  }
  [[nodiscard]] bool drained(std::uint16_t queue) const {
    return lanes_[queue].next == lanes_[queue].ready.size();
  }
  [[nodiscard]] std::size_t sent_count(std::uint16_t queue) const {
    return lanes_[queue].sent_count;
  }
  [[nodiscard]] std::span<rte_mbuf*> sent(std::uint16_t queue) {
    return {lanes_[queue].sent.data(), lanes_[queue].sent_count};
  }
  void free_sent(std::uint16_t queue) {
    Lane& lane = lanes_[queue];
    if (lane.sent_count != 0)
      rte_pktmbuf_free_bulk(lane.sent.data(), static_cast<unsigned>(lane.sent_count));
    lane.sent_count = 0;
  }

 private:
  struct alignas(64) Lane {
    std::vector<rte_mbuf*> ready;
    std::size_t next{0};
    std::vector<rte_mbuf*> sent;
    std::size_t sent_count{0};
  };

  std::string name_;
  MacAddress mac_;
  PortOffloads offloads_;
  std::vector<Lane> lanes_;
};

}  // namespace jumpgate::bench
