/// A gateway's data plane with N sessions and nothing else around it: workers over bench ports, the
/// controller's end of the channels, and what the clients of the sessions know.
///
///   clients 198.51.100.7 --- port 0 (outer, 192.0.2.1) worker(s) port 1 (inner) --- 172.16.0.9
///   session i: peer i, inner address 10.0.1.0 + i, on worker i mod workers, slot i / workers
///
/// Sessions come into being by the controller's own commands, InstallSession and Attach, so every
/// check that a real session meets is there. Owner thread: main; the workers' rounds belong to the
/// threads that lanes.hpp gives them. Failure: create() says what is missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <jumpgate/types.hpp>

#include "../../support/seeded_random.hpp"
#include "bench_port.hpp"
#include "bus/command_channel.hpp"
#include "bus/frame_channel.hpp"
#include "bus/report_channel.hpp"
#include "bus/session_counters.hpp"
#include "bus/shared_state.hpp"
#include "bus/worker_counters.hpp"
#include "data/worker.hpp"
#include "features.hpp"

struct rte_mempool;

namespace jumpgate::bench {

inline constexpr std::uint8_t kNode = 5;  // of the connection ids
inline constexpr std::uint8_t kOuterPort = 0;
inline constexpr std::uint8_t kInnerPort = 1;
inline constexpr std::uint16_t kListenPort = 51820;
inline constexpr MacAddress kOuterMac{{2, 0, 0, 0, 0, 1}};
inline constexpr MacAddress kInnerMac{{2, 0, 0, 0, 0, 2}};
inline constexpr MacAddress kRouterMac{{2, 0, 0, 0, 0, 0x11}};
inline constexpr MacAddress kServerMac{{2, 0, 0, 0, 0, 0x12}};
inline constexpr IpAddress kOuterAddress{IpFamily::kV4, {192, 0, 2, 1}};
inline constexpr IpAddress kClientAddress{IpFamily::kV4, {198, 51, 100, 7}};
inline constexpr IpAddress kServerAddress{IpFamily::kV4, {172, 16, 0, 9}};
/// Packets of one timed chunk of one worker: eight bursts, which fit the second-level cache.
inline constexpr std::size_t kChunk = 8 * limits::kBurst;

/// Keys of a session from its number, so that the clients' side needs no memory that would compete
/// with the worker's for the caches.
TrafficKey client_key(std::uint32_t session);
TrafficKey gateway_key(std::uint32_t session);
IpAddress inner_address(std::uint32_t session);
Endpoint client_endpoint(std::uint32_t session);

struct RigOptions {
  Suite suite{Suite::kAes256Gcm};
  std::uint32_t sessions{1};
  unsigned workers{1};
  std::uint32_t expanded_keys{1024};  // of each worker
  std::uint32_t replay_window{8192};
  PortOffloads offloads;
  bool features{false};  // all of them (features.hpp)
  // Ports of the caller's instead of the bench ports: outer, inner.
  std::vector<PacketPort*> ports;
};

/// What the clients keep of one session.
struct ClientState {
  ConnectionId gateway_cid;
  std::uint64_t counter{0};
};

class Rig {
 public:
  static std::expected<std::unique_ptr<Rig>, std::string> create(const RigOptions& options,
                                                                 rte_mempool* pool);
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  [[nodiscard]] const RigOptions& options() const { return options_; }
  [[nodiscard]] unsigned workers() const { return options_.workers; }
  [[nodiscard]] unsigned owner(std::uint32_t session) const { return session % options_.workers; }
  data::Worker& worker(unsigned index) { return *workers_[index]; }
  ClientState& client(std::uint32_t session) { return clients_[session]; }
  BenchPort& outer() { return outer_; }
  BenchPort& inner() { return inner_; }
  [[nodiscard]] rte_mempool* pool() const { return pool_; }
  bus::WorkerCounters& counters(unsigned worker) { return counters_[worker]; }
  [[nodiscard]] std::uint64_t count(bus::WorkerCounter counter) const;
  [[nodiscard]] std::uint64_t drops() const;
  /// Of a rig that was made with them.
  [[nodiscard]] const Features& features() const { return *features_; }
  [[nodiscard]] const crypto::CidCipher& cids() const { return cids_; }
  /// Reports are thrown away, their packets freed; returns how many.
  std::size_t drain_reports();
  /// The time of the session's world: it stands still between measurements.
  MonoNs now{1'000'000'000};

 private:
  Rig(const RigOptions& options, rte_mempool* pool);
  std::expected<void, std::string> make_network();
  std::expected<void, std::string> make_workers();
  std::expected<void, std::string> make_sessions();
  void install(std::uint32_t session);
  void settle(unsigned worker, std::size_t outstanding);

  RigOptions options_;
  rte_mempool* pool_;
  test::SeededRandom random_;
  BenchPort outer_;
  BenchPort inner_;
  net::Quiescence quiescence_;
  crypto::CidCipher cids_;
  std::unique_ptr<net::NeighbourTable> neighbours_;
  std::unique_ptr<net::Published<net::RouteImage>> routes_;
  std::unique_ptr<Features> features_;
  std::unique_ptr<bus::PeerSlots> peers_;
  std::unique_ptr<bus::SharedState> shared_;
  std::vector<std::unique_ptr<bus::CommandChannel>> commands_;
  std::vector<std::unique_ptr<bus::ReportChannel>> reports_;
  std::vector<std::unique_ptr<bus::FrameChannel>> frames_;
  std::vector<std::unique_ptr<bus::SessionCounterTable>> session_counters_;
  std::vector<bus::WorkerCounters> counters_;
  std::unique_ptr<data::HandOffMesh> mesh_;
  std::vector<std::unique_ptr<data::Worker>> workers_;
  std::vector<ClientState> clients_;
  std::size_t refused_{0};
};

}  // namespace jumpgate::bench
