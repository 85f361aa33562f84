#include "app/jumpgated/machine.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include <hwloc.h>
#include <sched.h>

namespace jumpgate::app {
namespace {

struct TopologyDestroy {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<hwloc_topology, TopologyDestroy>;

void ask_affinity(Machine& machine) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return;  // EAL says what it may not use
  for (Cpu& cpu : machine.cpus)
    cpu.allowed = cpu.id < CPU_SETSIZE && CPU_ISSET(cpu.id, &set);
}

/// "41:00.0" is short for the first domain.
std::string whole_pci_address(const std::string& address) {
  return std::ranges::count(address, ':') == 1 ? "0000:" + address : address;
}

}  // namespace

const Cpu* Machine::find(std::uint32_t id) const {
  const auto found = std::ranges::find(cpus, id, &Cpu::id);
  return found == cpus.end() ? nullptr : &*found;
}

std::vector<std::uint32_t> Machine::allowed() const {
  std::vector<std::uint32_t> ids;
  for (const Cpu& cpu : cpus)
    if (cpu.allowed) ids.push_back(cpu.id);
  return ids;
}

std::vector<std::uint32_t> Machine::siblings(const Cpu& cpu) const {
  std::vector<std::uint32_t> ids;
  for (const Cpu& other : cpus)
    if (other.core == cpu.core && other.id != cpu.id) ids.push_back(other.id);
  return ids;
}

Machine machine_of(hwloc_topology* topology) {
  Machine machine;
  hwloc_obj_t pu = nullptr;
  while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != nullptr) {
    const hwloc_obj* core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    machine.cpus.push_back({.id = pu->os_index,
                            .core = core != nullptr ? core->logical_index : pu->logical_index,
                            .node = hwloc_bitmap_first(pu->nodeset)});
  }
  std::ranges::sort(machine.cpus, {}, &Cpu::id);
  return machine;
}

std::expected<Machine, std::string> this_machine() {
  hwloc_topology* made = nullptr;
  if (hwloc_topology_init(&made) != 0)
    return std::unexpected(std::string("hwloc can not start: out of memory"));
  const Topology topology(made);
  // Disallowed cpus too, to tell them from those that are not there; and other people's cpus are not visited.
  constexpr unsigned long kFlags =
      HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING;
  if (hwloc_topology_set_flags(made, kFlags) != 0 || hwloc_topology_load(made) != 0)
    return std::unexpected(std::string("hwloc can not read this machine's cpus from /sys: ") +
                           std::strerror(errno));
  Machine machine = machine_of(made);
  ask_affinity(machine);
  return machine;
}

int port_node(const config::PortConfig& port, const std::filesystem::path& sysfs) {
  if (port.interface.empty()) return kUnknownNode;
  const bool pci = port.driver == config::PortDriver::kPci;
  const auto device = pci ? sysfs / "bus/pci/devices" / whole_pci_address(port.interface)
                          : sysfs / "class/net" / port.interface / "device";
  std::ifstream in(device / "numa_node");
  int node = kUnknownNode;
  return in >> node && node >= 0 ? node : kUnknownNode;
}

}  // namespace jumpgate::app
