/// EAL behind a configuration: its argument list, and one start of it with failures a person can
/// mend.
///
/// Owner thread: main, before any other thread. Bound: one EAL a process (DPDK's own rule); a
/// second start is refused. Failure: a text that says what is missing and the command that mends
/// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace jumpgate::ethdev {

struct EalOptions {
  std::string program{"jumpgate"};
  std::vector<std::uint32_t>
      lcores;  // in lcore order: main first; empty: lcore 0 on the first allowed cpu
  bool huge{true};
  std::uint32_t memory_mib{0};  // 0 with hugepages: as needed; without: 1024
  std::uint64_t pages{0};       // hugepages that must be free
  bool pci{false};  // a PCI port is configured; else the machine's own devices are left alone
  std::string file_prefix;  // empty: --in-memory
  bool debug_log{false};
  std::vector<std::string> extra;  // appended as they are
};

/// Where hugepages stand, from /proc/meminfo and the mounts.
struct Hugepages {
  std::uint64_t page_kib{0};
  std::uint64_t total{0};
  std::uint64_t free{0};
};
Hugepages hugepages();
/// Empty when so many are free, else what mends it.
std::string shortage(const Hugepages& pages, std::uint64_t needed);

std::vector<std::string> eal_arguments(const EalOptions& options);
/// Starts EAL once.
std::expected<void, std::string> start_eal(const EalOptions& options);
/// Releases what start_eal() took; ports first.
void stop_eal();

}  // namespace jumpgate::ethdev
