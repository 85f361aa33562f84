/// What stands around the controller in tests: workers that acknowledge when told to, datagrams that are kept.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ctl/controller.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::ctl::testing {

inline Endpoint v4(std::uint8_t last, std::uint16_t port) {
  Endpoint e;
  e.address.family = IpFamily::kV4;
  e.address.bytes[0] = 192;
  e.address.bytes[2] = 2;
  e.address.bytes[3] = last;
  e.port = port;
  return e;
}

inline const Endpoint kGateway = v4(1, 51820);
inline const Endpoint kWifi = v4(10, 4000);
inline const Endpoint kCell = v4(20, 5000);
inline const Endpoint kThird = v4(30, 6000);
inline const Endpoint kSix{.address = {.family = IpFamily::kV6, .bytes = {0x20, 0x01, 0x0d, 0xb8}},
                           .port = 5000};

struct Sent {
  Endpoint local;
  Endpoint remote;
  std::vector<std::uint8_t> bytes;
  [[nodiscard]] wire::Type type() const { return static_cast<wire::Type>(bytes[0]); }
};

class FakeWorkers final : public WorkerLink {
 public:
  bus::Command* obtain(std::uint8_t) override {
    if (credit == 0) return nullptr;
    --credit;
    pool.push_back(std::make_unique<bus::Command>());
    return pool.back().get();
  }
  void send(std::uint8_t, bus::Command* command) override {
    waiting.push_back(*command);
    log.push_back(*command);
    release(0, command);
    if (slow) --credit;
  }
  void release(std::uint8_t, bus::Command* command) override {
    ++credit;
    std::erase_if(pool, [&](const auto& c) { return c.get() == command; });
  }
  void route_peer(std::uint32_t peer, const bus::SessionRef& session) override {
    routes[peer] = session;
  }
  void unroute_peer(std::uint32_t peer) override { routes.erase(peer); }
  TrafficFigures figures(const bus::SessionRef&) const override { return traffic; }

  template <class Body>
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        log, [](const bus::Command& c) { return std::holds_alternative<Body>(c.body); }));
  }
  template <class Body>
  [[nodiscard]] Body last() const {
    for (auto it = log.rbegin(); it != log.rend(); ++it) {
      if (const auto* body = std::get_if<Body>(&it->body)) return *body;
    }
    ADD_FAILURE() << "no such command";
    return {};
  }

  std::size_t credit{16};
  bool slow{false};  // what was sent does not come back
  std::deque<bus::Command> waiting;
  std::vector<bus::Command> log;
  std::vector<std::unique_ptr<bus::Command>> pool;
  std::map<std::uint32_t, bus::SessionRef> routes;
  TrafficFigures traffic;
};

class FakeDatagrams final : public DatagramOut {
 public:
  bool send(const Endpoint& local, const Endpoint& remote,
            std::span<const std::uint8_t> datagram) override {
    if (broken) return false;
    sent.push_back({local, remote, {datagram.begin(), datagram.end()}});
    return true;
  }
  bool broken{false};
  std::vector<Sent> sent;
};

class FakePaths final : public OuterPaths {
 public:
  std::optional<bus::OuterPath> acquire(const Endpoint& local, const Endpoint& remote,
                                        MonoNs) override {
    if (full) return std::nullopt;
    ++held;
    bus::OuterPath path;
    path.remote = remote;
    path.local = local;
    path.neighbour = 7;
    return path;
  }
  void release(const bus::OuterPath&) override { --held; }
  bool full{false};
  int held{0};
};

class FakeRoutes final : public RouteBook {
 public:
  struct List final : PreparedRoutes {
    std::vector<net::PeerPrefix> prefixes;
  };
  std::expected<std::unique_ptr<PreparedRoutes>, std::string> prepare(
      std::span<const net::PeerPrefix> list, const config::GatewayConfig&) override {
    if (refuse) return std::unexpected("no memory for routes");
    auto made = std::make_unique<List>();
    made->prefixes.assign(list.begin(), list.end());
    return made;
  }
  std::expected<void, std::string> publish(PreparedRoutes& routes) override {
    if (in_use) return std::unexpected("former routes are still in use");
    prefixes = static_cast<List&>(routes).prefixes;
    ++published;
    return {};
  }
  bool in_use{false};
  bool refuse{false};
  int published{0};
  std::vector<net::PeerPrefix> prefixes;
};

}  // namespace jumpgate::ctl::testing
