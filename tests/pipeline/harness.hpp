/// A gateway's data plane without a gateway: workers over ports in memory, the controller's end of
/// the channels, and clients that seal and open for themselves.
///
///   client 198.51.100.7 / 2001:db8:7::7 --- port 0 (outer: 192.0.2.1, 2001:db8::1)
///                                                     worker(s)
///   server 10.0.0.9 / fd00:a::9 ----------- port 1 (inner: 10.0.0.1/24, fd00:a::1/64)
///   peers: 0 = 10.8.0.2, fd00:8::2; 1 = 10.8.0.3, fd00:8::3; 2 = 10.8.0.4 (never attached)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include "../support/seeded_random.hpp"
#include "bus/command_channel.hpp"
#include "bus/frame_channel.hpp"
#include "bus/report_channel.hpp"
#include "bus/session_counters.hpp"
#include "bus/shared_state.hpp"
#include "bus/trace_channel.hpp"
#include "bus/worker_counters.hpp"
#include "captures.hpp"
#include "data/worker.hpp"
#include "memory_port.hpp"
#include "router_oracle.hpp"

namespace jumpgate::test {

inline constexpr std::uint8_t kOuterPort = 0;
inline constexpr std::uint8_t kInnerPort = 1;
inline constexpr std::uint16_t kListenPort = 51820;
inline constexpr MacAddress kOuterMac{{2, 0, 0, 0, 0, 1}};
inline constexpr MacAddress kInnerMac{{2, 0, 0, 0, 0, 2}};
inline constexpr MacAddress kRouterMac{{2, 0, 0, 0, 0, 0x11}};
inline constexpr MacAddress kServerMac{{2, 0, 0, 0, 0, 0x12}};
inline constexpr std::uint32_t kRouterNeighbour = 0;

Endpoint endpoint(std::string_view text);
IpAddress address(std::string_view text);

/// An inner packet: UDP of `payload` bytes from and to port 7.
ByteVector inner_packet(std::string_view from, std::string_view to, std::size_t payload = 32,
                        std::uint8_t ttl = 64);
/// One from the client of an attached session to the server behind the gateway.
ByteVector to_server(std::size_t payload = 32);
/// A ping, IPv4.
ByteVector echo_request(std::string_view from, std::string_view to);
/// A packet with another TOS or traffic class, checksum included.
ByteVector with_class(ByteVector packet, std::uint8_t traffic_class);
/// A frame for a port: an IP packet behind an Ethernet header.
ByteVector frame_of(const MacAddress& to, const ByteVector& packet);

/// Of the gateway's public key, which the harness does not have.
inline constexpr crypto::MacKey kMac1Key{0x6d, 0x31};

/// A HELLO that passes the worker's admission; `version` as in its clear header.
ByteVector hello(std::uint16_t version = wire::kVersion);

/// The other side of one session.
struct Client {
  bus::SessionRef ref;
  Endpoint address;
  Endpoint gateway;
  ConnectionId gateway_cid;
  ConnectionId client_cid;
  std::array<ConnectionId, limits::kMaxJumpIds> jump_ids{};
  bus::EpochKeys keys;  // as the gateway has them
  ControlKey control{};
  std::uint32_t generation{0};
  std::uint64_t counter{0};
  std::uint8_t traffic_class{0};  // of the outer headers of its frames

  ByteVector seal(wire::Type type, const ByteVector& plaintext);
  ByteVector seal_at(wire::Type type, const ByteVector& plaintext, std::uint64_t at) const;
  ByteVector data(const ByteVector& inner) { return seal(wire::Type::kData, inner); }
  ByteVector heartbeat(bool reply_wanted = false, std::uint16_t next_interval_ms = 500);
  ByteVector heartbeat(const wire::Heartbeat& heartbeat);
  ByteVector sealed_control(wire::Type type, ConnectionId to, std::uint8_t fill,
                            base::RandomSource& random) const;
  /// The whole frame of a datagram of ours.
  [[nodiscard]] ByteVector frame(const ByteVector& datagram) const;
};

/// A datagram that the gateway sent, opened.
struct Opened {
  wire::Prefix prefix;
  ByteVector plaintext;
  Endpoint to;
  std::uint8_t traffic_class{0};  // of the outer header
};

struct Taken {
  bus::Report report;
  ByteVector bytes;  // of its mbuf
};

class Harness {
 public:
  explicit Harness(unsigned workers = 1, data::WorkerLimits limits = small(),
                   PortOffloads outer_offloads = {}, std::uint16_t outer_mtu = 1500);
  ~Harness();
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  static data::WorkerLimits small();

