#include "app/jumpgated/plan.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace jumpgate::app {
namespace {

using nlohmann::ordered_json;

std::string_view name_of(net::PortRole role) {
  return role == net::PortRole::kOuter ? "outer" : "inner";
}

std::string node_text(int node) {
  return node == kUnknownNode ? "unknown" : std::to_string(node);
}

ordered_json node_json(int node) {
  return node == kUnknownNode ? ordered_json(nullptr) : ordered_json(node);
}

void warn_of_memory(Plan& plan, const config::GatewayConfig& config) {
  constexpr std::size_t kMiB = std::size_t{1024} * 1024;
  const std::size_t wanted = (total(plan.memory) + kMiB - 1) / kMiB;
  if (!config.eal.huge && config.eal.memory_mib < wanted)
    plan.warnings.push_back(
        fmt::format("eal.memory_mib is {}, and the limits ask for {}; raise it or lower [limits]",
                    config.eal.memory_mib, wanted));
}

std::string threads_text(const Plan& plan) {
  std::string text = fmt::format("{:<14} {:>5} {:>10}  {}\n", "thread", "cpu", "NUMA node",
                                 "shares its core with");
  for (const ThreadPlace& thread : plan.placement.threads)
    text += fmt::format(
        "{:<14} {:>5} {:>10}  {}\n", thread.name, thread.cpu.id, node_text(thread.cpu.node),
        thread.siblings.empty() ? "none" : fmt::format("cpu {}", fmt::join(thread.siblings, ", ")));
  return text;
}

std::string ports_text(const Plan& plan, const config::GatewayConfig& config) {
  std::string text = fmt::format("{:<16} {:<6} {:<10} {:<16} {:>10} {:>7} {:>15}\n", "port", "role",
                                 "driver", "interface", "NUMA node", "queues", "descriptors");
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const config::PortConfig& port = config.ports[i];
    text += fmt::format(
        "{:<16} {:<6} {:<10} {:<16} {:>10} {:>7} {:>15}\n", port.name, name_of(port.role),
        config::to_string(port.driver), port.interface.empty() ? "none" : port.interface,
        node_text(plan.placement.port_nodes[i]), config.workers,
        fmt::format("{} rx, {} tx", config.limits.rx_descriptors, config.limits.tx_descriptors));
  }
  return text;
}

std::string pages_text(const Plan& plan, const config::GatewayConfig& config) {
  if (!config.eal.huge)
    return fmt::format("no hugepages: {} MiB of ordinary memory are taken (eal.memory_mib)\n",
                       config.eal.memory_mib);
  return fmt::format(
      "hugepages: {} of {} KiB at least, EAL's and the ports' own apart; {} are free\n",
      plan.pages_needed, plan.pages.page_kib, plan.pages.free);
}

}  // namespace

std::expected<Plan, Refusal> make_plan(const config::GatewayConfig& config, const Machine& machine,
                                       std::vector<int> port_nodes,
                                       const ethdev::Hugepages& pages) {
  auto placement = place(config, machine, std::move(port_nodes));
  if (!placement) return std::unexpected(std::move(placement.error()));
  Plan plan{.placement = std::move(*placement),
            .memory = footprint(config),
            .pages = pages,
            .pages_needed = 0,
            .shortage = {},
            .warnings = {}};
  if (config.eal.huge) {
    // Without hugetlbfs in the kernel there is no size to count in.
    plan.pages_needed =
        pages.page_kib == 0 ? 1 : hugepages_needed(plan.memory, pages.page_kib * 1024);
    plan.shortage = ethdev::shortage(pages, plan.pages_needed);
  }
  plan.warnings = plan.placement.warnings;
  warn_of_memory(plan, config);
  return plan;
}

std::string to_text(const Plan& plan, const config::GatewayConfig& config) {
  std::string text = threads_text(plan) + "\n" + ports_text(plan, config) + "\n" +
                     to_text(plan.memory) + pages_text(plan, config);
  for (const std::string& warning : plan.warnings)
    text += "warning: " + warning + "\n";
  if (!plan.shortage.empty()) text += "does not start: " + plan.shortage + "\n";
  return text;
}

std::string to_json(const Plan& plan, const config::GatewayConfig& config) {
  ordered_json threads = ordered_json::array();
  for (const ThreadPlace& thread : plan.placement.threads)
    threads.push_back({{"thread", thread.name},
                       {"cpu", thread.cpu.id},
                       {"numa_node", node_json(thread.cpu.node)},
                       {"siblings", thread.siblings}});
  ordered_json ports = ordered_json::array();
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const config::PortConfig& port = config.ports[i];
    ports.push_back({{"port", port.name},
                     {"role", name_of(port.role)},
                     {"driver", config::to_string(port.driver)},
                     {"interface", port.interface},
                     {"numa_node", node_json(plan.placement.port_nodes[i])},
                     {"queues", config.workers},
                     {"rx_descriptors", config.limits.rx_descriptors},
                     {"tx_descriptors", config.limits.tx_descriptors}});
  }
  ordered_json memory = ordered_json::array();
  for (const MemoryLine& line : plan.memory)
    memory.push_back({{"what", line.what},
                      {"count", line.count},
                      {"bytes", line.bytes},
                      {"hugepages", config.eal.huge && !line.heap}});
  const ordered_json all{{"threads", threads},
                         {"ports", ports},
                         {"memory", memory},
                         {"memory_bytes", total(plan.memory)},
                         {"hugepages",
                          {{"bytes_each", plan.pages.page_kib * 1024},
                           {"needed", plan.pages_needed},
                           {"free", plan.pages.free},
                           {"shortage", plan.shortage}}},
                         {"warnings", plan.warnings}};
  return all.dump(2) + "\n";
}

}  // namespace jumpgate::app
