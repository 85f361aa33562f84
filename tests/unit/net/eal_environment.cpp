// rte_hash and rte_fib take their memory from EAL: one without hugepages and devices for the whole
// executable.
#include <array>

#include <gtest/gtest.h>
#include <rte_eal.h>

namespace {

class EalEnvironment final : public ::testing::Environment {
 public:
  void SetUp() override {
    std::array<char, 16> program{"unit_net"}, no_huge{"--no-huge"}, memory{"-m"}, mib{"512"},
        no_pci{"--no-pci"}, in_memory{"--in-memory"}, lcores{"--lcores"}, zero{"0@(0-1)"},
        log{"--log-level"}, level{"error"};
    std::array<char*, 10> arguments{program.data(), no_huge.data(), memory.data(), mib.data(),
                                    no_pci.data(),  lcores.data(),  zero.data(),   in_memory.data(),
                                    log.data(),     level.data()};
    ASSERT_GE(rte_eal_init(static_cast<int>(arguments.size()), arguments.data()), 0);
  }
  void TearDown() override { rte_eal_cleanup(); }
};

const auto* const kEnvironment = ::testing::AddGlobalTestEnvironment(new EalEnvironment);

}  // namespace
