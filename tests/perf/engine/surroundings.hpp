/// What stands around the benchmark's controller: workers that take each command and acknowledge it before the next
/// tick, datagrams that are kept for the clients.
///
/// Owner thread: one. Bound: the command pool has the product's own size; datagrams are what one tick sends.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ctl/ports.hpp"

namespace jumpgate::bench {

/// Commands of one worker.
class Workers final : public ctl::WorkerLink {
 public:
  explicit Workers(std::size_t pool);

  bus::Command* obtain(std::uint8_t worker) override;
  void send(std::uint8_t worker, bus::Command* command) override;
  void release(std::uint8_t worker, bus::Command* command) override;
  void route_peer(std::uint32_t /*peer*/, const bus::SessionRef& /*session*/) override {}
  void unroute_peer(std::uint32_t /*peer*/) override {}
  [[nodiscard]] ctl::TrafficFigures figures(const bus::SessionRef& /*session*/) const override {
    return {};
  }

  /// What was sent until now, applied: at most `most`, oldest first.
  void take(std::vector<bus::Command*>& out, std::size_t most);
  [[nodiscard]] bool idle() const { return sent_.empty(); }
  /// Commands sent since the beginning.
  [[nodiscard]] std::uint64_t sent() const { return count_; }

 private:
  std::vector<bus::Command> pool_;
  std::vector<bus::Command*> free_;
  std::deque<bus::Command*> sent_;
  std::uint64_t count_{0};
};

/// A whole datagram as it left.
struct Datagram {
  Endpoint remote;
  std::size_t size{0};
  std::array<std::uint8_t, wire::kHelloSize> bytes{};  // no message is longer
};

class Outside final : public ctl::DatagramOut, public ctl::OuterPaths {
 public:
  bool send(const Endpoint& local, const Endpoint& remote,
            std::span<const std::uint8_t> datagram) override;
  [[nodiscard]] std::optional<bus::OuterPath> acquire(const Endpoint& local, const Endpoint& remote,
                                                      MonoNs now) override;
  void release(const bus::OuterPath& /*path*/) override {}

  std::vector<Datagram> sent;  // emptied by who reads it
  std::uint64_t count{0};      // since the beginning
};

class NoRoutes final : public ctl::RouteBook {
 public:
  std::expected<std::unique_ptr<ctl::PreparedRoutes>, std::string> prepare(
      std::span<const net::PeerPrefix> /*prefixes*/,
      const config::GatewayConfig& /*config*/) override {
    return std::make_unique<ctl::PreparedRoutes>();
  }
  std::expected<void, std::string> publish(ctl::PreparedRoutes& /*routes*/) override { return {}; }
};

}  // namespace jumpgate::bench
