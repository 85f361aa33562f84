/// EAL for a test program: no hugepages, no devices, nothing on disk. Rings, zones and packet buffers
/// of its tests live in its memory.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rte_eal.h>

namespace jumpgate::testing {

/// Runs all tests in an EAL of so many MiB; the exit status.
inline int run_tests_in_eal(const std::string& program, unsigned memory_mib) {
  std::vector<std::string> words{program,
                                 "--no-huge",
                                 "--no-pci",
                                 "--no-shconf",
                                 "-m",
                                 std::to_string(memory_mib),
                                 "-l",
                                 "0",
                                 "--no-telemetry",
                                 "--log-level=lib.eal:warning"};
  std::vector<char*> arguments;
  arguments.reserve(words.size());
  for (std::string& word : words)
    arguments.push_back(word.data());
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
    std::fputs("EAL does not start\n", stderr);
    return 1;
  }
  const int result = RUN_ALL_TESTS();
  rte_eal_cleanup();
  return result;
}

}  // namespace jumpgate::testing
