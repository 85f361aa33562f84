#include "lanes.hpp"

#include <atomic>
#include <utility>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "app/jumpgated/tsc_clock.hpp"

namespace jumpgate::bench {
namespace {

/// Rounds in which a chunk must have come through: some seconds, since the other lane's core may be
/// lent to somebody else meanwhile.
constexpr int kMaxRounds = 100'000'000;
/// Chunks before the first sample.
constexpr int kWarmUp = 8;

/// All lanes go on together.
class Barrier {
 public:
  explicit Barrier(unsigned lanes) : lanes_(lanes) {}
  void wait() {
    const unsigned turn = turn_.load(std::memory_order_relaxed);
    if (waiting_.fetch_add(1, std::memory_order_acq_rel) + 1 == lanes_) {
      waiting_.store(0, std::memory_order_relaxed);
      turn_.store(turn + 1, std::memory_order_release);
      return;
    }
    while (turn_.load(std::memory_order_acquire) == turn)
      rte_pause();
  }

 private:
  const unsigned lanes_;
  std::atomic<unsigned> waiting_{0};
  std::atomic<unsigned> turn_{0};
};

double to_ns(std::uint64_t cycles) {
  return static_cast<double>(cycles) * 1e9 / static_cast<double>(rte_get_tsc_hz());
}

}  // namespace

/// One call of measure() or warm() on all lanes.
class Lanes::Run {
 public:
  Run(Lanes& lanes, const Recipe& recipe, int chunks)
      : lanes_(lanes), recipe_(recipe), chunks_(chunks), barrier_(lanes.rig_.workers()) {
    results_.resize(lanes.rig_.workers());
  }

  std::expected<Measured, std::string> measure() {
    const std::uint64_t drops = lanes_.rig_.drops();
    on_all_lanes(&Run::measure_lane);
    return finish(drops);
  }
  std::expected<void, std::string> warm() {
    const std::uint64_t drops = lanes_.rig_.drops();
    on_all_lanes(&Run::warm_lane);
    if (auto done = finish(drops); !done) return std::unexpected(done.error());
    return {};
  }

 private:
  struct alignas(64) Result {
    std::vector<double> worker;
    std::vector<double> aead;
    std::vector<double> port;
    std::uint64_t elapsed{0};  // cycles of the worker
  };

  void on_all_lanes(void (Run::*work)(unsigned)) {
    struct Job {
      Run* run;
      void (Run::*work)(unsigned);
      unsigned lane;
    };
    std::vector<Job> jobs;
    for (unsigned lane = 0; lane < results_.size(); ++lane)
      jobs.push_back({this, work, lane});
    const auto call = [](void* argument) {
      const Job& job = *static_cast<Job*>(argument);
      (job.run->*job.work)(job.lane);
      return 0;
    };
    for (unsigned lane = 1; lane < results_.size(); ++lane)
      rte_eal_remote_launch(call, &jobs[lane], lane);
    call(jobs.data());
    rte_eal_mp_wait_lcore();
    Rig& rig = lanes_.rig_;
    for (const Result& result : results_)
      rig.now = std::max(rig.now,
                         started_ + nanoseconds(static_cast<std::int64_t>(to_ns(result.elapsed))));
    rig.drain_reports();
  }

  std::expected<Measured, std::string> finish(std::uint64_t drops_before) {
    if (stuck_) return std::unexpected(std::string("packets got stuck in the worker"));
    if (const std::uint64_t drops = lanes_.rig_.drops() - drops_before; drops != 0)
      return std::unexpected(std::to_string(drops) + " packets were dropped");
    Measured measured;
    for (std::size_t i = 0; i < results_[0].worker.size(); ++i) {
      double worker = 0;
      double aead = 0;
      double port = 0;
      double mpps = 0;
      for (const Result& result : results_) {
        worker += result.worker[i];
        aead += result.aead[i];
        port += result.port[i];
        mpps += 1e3 / result.worker[i];
      }
      const auto lanes = static_cast<double>(results_.size());
      measured.worker.add(worker / lanes);
      measured.aead.add(aead / lanes);
      measured.port.add(port / lanes);
      measured.mpps.add(mpps);
    }
    return measured;
  }

