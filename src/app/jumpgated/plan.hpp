/// What a start will do: placement of threads and ports, memory, warnings, and the hugepages without which it fails.
/// Each start makes one and goes by it; `jumpgated --plan` prints it and starts nothing.
///
/// Owner thread: main, before EAL. Pure. Bound: the placement's, and a line a kind of memory. Failure: the
/// placement's refusal.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "app/jumpgated/footprint.hpp"
#include "app/jumpgated/machine.hpp"
#include "app/jumpgated/placement.hpp"
#include "config/gateway_config.hpp"
#include "ethdev/eal.hpp"

namespace jumpgate::app {

struct Plan {
  Placement placement;
  std::vector<MemoryLine> memory;
  ethdev::Hugepages pages;  // of the machine
  std::size_t pages_needed{0};
  std::string shortage;               // of hugepages, for which EAL does not start; empty: none
  std::vector<std::string> warnings;  // of placement and memory
};

std::expected<Plan, Refusal> make_plan(const config::GatewayConfig& config, const Machine& machine,
                                       std::vector<int> port_nodes, const ethdev::Hugepages& pages);
/// For people.
std::string to_text(const Plan& plan, const config::GatewayConfig& config);
/// The same as one JSON object.
std::string to_json(const Plan& plan, const config::GatewayConfig& config);

}  // namespace jumpgate::app
