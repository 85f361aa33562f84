/// A packet port in memory: what a test puts in is received, what is sent can be taken out.
#pragma once

#include <algorithm>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include <rte_mbuf.h>

#include <jumpgate/ports.hpp>

namespace jumpgate::test {

class MemoryPort final : public PacketPort {
 public:
  MemoryPort(std::string name, MacAddress mac, std::uint16_t queues)
      : name_(std::move(name)), mac_(mac), received_(queues) {}
  ~MemoryPort() override {
    for (auto& queue : received_)
      for (rte_mbuf* mbuf : queue)
        rte_pktmbuf_free(mbuf);
    for (rte_mbuf* mbuf : sent)
      rte_pktmbuf_free(mbuf);
  }
  MemoryPort(const MemoryPort&) = delete;
  MemoryPort& operator=(const MemoryPort&) = delete;

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] MacAddress mac() const override { return mac_; }
  [[nodiscard]] std::uint16_t mtu() const override { return 1500; }
  [[nodiscard]] std::uint16_t queues() const override {
    return static_cast<std::uint16_t>(received_.size());
  }
  [[nodiscard]] PortOffloads offloads() const override { return {}; }
  [[nodiscard]] bool link_up() const override { return up; }

  std::uint16_t rx_burst(std::uint16_t queue, std::span<rte_mbuf*> out) override {
    const std::scoped_lock lock(mutex_);
    std::uint16_t count = 0;
    for (auto& from = received_[queue]; count < out.size() && !from.empty(); from.pop_front())
      out[count++] = from.front();
    return count;
  }
  std::uint16_t tx_burst(std::uint16_t /*queue*/, std::span<rte_mbuf*> packets) override {
    const std::scoped_lock lock(mutex_);
    const auto count = std::min(packets.size(), accepts);
    for (rte_mbuf* mbuf : packets.first(count))
      sent.push_back(mbuf);
    return static_cast<std::uint16_t>(count);
  }

  void put(std::uint16_t queue, rte_mbuf* mbuf) {
    const std::scoped_lock lock(mutex_);
    received_[queue].push_back(mbuf);
  }
  rte_mbuf* take() {
    const std::scoped_lock lock(mutex_);
    if (sent.empty()) return nullptr;
    rte_mbuf* mbuf = sent.front();
    sent.pop_front();
    return mbuf;
  }

  bool up{true};
  std::size_t accepts{SIZE_MAX};  // packets that one tx_burst takes
  std::deque<rte_mbuf*> sent;

 private:
  std::string name_;
  MacAddress mac_;
  std::vector<std::deque<rte_mbuf*>> received_;
  std::mutex mutex_;  // the two-thread test's other side
};

}  // namespace jumpgate::test
