/// Everything a measurement stands on, made in one place: EAL, buffers, ports, clients, meters.
///
/// Owner thread: main's. Bound: the options' counts. Failure: open() says what could not be had and
/// what to do; what was made is taken down again.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/jumpgated/tsc_clock.hpp"
#include "ethdev/ethdev_port.hpp"
#include "tools/jumpgen/options.hpp"

namespace jumpgate::jumpgen {

class Rig {
 public:
  /// Once a process. `hello_base` must rise from one run to the next.
  static std::expected<std::unique_ptr<Rig>, std::string> open(const Options& options,
                                                               std::uint64_t hello_base);
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  ~Rig();

  [[nodiscard]] Player player(std::function<bool()> stopping);
  [[nodiscard]] const Swarm& swarm() const { return *swarm_; }
  [[nodiscard]] const Playground& ground() const { return *ground_; }
  [[nodiscard]] std::uint64_t refused() const { return outer_->refused() + inner_->refused(); }

 private:
  explicit Rig(ClientPlan plan) : plan_(std::move(plan)) {}
  [[nodiscard]] std::string open_ports(const Options& options);
  [[nodiscard]] std::string make_clients(const Options& options, std::uint64_t hello_base);

  ClientPlan plan_;
  std::optional<app::TscClock> clock_;  // once EAL has measured the TSC
  rte_mempool* pool_{nullptr};
  std::unique_ptr<ethdev::EthdevPort> outer_port_;
  std::unique_ptr<ethdev::EthdevPort> inner_port_;
  std::optional<Station> outer_;
  std::optional<Station> inner_;
  std::unique_ptr<Aead> gcm_;
  std::unique_ptr<Aead> chacha_;
  base::SystemRandom random_;
  std::optional<Meter> up_;
  std::optional<Meter> down_;
  std::optional<Playground> ground_;
  std::optional<Swarm> swarm_;
  std::optional<InnerHost> host_;
};

}  // namespace jumpgate::jumpgen
