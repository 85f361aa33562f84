/// One client as the generator plays it: the product's own engine, over a port that it shares with
/// all the others.
///
/// Purpose: client::Output over mbufs: datagrams get outer headers and go to the station, inner
/// packets to the meter. Each uplink is a source address of its own; its port changes at each jump.
/// Owner thread: the player's. Bound: some 12 KB, most of it expanded keys. Failure: as on any
/// network: what finds no buffer is lost and counted by the station.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <jumpgate/time.hpp>

#include "client/engine.hpp"
#include "data/outer_template.hpp"
#include "tools/jumpgen/client_plan.hpp"
#include "tools/jumpgen/histogram.hpp"
#include "tools/jumpgen/meter.hpp"
#include "tools/jumpgen/station.hpp"

namespace jumpgate::jumpgen {

struct SessionCounts {
  std::uint64_t attached{0};
  std::uint64_t ended{0};
  std::uint64_t jumps_begun{0};
  std::uint64_t jumps_done{0};
  std::uint64_t jumps_failed{0};
  std::uint64_t moves_unasked{0};  // the binding moved and nobody had asked for it
};

/// What all clients of one process share.
struct Playground {
  const ClientPlan& plan;
  Station& station;
  Meter& down;
  Endpoint gateway;
  PublicKey gateway_key;
  Suite suite;
  client::AeadSet aeads;
  base::RandomSource& random;
  std::uint64_t hello_base;  // HELLO counters start above it: it must rise from run to run

  MonoNs now;  // of the call that is running
  SessionCounts counts;
  Histogram attach_time;  // HELLO to ATTACHED
  Histogram jump_time;    // REATTACH to the commit
  /// Plaintexts of the burst that an engine is sealing, in order: their buffers leave as they are.
  std::span<rte_mbuf*> sealing;
};

class PlayedClient final : public client::Output, public client::CounterStore {
 public:
  PlayedClient(Playground& ground, std::uint32_t index);

  void start(MonoNs now);
  /// To the other uplink, from a new port. False when the session can not jump now.
  [[nodiscard]] bool jump(MonoNs now);
  /// Whether a datagram to this port of this uplink is ours.
  [[nodiscard]] bool owns(client::UplinkId uplink, std::uint16_t port) const {
    return ports_.at(uplink) == port;
  }
  [[nodiscard]] client::Engine& engine() { return engine_; }
  [[nodiscard]] const client::Engine& engine() const { return engine_; }

  void send(client::UplinkId uplink, std::span<const TxDatagram> datagrams) override;
  void deliver(std::span<const std::span<std::uint8_t>> inner) override;
  void event(const audit::Event& event) override;
  void tunnel_ready(const client::TunnelSetup& setup) override;
  std::uint64_t last() override { return hello_counter_; }
  bool write(std::uint64_t counter) override;

 private:
  void open_port(client::UplinkId uplink);
  [[nodiscard]] rte_mbuf* buffer_of(std::span<const std::uint8_t> datagram);

  Playground& ground_;
  std::uint32_t index_;
  std::uint64_t hello_counter_;
  std::uint32_t ports_opened_{0};
  std::array<std::uint16_t, kUplinks> ports_{};
  std::array<data::OuterTemplate, kUplinks> headers_;
  MonoNs started_;
  bool jumping_{false};
  MonoNs jump_began_;
  client::Engine engine_;
};

}  // namespace jumpgate::jumpgen
