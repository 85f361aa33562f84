/// Which cpu does what, and whether the NUMA nodes of threads and ports fit.
///
/// Owner thread: main, before EAL. Pure. Bound: a thread a worker and the controller's, a warning a pair of threads
/// and one a port. Failure: a refusal, with what mends it.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "app/jumpgated/machine.hpp"
#include "config/gateway_config.hpp"

namespace jumpgate::app {

struct ThreadPlace {
  std::string name;  // "controller", "worker 0"
  Cpu cpu;
  std::vector<std::uint32_t> siblings;  // the other hyperthreads of its core
};

struct Placement {
  std::vector<ThreadPlace>
      threads;  // EAL's order: the controller (handshake, audit and API threads share its cpu),
                // then the workers
  std::vector<int> port_nodes;  // in the order of the configuration
  std::vector<std::string> warnings;

  [[nodiscard]] std::vector<std::uint32_t> lcores() const;
};

struct Refusal {
  std::string text;
  bool configured{
      false};  // the configuration asks for what is not there; else the machine lacks something
};

/// `port_nodes` are the nodes of the configuration's ports, in its order.
std::expected<Placement, Refusal> place(const config::GatewayConfig& config, const Machine& machine,
                                        std::vector<int> port_nodes);

}  // namespace jumpgate::app
