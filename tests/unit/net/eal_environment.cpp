// rte_hash and rte_fib take their memory from EAL: one without hugepages and devices for the whole
// executable.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rte_eal.h>

namespace {

class EalEnvironment final : public ::testing::Environment {
 public:
  void SetUp() override {
    // In 22.11 --no-huge excludes --in-memory; these two leave no files either.
    std::vector<std::string> words{
        "unit_net",    "--no-huge",      "-m",          "512",   "--no-pci",
        "--no-shconf", "--no-telemetry", "--log-level", "error", "--lcores=0@(0-1)"};
    std::vector<char*> arguments;
    for (std::string& word : words)
      arguments.push_back(word.data());
    ASSERT_GE(rte_eal_init(static_cast<int>(arguments.size()), arguments.data()), 0);
  }
  void TearDown() override { rte_eal_cleanup(); }
};

const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new EalEnvironment);

}  // namespace
