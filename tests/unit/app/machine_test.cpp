#include "app/jumpgated/machine.hpp"

#include <filesystem>

#include <sched.h>
#include <unistd.h>

#include "../config/config_test_helpers.hpp"
#include "synthetic_machine.hpp"

namespace jumpgate::app {
namespace {

TEST(Machine, CpusHaveTheirCoreAndNode) {
  // Two nodes of four cores of two hyperthreads, numbered one after another.
  const Machine machine = test::synthetic_machine("numa:2 core:4 pu:2");
  ASSERT_EQ(machine.cpus.size(), 16U);
  for (std::uint32_t id = 0; id < 16; ++id) {
    const Cpu* cpu = machine.find(id);
    ASSERT_NE(cpu, nullptr) << id;
    EXPECT_EQ(cpu->node, id < 8 ? 0 : 1) << id;
    EXPECT_EQ(machine.siblings(*cpu), std::vector<std::uint32_t>{id ^ 1}) << id;
  }
  EXPECT_EQ(machine.find(16), nullptr);
}

TEST(Machine, ACoreOfOneThreadHasNoSiblings) {
  const Machine machine = test::synthetic_machine("numa:1 core:2 pu:1");
  EXPECT_TRUE(machine.siblings(*machine.find(0)).empty());
}

TEST(Machine, ThisOneAllowsWhatTheAffinitySays) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  std::vector<std::uint32_t> allowed;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &before)) allowed.push_back(cpu);
  const auto machine = this_machine();
  ASSERT_TRUE(machine) << machine.error();
  EXPECT_EQ(machine->allowed(), allowed);

  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(allowed.back(), &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  const auto narrowed = this_machine();
  ::sched_setaffinity(0, sizeof before, &before);
  ASSERT_TRUE(narrowed) << narrowed.error();
  EXPECT_EQ(narrowed->allowed(), std::vector{allowed.back()});
  EXPECT_EQ(narrowed->cpus.size(), machine->cpus.size()) << "the others are there, if not ours";
}

struct PortNode : testing::Test {
  config::test::Scratch scratch;
  config::PortConfig port;
  std::filesystem::path sysfs{scratch.path("sys")};

  void node_of(const std::string& device, const std::string& text) {
    std::filesystem::create_directories(sysfs / device);
    scratch.write("sys/" + device + "/numa_node", text);
  }
};

TEST_F(PortNode, OfAKernelInterfaceIsItsCards) {
  node_of("class/net/wan0/device", "1\n");
  port.interface = "wan0";
  EXPECT_EQ(port_node(port, sysfs), 1);
}

TEST_F(PortNode, OfAPciAddressWithAndWithoutItsDomain) {
  node_of("bus/pci/devices/0000:41:00.0", "1\n");
  port.driver = config::PortDriver::kPci;
  for (const char* address : {"0000:41:00.0", "41:00.0"}) {
    port.interface = address;
    EXPECT_EQ(port_node(port, sysfs), 1) << address;
  }
}

TEST_F(PortNode, IsUnknownWhereTheKernelNamesNone) {
  node_of("class/net/wan0/device", "-1\n");
  port.interface = "wan0";
  EXPECT_EQ(port_node(port, sysfs), kUnknownNode);
  port.interface = "veth0";
  EXPECT_EQ(port_node(port, sysfs), kUnknownNode);
  port.driver = config::PortDriver::kMemif;
  port.interface.clear();
  EXPECT_EQ(port_node(port, sysfs), kUnknownNode);
}

}  // namespace
}  // namespace jumpgate::app