  void measure_lane(unsigned lane) {
    Traffic& traffic = *lanes_.lanes_[lane].traffic;
    Floor& floor = *lanes_.lanes_[lane].floor;
    Result& result = results_[lane];
    constexpr double kPackets = kChunk;
    for (int chunk = -kWarmUp; chunk < chunks_; ++chunk) {
      const std::uint64_t worker = worker_chunk(lane, traffic.make(recipe_));
      const auto packets = traffic.make(recipe_);
      barrier_.wait();
      const std::uint64_t aead = floor.aead(recipe_, traffic, packets);
      barrier_.wait();
      const std::uint64_t port = floor.port(recipe_, packets);
      barrier_.wait();
      clean_up(lane);
      if (chunk < 0) continue;
      result.worker.push_back(to_ns(worker) / kPackets);
      result.aead.push_back(to_ns(aead) / kPackets);
      result.port.push_back(to_ns(port) / kPackets);
    }
  }

  void warm_lane(unsigned lane) {
    Traffic& traffic = *lanes_.lanes_[lane].traffic;
    Floor& floor = *lanes_.lanes_[lane].floor;
    const std::uint32_t sessions = recipe_.sessions / lanes_.rig_.workers();
    for (std::uint32_t first = 0; first < sessions; first += kChunk) {
      worker_chunk(lane, traffic.sweep(recipe_, first));
      const auto packets = traffic.sweep(recipe_, first);
      floor.aead(recipe_, traffic, packets);
      rte_pktmbuf_free_bulk(packets.data(), static_cast<unsigned>(packets.size()));
    }
  }

  /// Cycles from the first round to the last packet's leaving.
  std::uint64_t worker_chunk(unsigned lane, std::span<rte_mbuf*> packets) {
    Rig& rig = lanes_.rig_;
    const auto queue = static_cast<std::uint16_t>(lane);
    BenchPort& in = recipe_.flow == Flow::kSeal ? rig.inner() : rig.outer();
    BenchPort& out = recipe_.flow == Flow::kSeal ? rig.outer() : rig.inner();
    in.load(queue, packets);
    out.load(queue, {});
    // Every lane makes the same mix, so each gets from the others what it gives away.
    const std::size_t expected = packets.size();
    data::Worker& worker = rig.worker(lane);
    const MonoNs from =
        started_ + nanoseconds(static_cast<std::int64_t>(to_ns(results_[lane].elapsed)));
    const app::TscClock clock;
    const MonoNs zero = clock();
    barrier_.wait();
    int rounds = 0;
    const std::uint64_t start = rte_rdtsc_precise();
    while ((out.sent_count(queue) < expected || !in.drained(queue)) && rounds < kMaxRounds) {
      worker.poll_once(from + (clock() - zero));
      ++rounds;
    }
    const std::uint64_t cycles = rte_rdtsc_precise() - start;
    barrier_.wait();
    results_[lane].elapsed += cycles;
    if (rounds == kMaxRounds) stuck_ = true;
    clean_up(lane);
    return cycles;
  }

  void clean_up(unsigned lane) {
    const auto queue = static_cast<std::uint16_t>(lane);
    lanes_.rig_.outer().free_sent(queue);
    lanes_.rig_.inner().free_sent(queue);
  }

  Lanes& lanes_;
  const Recipe& recipe_;
  int chunks_;
  Barrier barrier_;
  MonoNs started_{lanes_.rig_.now};
  std::vector<Result> results_;
  std::atomic<bool> stuck_{false};
};

std::expected<std::unique_ptr<Lanes>, std::string> Lanes::create(Rig& rig) {
  std::unique_ptr<Lanes> lanes(new Lanes(rig));
  for (unsigned i = 0; i < rig.workers(); ++i) {
    auto floor = Floor::create(rig, i);
    if (!floor) return std::unexpected(floor.error());
    lanes->lanes_.push_back({std::make_unique<Traffic>(rig, i), std::move(*floor)});
  }
  return lanes;
}

std::expected<Measured, std::string> Lanes::measure(const Recipe& recipe, int chunks) {
  return Run(*this, recipe, chunks).measure();
}

std::expected<void, std::string> Lanes::warm(const Recipe& recipe) {
  return Run(*this, recipe, 0).warm();
}

}  // namespace jumpgate::bench
