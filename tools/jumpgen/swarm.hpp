/// All the clients of one process: who a datagram is for, whose timer is due, who sends next.
///
/// Owner thread: the player's. Bound: the plan's count of clients, all made at the start; a poll
/// handles one burst. Failure: a datagram for no client's present port is counted and dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/timer_wheel.hpp"
#include "tools/jumpgen/packet_sizes.hpp"
#include "tools/jumpgen/played_client.hpp"

namespace jumpgate::jumpgen {

class Swarm {
 public:
  Swarm(Playground& ground, Meter& up, const IpAddress& server, MonoNs now);

  void start(std::uint32_t client, MonoNs now);
  /// Receives a burst and lets due timers act.
  void poll(MonoNs now);
  /// `packets` probes of one client, at most limits::kBurst, towards the server.
  void send(std::uint32_t client, std::size_t packets, PacketSizes& sizes, MonoNs now);
  [[nodiscard]] bool jump(std::uint32_t client, MonoNs now);
  /// Every session says goodbye.
  void close(std::uint32_t client, MonoNs now);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(clients_.size()); }
  [[nodiscard]] std::uint32_t attached() const;
  [[nodiscard]] const PlayedClient& client(std::uint32_t index) const { return *clients_[index]; }
  /// Datagrams to an address or port that is no client's.
  [[nodiscard]] std::uint64_t misdirected() const { return misdirected_; }
  /// What the engines dropped, by reason.
  [[nodiscard]] client::DropCounters drops() const;

 private:
  struct Arrival {
    ClientPlan::OuterOwner owner;
    RxDatagram datagram;
  };

  void receive(MonoNs now);
  [[nodiscard]] bool locate(std::span<std::uint8_t> frame, Arrival& arrival);
  void rearm(std::uint32_t client);

  Playground& ground_;
  Meter& up_;
  IpAddress server_;
  std::vector<std::unique_ptr<PlayedClient>> clients_;
  std::vector<MonoNs> armed_;  // by client: when its timer is set to
  base::TimerWheel timers_;
  std::uint64_t misdirected_{0};
};

}  // namespace jumpgate::jumpgen
