/// The machine as placement sees it: cpus with their cores and NUMA nodes, by hwloc; where a card is, by sysfs.
///
/// Owner thread: main, before EAL. Bound: the machine's cpus. Failure: this_machine() says why hwloc can not read it;
/// a node that nobody knows is kUnknownNode.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "config/gateway_config.hpp"

struct hwloc_topology;

namespace jumpgate::app {

inline constexpr int kUnknownNode = -1;

struct Cpu {
  std::uint32_t id{0};     // the kernel's number
  std::uint32_t core{0};   // cpus of the same one are hyperthreads of one core
  int node{kUnknownNode};  // NUMA node, the kernel's number
  bool allowed{true};      // this process may run there (affinity, cgroup)
};

struct Machine {
  std::vector<Cpu> cpus;  // rising ids; those that are switched off are not among them

  [[nodiscard]] const Cpu* find(std::uint32_t id) const;
  [[nodiscard]] std::vector<std::uint32_t> allowed() const;
  /// The other hyperthreads of its core.
  [[nodiscard]] std::vector<std::uint32_t> siblings(const Cpu& cpu) const;
};

/// Of a loaded topology; every cpu counts as allowed.
Machine machine_of(hwloc_topology* topology);
/// The one we run on, and what this thread may use of it.
std::expected<Machine, std::string> this_machine();

/// The NUMA node of the card behind a port. Virtual ports have none, and a kernel with one node names none.
int port_node(const config::PortConfig& port, const std::filesystem::path& sysfs = "/sys");

}  // namespace jumpgate::app
