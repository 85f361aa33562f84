/// What stands below the core's ports in a replay: objects to hold, and no answers of its own, since
/// each is replaced by the recorded one.
///
/// Owner thread: that of the replay. Bound: commands and jobs in flight in the recording. Failure:
/// none.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "audit/event_log.hpp"
#include "base/random.hpp"
#include "ctl/core.hpp"

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
  std::expected<void, std::string> publish(std::span<const net::PeerPrefix> /*prefixes*/,
                                           const config::GatewayConfig& /*config*/) override {
    return {};
  }
};

/// Jobs are done when the recording says so.
class IdleHandshakes final : public ctl::HandshakeQueue {
 public:
  /// `done`: the number of the job that the recording has done now; nothing when it has none.
  explicit IdleHandshakes(std::function<std::optional<std::uint64_t>()> done)
      : done_(std::move(done)) {}

  ctl::HandshakeJob* obtain() override {
    return held_.emplace_back(std::make_unique<ctl::HandshakeJob>()).get();
  }
  void submit(ctl::HandshakeJob* /*job*/) override {}
  ctl::HandshakeJob* poll() override {
    const auto number = done_();
    if (!number) return nullptr;
    const auto found =
        std::ranges::find_if(held_, [&](const auto& held) { return held->number == *number; });
    return found == held_.end() ? obtain()
                                : found->get();  // a HELLO's is first seen when it is done
  }
  void release(ctl::HandshakeJob* job) override {
    std::erase_if(held_, [job](const auto& held) { return held.get() == job; });
  }
  [[nodiscard]] std::size_t in_use() const override { return held_.size(); }

 private:
  std::function<std::optional<std::uint64_t>()> done_;
  std::vector<std::unique_ptr<ctl::HandshakeJob>> held_;
};

/// What is not recorded is zero: seeds of hashes, and of cookies that nobody is asked for.
class NoRandom final : public base::RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{0}); }
};

}  // namespace jumpgate::record
