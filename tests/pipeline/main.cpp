// One EAL for all tests of the executable: no hugepages, no devices, nothing on disk.
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rte_eal.h>
#include <sodium/core.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (sodium_init() < 0) return 1;
  std::vector<std::string> words{
      "pipeline", "--no-huge", "--no-pci", "--no-shconf",    "-m",
      "256",      "-l",        "0",        "--no-telemetry", "--log-level=lib.eal:warning"};
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
