#include "app/jumpgated/worker_set.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <sys/prctl.h>

#include "aead_ipsecmb/aead_ipsecmb.hpp"
#include "aead_sodium/aead_sodium.hpp"

namespace jumpgate::app {
namespace {

constexpr int kAnySocket = -1;

std::unique_ptr<Aead> make_aead(Suite suite) {
  auto driver = aead_ipsecmb::make_aead(suite);
  return driver ? std::move(driver) : aead_sodium::make_aead(suite);
}

std::expected<Channels, std::string> make_channels(unsigned worker,
                                                   const config::GatewayConfig& config) {
  auto commands = bus::CommandChannel::create(worker, config.limits.command_pool, kAnySocket);
  if (!commands) return std::unexpected(commands.error());
  auto reports = bus::ReportChannel::create(worker, config.limits.report_ring, kAnySocket);
  if (!reports) return std::unexpected(reports.error());
  auto frames = bus::FrameChannel::create(worker, kFrameRing, kAnySocket);
  if (!frames) return std::unexpected(frames.error());
  auto sessions = bus::SessionCounterTable::create(worker, slots_per_worker(config), kAnySocket);
  if (!sessions) return std::unexpected(sessions.error());
  auto trace = bus::TraceChannel::create(worker, kAnySocket);
  if (!trace) return std::unexpected(trace.error());
  return Channels{.commands = std::move(*commands),
                  .reports = std::move(*reports),
                  .frames = std::move(*frames),
                  .sessions = std::move(*sessions),
                  .trace = std::move(*trace)};
}

}  // namespace

std::uint32_t slots_per_worker(const config::GatewayConfig& config) {
  // A peer's new session stands beside its old one until it is attached: room for one handshake in eight.
  const std::uint32_t wanted =
      config.limits.max_sessions + std::max(64U, config.limits.max_sessions / 8);
  return (wanted + config.workers - 1) / config.workers;
}

data::WorkerLimits worker_limits(const config::GatewayConfig& config) {
  data::WorkerLimits limits;
  limits.slots = slots_per_worker(config);
  limits.replay_window_packets =
      std::bit_ceil(std::max(64U, config.policies.largest_replay_window()));
  const std::uint32_t extra = config.limits.replay_windows != 0 ? config.limits.replay_windows
                                                                : config.limits.max_sessions / 8;
  limits.extra_windows = std::max(64U, extra / config.workers);
  if (config.idle == config::IdleMode::kAdaptive) limits.idle_sleep = data::kMaxIdleSleep;
  limits.outer_reassembly = config.outer_reassembly;
  limits.expanded_keys = std::bit_ceil(std::max(8U, config.limits.expanded_keys));
  return limits;
}

std::expected<std::unique_ptr<WorkerSet>, std::string> WorkerSet::create(
    const config::GatewayConfig& config, bus::SharedState& shared,
    const std::vector<data::WorkerPort>& ports, rte_mempool* pool, base::RandomSource& random,
    const TscClock& clock) {
  std::unique_ptr<WorkerSet> set(new WorkerSet(clock));
  if (config.workers > 1) {
    auto mesh = data::HandOffMesh::create(config.workers, kHandOffRing, kAnySocket);
    if (!mesh) return std::unexpected(mesh.error());
    set->mesh_ = std::move(*mesh);
  }
  for (unsigned i = 0; i < config.workers; ++i) {
    auto channels = make_channels(i, config);
    if (!channels) return std::unexpected(channels.error());
    set->channels_.push_back(std::move(*channels));
    set->counters_.push_back(std::make_unique<bus::WorkerCounters>());
    Channels& own = set->channels_.back();
    auto aes = make_aead(Suite::kAes256Gcm);
    auto chacha = make_aead(Suite::kChaCha20Poly1305);
    if (!aes || !chacha)
      return std::unexpected("this CPU offers no AES-256-GCM: AES-NI and PCLMULQDQ are needed");
    auto worker = data::Worker::create({.worker = static_cast<std::uint8_t>(i),
                                        .ports = ports,
                                        .shared = shared,
                                        .commands = *own.commands,
                                        .reports = *own.reports,
                                        .frames = *own.frames,
                                        .session_counters = *own.sessions,
                                        .counters = *set->counters_.back(),
                                        .mesh = set->mesh_.get(),
                                        .pool = pool,
                                        .aes = std::move(aes),
                                        .chacha = std::move(chacha),
                                        .random = random,
                                        .limits = worker_limits(config),
                                        .trace = own.trace.get()},
                                       clock());
    if (!worker) return std::unexpected("worker " + std::to_string(i) + ": " + worker.error());
    set->workers_.push_back(std::move(*worker));
  }
  return set;
}

WorkerSet::~WorkerSet() {
  stop();
}

int WorkerSet::run(void* launch) {
  const auto& self = *static_cast<const Launch*>(launch);
  // By default the kernel lengthens each sleep by 50 us, to wake several threads at once.
  prctl(PR_SET_TIMERSLACK, 1UL);
  self.worker->run(self.set->stopping_, self.set->clock_, [](Duration wait) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(wait.ns));
  });
  return 0;
}

bool WorkerSet::start() {
  launches_.reserve(workers_.size());
  unsigned lcore = rte_get_next_lcore(-1U, 1, 0);
  for (const auto& worker : workers_) {
    if (lcore >= RTE_MAX_LCORE) return false;
    Launch& launch = launches_.emplace_back(Launch{.worker = worker.get(), .set = this});
    if (rte_eal_remote_launch(&WorkerSet::run, &launch, lcore) != 0) return false;
    running_ = true;
    lcore = rte_get_next_lcore(lcore, 1, 0);
  }
  return true;
}

void WorkerSet::stop() {
  if (!running_) return;
  stopping_.store(true, std::memory_order_relaxed);
  rte_eal_mp_wait_lcore();
  running_ = false;
}

}  // namespace jumpgate::app
