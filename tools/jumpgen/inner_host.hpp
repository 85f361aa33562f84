/// The host behind the gateway that all clients talk to: it checks what comes out of the tunnels
/// and sends into them.
///
/// Owner thread: the player's. Bound: one burst a call. Failure: as of the station.
#pragma once

#include <cstdint>

#include "tools/jumpgen/client_plan.hpp"
#include "tools/jumpgen/meter.hpp"
#include "tools/jumpgen/packet_sizes.hpp"
#include "tools/jumpgen/station.hpp"

namespace jumpgate::jumpgen {

class InnerHost {
 public:
  InnerHost(const ClientPlan& plan, Station& station, Meter& up, Meter& down)
      : plan_(plan), station_(station), up_(up), down_(down) {}

  void poll(MonoNs now);
  /// `packets` probes to one client, at most limits::kBurst.
  void send(std::uint32_t client, std::size_t packets, PacketSizes& sizes, MonoNs now);

 private:
  const ClientPlan& plan_;
  Station& station_;
  Meter& up_;
  Meter& down_;
};

}  // namespace jumpgate::jumpgen