  // ---- the world ----
  void put(std::uint8_t port, const ByteVector& frame, std::uint16_t queue = 0);
  void put(const Client& client, const ByteVector& datagram, std::uint16_t queue = 0) {
    put(kOuterPort, client.frame(datagram), queue);
  }
  void poll(unsigned worker = 0);
  void advance(Duration by) { now = now + by; }
  std::vector<ByteVector> sent(std::uint8_t port);
  /// A frame to a client, checked to the last checksum and opened with its keys.
  static std::optional<Opened> open(const Client& client, const ByteVector& frame);
  /// All that port 0 sent, which is to be for this client.
  std::vector<Opened> opened(const Client& client);
  /// IP packets that left by port 1.
  std::vector<ByteVector> delivered();

  // ---- the controller ----
  /// Of peer 0, 1 or 2, from the next round on.
  void treat(std::uint32_t peer, const net::Treatment& treatment);
  bool command(const bus::SessionRef& ref, bus::CommandBody body);
  std::vector<Taken> reports(unsigned worker = 0);
  /// Those of one kind; the others are thrown away.
  std::vector<Taken> reports(bus::ReportKind kind, unsigned worker = 0);
  bus::EpochKeys make_keys(std::uint64_t epoch, std::uint32_t generation, Suite suite);
  ConnectionId make_cid(const bus::SessionRef& ref);
  Client install(std::uint32_t slot, std::uint32_t peer, Suite suite = Suite::kAes256Gcm,
                 bool v6 = false, std::uint8_t worker = 0, std::uint32_t life = 1);
  Client attached(std::uint32_t slot, std::uint32_t peer, Suite suite = Suite::kAes256Gcm,
                  bool v6 = false, std::uint8_t worker = 0, std::uint32_t life = 1);
  static bus::OuterPath path_to(const Client& client);

  [[nodiscard]] std::uint64_t dropped(DropReason reason, unsigned worker = 0) const {
    return counters[worker].dropped(reason);
  }
  [[nodiscard]] std::uint64_t count(bus::WorkerCounter counter, unsigned worker = 0) const {
    return counters[worker].get(counter);
  }
  [[nodiscard]] std::uint64_t all_drops(unsigned worker = 0) const;
  /// What came less what went, over all workers, by their counters (docs/operations.md "Workers"): what waits, and
  /// nothing else. Checked at the end of every test that leaves nothing waiting.
  [[nodiscard]] std::int64_t unaccounted() const;
  [[nodiscard]] rte_mbuf* mbuf_of(const ByteVector& bytes) const;
  [[nodiscard]] unsigned mbufs_in_use() const;

  SeededRandom random{7};
  MonoNs now{1'000'000'000};
  bus::LivenessPolicy policy{
      .interval = milliseconds(500), .idle_interval = seconds(25), .silence_floor = seconds(2)};
  rte_mempool* pool{nullptr};
  MemoryPort outer;
  MemoryPort inner;
  net::Quiescence quiescence;
  std::unique_ptr<net::NeighbourTable> neighbours;
  std::unique_ptr<net::Published<net::RouteImage>> routes;
  std::unique_ptr<bus::PeerSlots> peers;
  crypto::CidCipher cids;
  std::unique_ptr<bus::SharedState> shared;
  std::vector<std::unique_ptr<bus::CommandChannel>> commands;
  std::vector<std::unique_ptr<bus::ReportChannel>> report_channels;
  std::vector<std::unique_ptr<bus::FrameChannel>> frames;
  std::vector<std::unique_ptr<bus::SessionCounterTable>> session_counters;
  std::vector<std::unique_ptr<bus::TraceChannel>> traces;
  std::vector<bus::WorkerCounters> counters;
  std::unique_ptr<data::HandOffMesh> mesh;
  std::vector<std::unique_ptr<data::Worker>> workers;

 private:
  std::array<net::Treatment, 3> treatments_{};
  Captures captures_;
  std::uint32_t next_cid_generation_{1};
};

}  // namespace jumpgate::test
