/// The workers with their channels: memory taken once, one thread an lcore.
///
/// Owner thread: main. Bound: the configuration's limits, printed as a table before any of it is taken.
/// Failure: create() says what did not fit.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/jumpgated/tsc_clock.hpp"
#include "base/random.hpp"
#include "bus/command_channel.hpp"
#include "bus/frame_channel.hpp"
#include "bus/report_channel.hpp"
#include "bus/session_counters.hpp"
#include "bus/shared_state.hpp"
#include "bus/trace_channel.hpp"
#include "bus/worker_counters.hpp"
#include "config/gateway_config.hpp"
#include "data/handoff.hpp"
#include "data/worker.hpp"

namespace jumpgate::app {

struct Channels {
  std::unique_ptr<bus::CommandChannel> commands;
  std::unique_ptr<bus::ReportChannel> reports;
  std::unique_ptr<bus::FrameChannel> frames;
  std::unique_ptr<bus::SessionCounterTable> sessions;
  std::unique_ptr<bus::TraceChannel> trace;
};

/// Frames of the controller waiting for a worker: ARP, control and handshake answers of one of its rounds.
inline constexpr std::size_t kFrameRing = 1024;
/// Packets waiting between two workers.
inline constexpr std::size_t kHandOffRing = 2048;

data::WorkerLimits worker_limits(const config::GatewayConfig& config);
std::uint32_t slots_per_worker(const config::GatewayConfig& config);

class WorkerSet {
 public:
  static std::expected<std::unique_ptr<WorkerSet>, std::string> create(
      const config::GatewayConfig& config, bus::SharedState& shared,
      const std::vector<data::WorkerPort>& ports, rte_mempool* pool, base::RandomSource& random,
      const TscClock& clock);
  WorkerSet(const WorkerSet&) = delete;
  WorkerSet& operator=(const WorkerSet&) = delete;
  /// Stops the threads first.
  ~WorkerSet();

  /// One worker an lcore, in the order of EAL's; false: too few lcores.
  bool start();
  void stop();

  [[nodiscard]] std::span<Channels> channels() { return channels_; }
  [[nodiscard]] std::span<const std::unique_ptr<bus::WorkerCounters>> counters() const {
    return counters_;
  }

 private:
  explicit WorkerSet(const TscClock& clock) : clock_(clock) {}
  struct Launch {
    data::Worker* worker;
    const WorkerSet* set;
  };
  static int run(void* launch);

  const TscClock& clock_;
  std::vector<Channels> channels_;
  std::vector<std::unique_ptr<bus::WorkerCounters>> counters_;
  std::unique_ptr<data::HandOffMesh> mesh_;
  std::vector<std::unique_ptr<data::Worker>> workers_;
  std::vector<Launch> launches_;
  std::atomic<bool> stopping_{false};
  bool running_{false};
};

}  // namespace jumpgate::app
