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
      : name_(std::move(name)), mac_(mac), queues_(queues) {}
  ~MemoryPort() override {
    for (Queue& queue : queues_)
      while (!queue.received.empty())
        rte_pktmbuf_free(queue.received.pop());
    while (rte_mbuf* mbuf = take())
      rte_pktmbuf_free(mbuf);
  }
  MemoryPort(const MemoryPort&) = delete;
  MemoryPort& operator=(const MemoryPort&) = delete;

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] MacAddress mac() const override { return mac_; }
  [[nodiscard]] std::uint16_t mtu() const override { return link_mtu; }
  [[nodiscard]] std::uint16_t queues() const override {
    return static_cast<std::uint16_t>(queues_.size());
  }
  [[nodiscard]] PortOffloads offloads() const override { return does; }
  [[nodiscard]] bool link_up() const override { return up; }

  std::uint16_t rx_burst(std::uint16_t queue, std::span<rte_mbuf*> out) override {
    Queue& from = queues_[queue];
    const std::scoped_lock lock(from.mutex);
    std::uint16_t count = 0;
    while (count < out.size() && !from.received.empty())
      out[count++] = from.received.pop();
    return count;
  }
  std::uint16_t tx_burst(std::uint16_t queue, std::span<rte_mbuf*> packets) override {
    Queue& to = queues_[queue];
    const std::scoped_lock lock(to.mutex);
    const auto count = std::min({packets.size(), accepts, room});
    if (room != SIZE_MAX) room -= count;
    for (rte_mbuf* mbuf : packets.first(count))
      to.sent.push(mbuf);
    return static_cast<std::uint16_t>(count);
  }

  void put(std::uint16_t queue, rte_mbuf* mbuf) {
    const std::scoped_lock lock(queues_[queue].mutex);
    queues_[queue].received.push(mbuf);
  }
  rte_mbuf* take() {
    for (Queue& queue : queues_) {
      const std::scoped_lock lock(queue.mutex);
      if (!queue.sent.empty()) return queue.sent.pop();
    }
    return nullptr;
  }

  bool up{true};
  PortOffloads does;
  std::uint16_t link_mtu{1500};
  std::size_t accepts{SIZE_MAX};  // packets that one tx_burst takes
  std::size_t room{SIZE_MAX};  // packets that it takes in all, from now on; of one worker's tests

 private:
  /// Workers share no lock: it would order for them what they have to order themselves.
  struct Queue {
    std::mutex mutex;  // with the test's thread
    PacketQueue received;
    PacketQueue sent;
  };

  std::string name_;
  MacAddress mac_;
  std::vector<Queue> queues_;
};

}  // namespace jumpgate::test
