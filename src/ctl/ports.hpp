/// What the controller's core needs of the world, as interfaces: the glue (controller_loop)
/// implements them over the bus and the ports, tests and the simulation with plain containers.
/// Nothing here knows DPDK, sockets or clocks.
///
/// Owner thread: the controller calls all of it. Failure: each call says so by its result, at once;
/// nobody blocks.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

#include "bus/messages.hpp"
#include "config/gateway_config.hpp"
#include "net/topology.hpp"

namespace jumpgate::ctl {

/// Traffic of one session as its owning worker counted it; statistics only, never a ground for a
/// decision.
struct TrafficFigures {
  std::uint64_t rx_packets{0};
  std::uint64_t rx_bytes{0};
  std::uint64_t tx_packets{0};
  std::uint64_t tx_bytes{0};
  std::uint64_t drops{0};
  MonoNs last_heard{};  // 0: never
  std::uint32_t srtt_us{0};
  std::uint32_t loss_permille{0};
  std::uint32_t path_mtu{0};  // of the bound path, towards the client; 0: no binding yet
};

/// Commands to the workers. To hold one is the credit: send() can not fail.
class WorkerLink {
 public:
  virtual ~WorkerLink() = default;
  /// Nothing when the worker's pool is empty: try again next tick.
  [[nodiscard]] virtual bus::Command* obtain(std::uint8_t worker) = 0;
  virtual void send(std::uint8_t worker, bus::Command* command) = 0;
  /// Gives back one that was not needed.
  virtual void release(std::uint8_t worker, bus::Command* command) = 0;
  /// Inner packets of a configured peer go to this session from now on; or to none.
  virtual void route_peer(std::uint32_t peer, const bus::SessionRef& session) = 0;
  virtual void unroute_peer(std::uint32_t peer) = 0;
  [[nodiscard]] virtual TrafficFigures figures(const bus::SessionRef& session) const = 0;
};

/// Whole JVP/1 datagrams of the controller: handshake and control messages, resets.
class DatagramOut {
 public:
  virtual ~DatagramOut() = default;
  /// Sent with `local` as its source. False: not sent (no route, no mbuf, full ring), as if the
  /// network had lost it.
  virtual bool send(const Endpoint& local, const Endpoint& remote,
                    std::span<const std::uint8_t> datagram) = 0;
};

/// Where a binding's packets leave; holds the neighbour's entry for as long as the path is in use.
class OuterPaths {
 public:
  virtual ~OuterPaths() = default;
  /// Nothing when there is no route or the neighbour table is full.
  [[nodiscard]] virtual std::optional<bus::OuterPath> acquire(const Endpoint& local,
                                                              const Endpoint& remote,
                                                              MonoNs now) = 0;
  virtual void release(const bus::OuterPath& path) = 0;
};

/// Images that wait to be published.
class PreparedRoutes {
 public:
  PreparedRoutes() = default;
  PreparedRoutes(const PreparedRoutes&) = delete;
  PreparedRoutes& operator=(const PreparedRoutes&) = delete;
  virtual ~PreparedRoutes() = default;
};

/// The workers' image of where inner packets go; src/app builds it from these and its ports, and
/// publishes it.
class RouteBook {
 public:
  virtual ~RouteBook() = default;
  /// O(prefixes). Any thread, one at a time. Why not, when not.
  [[nodiscard]] virtual std::expected<std::unique_ptr<PreparedRoutes>, std::string> prepare(
      std::span<const net::PeerPrefix> prefixes, const config::GatewayConfig& config) = 0;
  /// All at once, or not at all and why. O(1).
  [[nodiscard]] virtual std::expected<void, std::string> publish(PreparedRoutes& routes) = 0;
};

}  // namespace jumpgate::ctl
