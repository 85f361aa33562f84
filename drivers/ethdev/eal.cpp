#include "ethdev/eal.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <unistd.h>

namespace jumpgate::ethdev {
namespace {

// Lasts as long as EAL, which keeps pointers into its arguments.
std::vector<std::string>& kept_arguments() {
  static std::vector<std::string> arguments;
  return arguments;
}

// "0@0,1@3": lcore n on the n-th cpu named.
std::string lcore_map(const std::vector<std::uint32_t>& lcores) {
  std::string map;
  for (std::size_t i = 0; i < lcores.size(); ++i)
    map += fmt::format("{}{}@{}", i == 0 ? "" : ",", i, lcores[i]);
  return map;
}

bool hugetlbfs_mounted() {
  std::ifstream in("/proc/mounts");
  std::string line;
  while (std::getline(in, line))
    if (line.find(" hugetlbfs ") != std::string::npos) return true;
  return false;
}

}  // namespace

Hugepages hugepages() {
  Hugepages result;
  std::ifstream in("/proc/meminfo");
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t value = 0;
    words >> name >> value;
    if (name == "HugePages_Total:") result.total = value;
    if (name == "HugePages_Free:") result.free = value;
    if (name == "Hugepagesize:") result.page_kib = value;
  }
  return result;
}

std::string shortage(const Hugepages& pages, std::uint64_t needed) {
  if (needed <= pages.free) return {};
  if (pages.page_kib == 0)
    return "hugepages are needed and this kernel has none; set eal.huge = false";
  return fmt::format(
      "{} hugepages of {} KiB are needed at least and {} are free; reserve them with: "
      "sysctl -w vm.nr_hugepages={}",
      needed, pages.page_kib, pages.free, pages.total + needed - pages.free);
}

namespace {

std::string lacking_pages(const EalOptions& options) {
  if (!options.huge) return {};
  const Hugepages pages = hugepages();
  const std::uint64_t page_kib = std::max<std::uint64_t>(pages.page_kib, 1);
  const std::uint64_t taken = (std::uint64_t{options.memory_mib} * 1024 + page_kib - 1) / page_kib;
  return shortage(pages, std::max({taken, options.pages, std::uint64_t{1}}));
}

}  // namespace

std::vector<std::string> eal_arguments(const EalOptions& options) {
  std::vector<std::string> arguments{options.program};
  if (!options.lcores.empty()) arguments.push_back("--lcores=" + lcore_map(options.lcores));
  if (!options.pci) arguments.emplace_back("--no-pci");
  if (options.huge) {
    // In memory: no files left behind, nothing shared; with a prefix a second process may attach.
    if (options.file_prefix.empty()) arguments.emplace_back("--in-memory");
    if (options.memory_mib != 0)
      arguments.insert(arguments.end(), {"-m", fmt::format("{}", options.memory_mib)});
  } else {
    const std::uint32_t mib = options.memory_mib == 0 ? 1024 : options.memory_mib;
    arguments.insert(arguments.end(), {"--no-huge", "-m", fmt::format("{}", mib)});
    // 22.11 refuses --in-memory here; this is the part of it that matters.
    if (options.file_prefix.empty()) arguments.emplace_back("--no-shconf");
  }
  if (!options.file_prefix.empty()) arguments.push_back("--file-prefix=" + options.file_prefix);
  // Without it the telemetry socket of every such process would have the same name.
  if (options.file_prefix.empty()) arguments.emplace_back("--no-telemetry");
  // These drivers need no physical addresses, and reading them takes a privilege.
  if (!options.pci) arguments.emplace_back("--iova-mode=va");
  arguments.push_back(fmt::format("--log-level={}", options.debug_log ? "debug" : "warning"));
  arguments.insert(arguments.end(), options.extra.begin(), options.extra.end());
  return arguments;
}

std::expected<void, std::string> start_eal(const EalOptions& options) {
  static std::atomic<bool> started{false};
  if (started.exchange(true))
    return std::unexpected(std::string("EAL was started before in this process"));
  if (::geteuid() != 0) return std::unexpected(std::string("ports need root; start it with: sudo"));
  if (std::string lack = lacking_pages(options); !lack.empty())
    return std::unexpected(std::move(lack));
  if (options.huge && !options.file_prefix.empty() && !hugetlbfs_mounted())
    return std::unexpected(std::string(
        "no hugetlbfs is mounted; mount it with: mount -t hugetlbfs none /dev/hugepages"));
  // Those that are offline count: they leave a gap in the numbers.
  const auto cpus = static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_CONF));
  for (const std::uint32_t cpu : options.lcores)
    if (cpu >= cpus)
      return std::unexpected(fmt::format(
          "cpu {} is named and there are {}; mend gateway.lcores or gateway.workers", cpu, cpus));
  auto& words = kept_arguments();
  words = eal_arguments(options);
  std::vector<char*> arguments;
  arguments.reserve(words.size());
  for (std::string& word : words)
    arguments.push_back(word.data());
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) >= 0) return {};
  std::string line;
  for (const std::string& word : words)
    line += (line.empty() ? "" : " ") + word;
  return std::unexpected(
      fmt::format("EAL did not start: {} (its own lines above say more); its arguments were: {}",
                  rte_strerror(rte_errno), line));
}

void stop_eal() {
  rte_eal_cleanup();
}

}  // namespace jumpgate::ethdev
