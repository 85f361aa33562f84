/// A packet port in memory: what a test puts in is received, what is sent can be taken out.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include <rte_mbuf.h>

#include <jumpgate/ports.hpp>

namespace jumpgate::test {

/// First in, first out; no memory is asked for below `kRoom` packets, so that a worker's rounds can
/// be watched for asking.
class PacketQueue {
 public:
  PacketQueue() { packets_.reserve(kRoom); }
  [[nodiscard]] bool empty() const { return next_ == packets_.size(); }
  void push(rte_mbuf* mbuf) { packets_.push_back(mbuf); }
  rte_mbuf* pop() {
    rte_mbuf* first = packets_[next_++];
    if (empty()) {
      packets_.clear();
      next_ = 0;
    }
    return first;
  }

 private:
  static constexpr std::size_t kRoom = 4096;
  std::vector<rte_mbuf*> packets_;
  std::size_t next_{0};
};

class MemoryPort final : public PacketPort {
 public:
  MemoryPort(std::string name, MacAddress mac, std::uint16_t queues)
      : name_(std::move(name)), mac_(mac), received_(queues) {}
  ~MemoryPort() override {
    for (PacketQueue& queue : received_)
      while (!queue.empty())
        rte_pktmbuf_free(queue.pop());
    while (!sent_.empty())
      rte_pktmbuf_free(sent_.pop());
  }
  MemoryPort(const MemoryPort&) = delete;
  MemoryPort& operator=(const MemoryPort&) = delete;

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] MacAddress mac() const override { return mac_; }
  [[nodiscard]] std::uint16_t mtu() const override { return 1500; }
  [[nodiscard]] std::uint16_t queues() const override {
    return static_cast<std::uint16_t>(received_.size());
  }
  [[nodiscard]] PortOffloads offloads() const override { return does; }
  [[nodiscard]] bool link_up() const override { return up; }

  std::uint16_t rx_burst(std::uint16_t queue, std::span<rte_mbuf*> out) override {
    const std::scoped_lock lock(mutex_);
    std::uint16_t count = 0;
    for (PacketQueue& from = received_[queue]; count < out.size() && !from.empty();)
      out[count++] = from.pop();
    return count;
  }
  std::uint16_t tx_burst(std::uint16_t /*queue*/, std::span<rte_mbuf*> packets) override {
    const std::scoped_lock lock(mutex_);
    const auto count = std::min({packets.size(), accepts, room});
    room -= count;
    for (rte_mbuf* mbuf : packets.first(count))
      sent_.push(mbuf);
    return static_cast<std::uint16_t>(count);
  }

  void put(std::uint16_t queue, rte_mbuf* mbuf) {
    const std::scoped_lock lock(mutex_);
    received_[queue].push(mbuf);
  }
  rte_mbuf* take() {
    const std::scoped_lock lock(mutex_);
    return sent_.empty() ? nullptr : sent_.pop();
  }

  bool up{true};
  PortOffloads does;
  std::size_t accepts{SIZE_MAX};  // packets that one tx_burst takes
  std::size_t room{SIZE_MAX};     // packets that it takes in all, from now on

 private:
  std::string name_;
  MacAddress mac_;
  std::vector<PacketQueue> received_;
  PacketQueue sent_;
  std::mutex mutex_;  // the two-thread test's other side
};

}  // namespace jumpgate::test
