/// The core's interfaces over the bus, the neighbour table and the routes: what makes the controller a real one.
///
/// Owner thread: the controller. Bound: the rings' and tables' own. Failure: each call's own; nothing blocks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "bus/command_channel.hpp"
#include "bus/frame_channel.hpp"
#include "bus/peer_slots.hpp"
#include "bus/session_counters.hpp"
#include "ctl/ports.hpp"
#include "net/filter_image.hpp"
#include "net/neighbours.hpp"
#include "net/outer_router.hpp"
#include "net/published.hpp"
#include "net/rate_image.hpp"
#include "net/route_image.hpp"

struct rte_mempool;

namespace jumpgate::ctl {

/// Frames to the wire, by way of a worker: whatever port, any worker has a queue on it.
class FrameSender {
 public:
  FrameSender(std::vector<bus::FrameChannel*> channels, rte_mempool* pool)
      : channels_(std::move(channels)), pool_(pool) {}
  /// A whole frame for `port`, or an inner packet with bus::kIntoTunnel. False: no mbuf, or the ring is full.
  bool send(std::uint16_t port, std::span<const std::uint8_t> bytes, std::uint8_t worker = 0);
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  std::vector<bus::FrameChannel*> channels_;
  rte_mempool* pool_;
  std::uint64_t lost_{0};
};

class BusWorkerLink final : public WorkerLink {
 public:
  BusWorkerLink(std::vector<bus::CommandChannel*> commands,
                std::vector<const bus::SessionCounterTable*> counters, bus::PeerSlots& peers)
      : commands_(std::move(commands)), counters_(std::move(counters)), peers_(peers) {}

  bus::Command* obtain(std::uint8_t worker) override { return commands_[worker]->obtain(); }
  void send(std::uint8_t worker, bus::Command* command) override {
    commands_[worker]->send(command);
  }
  void release(std::uint8_t worker, bus::Command* command) override {
    commands_[worker]->release(command);
  }
  void route_peer(std::uint32_t peer, const bus::SessionRef& session) override {
    peers_.set(peer, session);
  }
  void unroute_peer(std::uint32_t peer) override { peers_.clear(peer); }
  [[nodiscard]] TrafficFigures figures(const bus::SessionRef& session) const override;

 private:
  std::vector<bus::CommandChannel*> commands_;
  std::vector<const bus::SessionCounterTable*> counters_;
  bus::PeerSlots& peers_;
};

/// Datagrams and outer paths by the configured outer routes; unresolved next hops wait in the neighbours' queues.
class OuterLink final : public DatagramOut, public OuterPaths {
 public:
  OuterLink(const net::OuterRouter& router, net::Neighbours& neighbours,
            std::span<const net::PortAddressing> ports);

  /// The time that DatagramOut::send works with: set before each round.
  void set_now(MonoNs now) { now_ = now; }
  bool send(const Endpoint& local, const Endpoint& remote,
            std::span<const std::uint8_t> datagram) override;
  [[nodiscard]] std::optional<bus::OuterPath> acquire(const Endpoint& local, const Endpoint& remote,
                                                      MonoNs now) override;
  void release(const bus::OuterPath& path) override { neighbours_.release(path.neighbour); }

 private:
  [[nodiscard]] MacAddress mac_of(std::uint8_t port) const;

  const net::OuterRouter& router_;
  net::Neighbours& neighbours_;
  std::vector<net::PortAddressing> ports_;
  MonoNs now_{};
};

/// Builds the images of inner routes (from peers, inner ports and their static routes), of filters and of rates, and
/// publishes them.
class ImageBook final : public RouteBook {
 public:
  ImageBook(net::Published<net::RouteImage>& routes, net::Published<net::FilterImage>& filters,
            net::Published<net::RateImage>& rates, std::vector<net::PortAddressing> inner_ports,
            unsigned workers)
      : published_(routes),
        filters_(filters),
        rates_(rates),
        inner_ports_(std::move(inner_ports)),
        workers_(workers) {}
  std::expected<std::unique_ptr<PreparedRoutes>, std::string> prepare(
      std::span<const net::PeerPrefix> prefixes, const config::GatewayConfig& config) override;
  std::expected<void, std::string> publish(PreparedRoutes& routes) override;
  [[nodiscard]] const net::RouteImage& image() const { return *published_.get(); }
  /// Frees former images that no worker can hold any more, on the thread that prepares: to free one
  /// takes as long as it is large. False: some wait.
  bool reclaim();

 private:
  struct Images final : PreparedRoutes {
    std::unique_ptr<const net::RouteImage> routes;
    std::unique_ptr<const net::FilterImage> filters;
    std::unique_ptr<const net::RateImage> rates;  // nothing: they stay, and so do their buckets
  };

  net::Published<net::RouteImage>& published_;
  net::Published<net::FilterImage>& filters_;
  net::Published<net::RateImage>& rates_;
  std::vector<net::PortAddressing> inner_ports_;
  unsigned workers_;
};

}  // namespace jumpgate::ctl
