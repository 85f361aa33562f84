// One EAL for all simulations of an executable: no hugepages, no devices, nothing on disk.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rte_eal.h>
#include <sodium/core.h>

#include "options.hpp"

namespace {

/// What GoogleTest has left of the command line. False: something else stands there.
bool read_options(int argc, char** argv) {
  jumpgate::sim::Options& asked = jumpgate::sim::options();
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) return false;
    if (name == "--report") {
      asked.report = argv[i + 1];
      continue;
    }
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--seed") {
      asked.seed = value;
    } else if (name == "--jumps") {
      asked.jumps = value;
    } else if (name == "--hostile") {
      asked.hostile = value;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (!read_options(argc, argv)) {
    std::fputs(
        "usage: sim [--seed N] [--jumps N] [--hostile N] [--report FILE] [GoogleTest's own]\n",
        stderr);
    return 2;
  }
  if (sodium_init() < 0) return 1;
  std::vector<std::string> words{
      "sim", "--no-huge", "--no-pci", "--no-shconf",    "-m",
      "256", "-l",        "0",        "--no-telemetry", "--log-level=lib.eal:warning"};
  std::vector<char*> arguments;
  arguments.reserve(words.size());
  for (std::string& word : words)
    arguments.push_back(word.data());
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
    std::fputs("EAL does not start\n", stderr);
    return 1;
  }
  int result = RUN_ALL_TESTS();
  const std::string& report = jumpgate::sim::options().report;
  if (!report.empty() && !jumpgate::sim::write_report(report)) {
    std::fprintf(stderr, "sim: %s can not be written\n", report.c_str());
    result = 1;
  }
  rte_eal_cleanup();
  return result;
}
