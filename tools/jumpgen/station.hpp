/// One of our ports as a host on the gateway's link: it answers ARP for its own address, learns the
/// gateway's MAC, receives IPv4 frames and queues what is to be sent.
///
/// Purpose: the little of a network stack that both sides of the generator need.
/// Owner thread: the player's. Bound: kQueue frames wait for the port; one neighbour. Failure: a
/// frame that finds the queue full is freed and counted; resolved() stays false while the gateway
/// does not answer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <jumpgate/limits.hpp>
#include <jumpgate/ports.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

struct rte_mempool;

namespace jumpgate::jumpgen {

class Station {
 public:
  /// Frames that wait for the port; a burst of data and the control messages it may cause.
  static constexpr std::size_t kQueue = 256;

  Station(PacketPort& port, rte_mempool* pool, const IpAddress& own, const IpAddress& gateway)
      : port_(port), pool_(pool), own_(own), gateway_(gateway) {}
  Station(const Station&) = delete;
  Station& operator=(const Station&) = delete;
  ~Station();

  /// Asks for the gateway's MAC until it is known.
  void tick(MonoNs now);
  [[nodiscard]] bool resolved() const { return gateway_mac_.has_value(); }
  [[nodiscard]] const MacAddress& gateway_mac() const { return *gateway_mac_; }
  [[nodiscard]] const IpAddress& own() const { return own_; }
  [[nodiscard]] const PacketPort& port() const { return port_; }

  /// The IPv4 frames of one burst, which are the caller's to free. ARP was answered.
  std::span<rte_mbuf*> receive();
  /// A buffer with room in front for every header; null when the pool is empty.
  [[nodiscard]] rte_mbuf* allocate();
  /// Queues a whole frame, which is the station's from now on.
  void push(rte_mbuf* frame);
  [[nodiscard]] std::size_t room() const { return kQueue - queued_; }
  /// Gives the port what it takes; the rest waits.
  void flush();
  /// Frames lost because the queue or the pool had no room.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  void on_arp(std::span<const std::uint8_t> payload);
  void send_arp(bool reply, const MacAddress& to, const IpAddress& target);

  PacketPort& port_;
  rte_mempool* pool_;
  IpAddress own_;
  IpAddress gateway_;
  std::optional<MacAddress> gateway_mac_;
  MonoNs next_request_{};
  std::array<rte_mbuf*, limits::kBurst> received_{};
  std::array<rte_mbuf*, kQueue> queue_{};
  std::size_t queued_{0};
  std::uint64_t refused_{0};
};

/// The bytes of a frame.
[[nodiscard]] std::span<std::uint8_t> bytes_of(rte_mbuf* frame);

}  // namespace jumpgate::jumpgen
