/// What stands below the core's ports in a replay: objects to hold, and no answers of its own, since
/// each is replaced by the recorded one.
///
/// Owner thread: that of the replay. Bound: commands and jobs in flight in the recording. Failure: a
/// job that can not be done is nonsense to the playback.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "audit/event_log.hpp"
#include "base/random.hpp"
#include "ctl/core.hpp"
#include "record/playback.hpp"

namespace jumpgate::record {

class IdleWorkers final : public ctl::WorkerLink {
 public:
  bus::Command* obtain(std::uint8_t /*worker*/) override {
    return held_.emplace_back(std::make_unique<bus::Command>()).get();
  }
  void send(std::uint8_t worker, bus::Command* command) override { release(worker, command); }
  void release(std::uint8_t /*worker*/, bus::Command* command) override {
    std::erase_if(held_, [command](const auto& held) { return held.get() == command; });
  }
  void route_peer(std::uint32_t /*peer*/, const bus::SessionRef& /*session*/) override {}
  void unroute_peer(std::uint32_t /*peer*/) override {}
  [[nodiscard]] ctl::TrafficFigures figures(const bus::SessionRef& /*session*/) const override {
    return {};
  }

 private:
  std::vector<std::unique_ptr<bus::Command>> held_;
};

class IdleNetwork final : public ctl::DatagramOut, public ctl::OuterPaths, public ctl::RouteBook {
 public:
  bool send(const Endpoint& /*local*/, const Endpoint& /*remote*/,
            std::span<const std::uint8_t> /*datagram*/) override {
    return true;
  }
  std::optional<bus::OuterPath> acquire(const Endpoint& /*local*/, const Endpoint& /*remote*/,
                                        MonoNs /*now*/) override {
    return std::nullopt;
  }
  void release(const bus::OuterPath& /*path*/) override {}
  std::expected<std::unique_ptr<ctl::PreparedRoutes>, std::string> prepare(
      std::span<const net::PeerPrefix> /*prefixes*/,
      const config::GatewayConfig& /*config*/) override {
    return std::make_unique<ctl::PreparedRoutes>();
  }
  std::expected<void, std::string> publish(ctl::PreparedRoutes& /*routes*/) override { return {}; }
};

/// Jobs are done when the recording says so: one that was submitted, or a HELLO's, which is first
/// seen when it is done.
class IdleHandshakes final : public ctl::HandshakeQueue {
 public:
  explicit IdleHandshakes(Playback& playback) : playback_(playback) {}

  ctl::HandshakeJob* obtain() override {
    return held_.emplace_back(std::make_unique<ctl::HandshakeJob>()).get();
  }
  void submit(ctl::HandshakeJob* job) override {
    see(*job);
    submitted_.push_back(job);
  }
  ctl::HandshakeJob* poll() override {
    const auto number = playback_.next_job();
    if (!number) return nullptr;
    const auto found = std::ranges::find(submitted_, *number, &ctl::HandshakeJob::number);
    if (found != submitted_.end()) {
      ctl::HandshakeJob* job = *found;
      submitted_.erase(found);
      return job;
    }
    if (*number > newest_) return obtain();
    playback_.nonsense(Call::kPollJob);
    return nullptr;
  }
  void release(ctl::HandshakeJob* job) override {
    see(*job);
    std::erase_if(held_, [job](const auto& held) { return held.get() == job; });
  }
  [[nodiscard]] std::size_t in_use() const override { return held_.size(); }

 private:
  void see(const ctl::HandshakeJob& job) { newest_ = std::max(newest_, job.number); }

  Playback& playback_;
  std::vector<std::unique_ptr<ctl::HandshakeJob>> held_;
  std::vector<ctl::HandshakeJob*> submitted_;
  std::uint64_t newest_{0};  // number seen
};

/// What is not recorded is zero: seeds of hashes, and of cookies that nobody is asked for.
class NoRandom final : public base::RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{0}); }
};

}  // namespace jumpgate::record
