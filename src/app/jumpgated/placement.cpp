#include "app/jumpgated/placement.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace jumpgate::app {
namespace {

using Workers = std::span<const ThreadPlace>;

std::string named(const ThreadPlace& thread) {
  return fmt::format("{} (cpu {})", thread.name, thread.cpu.id);
}

/// What `gateway.lcores` says, or the first that may be used; the controller's first.
std::expected<std::vector<std::uint32_t>, Refusal> choose(const config::GatewayConfig& config,
                                                          const Machine& machine) {
  const std::vector<std::uint32_t> allowed = machine.allowed();
  std::vector<std::uint32_t> cpus = allowed;
  if (!config.lcores.empty()) {
    cpus.assign(1, config.lcores.back());
    cpus.insert(cpus.end(), config.lcores.begin(), config.lcores.end() - 1);
  }
  for (const std::uint32_t id : cpus) {
    const Cpu* cpu = machine.find(id);
    if (cpu != nullptr && cpu->allowed) continue;
    return std::unexpected(Refusal{
        .text = fmt::format("gateway.lcores: {} cpu {}; it may use {}",
                            cpu == nullptr ? "this machine has no" : "this process may not use", id,
                            fmt::join(allowed, ", ")),
        .configured = true});
  }
  if (cpus.size() < config.workers + 1)
    return std::unexpected(Refusal{
        .text = fmt::format("too few cpus: {} worker(s) and the controller need {}, there are {}; "
                            "lower 'workers' or give more cpus (taskset, cgroup)",
                            config.workers, config.workers + 1, cpus.size())});
  cpus.resize(config.workers + 1);
  return cpus;
}

void warn_of_shared_cores(Placement& placement) {
  const auto& threads = placement.threads;
  for (std::size_t i = 0; i < threads.size(); ++i)
    for (std::size_t j = i + 1; j < threads.size(); ++j) {
      if (threads[i].cpu.core != threads[j].cpu.core) continue;
      const bool same = threads[i].cpu.id == threads[j].cpu.id;
      placement.warnings.push_back(fmt::format(
          "{} and {} share one {}: fewer cores than threads, each has a part of one; name cpus of "
          "different cores in gateway.lcores",
          named(threads[i]), named(threads[j]), same ? "cpu" : "core, as its hyperthreads"));
    }
}

std::string on_other_nodes(Workers workers, int node) {
  std::string names;
  for (const ThreadPlace& worker : workers)
    if (worker.cpu.node != node && worker.cpu.node != kUnknownNode)
      names +=
          fmt::format("{}{} on node {}", names.empty() ? "" : ", ", named(worker), worker.cpu.node);
  return names;
}

void warn_of_distances(Placement& placement, const config::GatewayConfig& config) {
  const Workers workers = Workers(placement.threads).subspan(1);
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const int node = placement.port_nodes[i];
    const std::string apart = node == kUnknownNode ? "" : on_other_nodes(workers, node);
    if (!apart.empty())
      placement.warnings.push_back(
          fmt::format("port {} is on NUMA node {}, {}: its packets cross between the nodes; name "
                      "cpus of node {} in gateway.lcores",
                      config.ports[i].name, node, apart, node));
  }
  const int home = placement.threads.front().cpu.node;
  const std::string apart = home == kUnknownNode ? "" : on_other_nodes(workers, home);
  if (!apart.empty())
    placement.warnings.push_back(
        fmt::format("the controller is on NUMA node {}, where memory is taken first, {}; name cpus "
                    "of one node in gateway.lcores",
                    home, apart));
}

}  // namespace

std::vector<std::uint32_t> Placement::lcores() const {
  std::vector<std::uint32_t> cpus(threads.size());
  std::ranges::transform(threads, cpus.begin(),
                         [](const ThreadPlace& thread) { return thread.cpu.id; });
  return cpus;
}

std::expected<Placement, Refusal> place(const config::GatewayConfig& config, const Machine& machine,
                                        std::vector<int> port_nodes) {
  const auto cpus = choose(config, machine);
  if (!cpus) return std::unexpected(cpus.error());
  Placement placement{.threads = {}, .port_nodes = std::move(port_nodes), .warnings = {}};
  for (std::size_t i = 0; i < cpus->size(); ++i) {
    const Cpu& cpu = *machine.find((*cpus)[i]);
    placement.threads.push_back({.name = i == 0 ? "controller" : fmt::format("worker {}", i - 1),
                                 .cpu = cpu,
                                 .siblings = machine.siblings(cpu)});
  }
  warn_of_shared_cores(placement);
  warn_of_distances(placement, config);
  return placement;
}

}  // namespace jumpgate::app
