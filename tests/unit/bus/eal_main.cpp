// One EAL for all tests of the executable: rings and zones live in its memory.
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rte_eal.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::vector<std::string> words{
      "unit_bus", "--no-huge", "--no-pci", "--no-shconf",    "-m",
      "64",       "-l",        "0",        "--no-telemetry", "--log-level=lib.eal:warning"};
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
