/// The ports of the controller's core with an exchange in between: at the gateway the real ones,
/// whose answers are kept; in a replay stand-ins, whose answers are replaced by those that were kept.
/// The code is the same, so what is recorded and what is compared can not differ.
///
/// What leaves of a command, a job or a datagram is what was decided, never keys, tokens or sealed
/// bytes. Owner thread: the controller's. Bound and failure: those of the ports below.
#pragma once

#include <optional>

#include "audit/event_log.hpp"
#include "base/random.hpp"
#include "ctl/core.hpp"
#include "record/entries.hpp"

namespace jumpgate::record {

class TapedPorts final : public ctl::WorkerLink,
                         public ctl::DatagramOut,
                         public ctl::OuterPaths,
                         public ctl::HandshakeQueue,
                         public ctl::RouteBook,
                         public base::RandomSource,
                         public audit::EventObserver {
 public:
  TapedPorts(Exchange& tape, const ctl::Ports& below) : tape_(tape), below_(below) {}
  TapedPorts(const TapedPorts&) = delete;
  TapedPorts& operator=(const TapedPorts&) = delete;
  ~TapedPorts() override = default;

  /// For the core; events are observed where `below` publishes them.
  [[nodiscard]] ctl::Ports ports();

  // ctl::WorkerLink
  bus::Command* obtain(std::uint8_t worker) override;
  void send(std::uint8_t worker, bus::Command* command) override;
  void release(std::uint8_t worker, bus::Command* command) override;
  void route_peer(std::uint32_t peer, const bus::SessionRef& session) override;
  void unroute_peer(std::uint32_t peer) override;
  ctl::TrafficFigures figures(const bus::SessionRef& session) const override;
  // ctl::DatagramOut
  bool send(const Endpoint& local, const Endpoint& remote,
            std::span<const std::uint8_t> datagram) override;
  // ctl::OuterPaths
  std::optional<bus::OuterPath> acquire(const Endpoint& local, const Endpoint& remote,
                                        MonoNs now) override;
  void release(const bus::OuterPath& path) override;
  // ctl::HandshakeQueue
  ctl::HandshakeJob* obtain() override;
  void submit(ctl::HandshakeJob* job) override;
  ctl::HandshakeJob* poll() override;
  void release(ctl::HandshakeJob* job) override;
  std::size_t in_use() const override { return below_.handshakes.in_use(); }
  // ctl::RouteBook
  std::expected<std::unique_ptr<ctl::PreparedRoutes>, std::string> prepare(
      std::span<const net::PeerPrefix> prefixes, const config::GatewayConfig& config) override;
  std::expected<void, std::string> publish(ctl::PreparedRoutes& routes) override;
  // base::RandomSource
  void fill(std::span<std::uint8_t> out) override;
  // audit::EventObserver
  void on_event(const audit::Event& event) override;

 private:
  struct Routes;
  /// Of a job: the order in which the core first held it.
  [[nodiscard]] std::uint64_t number_of(ctl::HandshakeJob& job);

  Exchange& tape_;
  ctl::Ports below_;
  std::uint64_t jobs_{0};  // numbered so far
};

}  // namespace jumpgate::record
