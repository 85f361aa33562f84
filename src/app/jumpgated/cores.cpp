#include "app/jumpgated/cores.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <sched.h>

namespace jumpgate::app {
namespace {

std::vector<std::uint32_t> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<std::uint32_t> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

}  // namespace

std::expected<std::vector<std::uint32_t>, std::string> choose_cores(
    const config::GatewayConfig& config) {
  const std::vector<std::uint32_t> allowed = allowed_cpus();
  std::vector<std::uint32_t> cores;
  if (config.lcores.empty()) {
    cores = allowed;
  } else {
    cores.push_back(config.lcores.back());
    cores.insert(cores.end(), config.lcores.begin(), config.lcores.end() - 1);
    for (const std::uint32_t cpu : cores)
      if (std::ranges::find(allowed, cpu) == allowed.end())
        return std::unexpected(fmt::format("lcores: this process may not use cpu {}; it may use {}",
                                           cpu, fmt::join(allowed, ", ")));
  }
  if (cores.size() < config.workers + 1)
    return std::unexpected(
        fmt::format("too few cpus: {} worker(s) and the controller need {}, there are {}; lower "
                    "'workers' or give more "
                    "cpus (taskset, cgroup)",
                    config.workers, config.workers + 1, cores.size()));
  cores.resize(config.workers + 1);
  return cores;
}

}  // namespace jumpgate::app
