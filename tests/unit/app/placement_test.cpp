// Two NUMA nodes with four cores of two hyperthreads each: cpus 0 to 7 are on node 0, 2n and 2n + 1 share a core.
#include "app/jumpgated/placement.hpp"

#include <gmock/gmock.h>

#include "synthetic_machine.hpp"

namespace jumpgate::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct PlacementTest : testing::Test {
  PlacementTest() {
    config.ports.resize(1);
    config.ports[0].name = "wan";
  }
  void use(std::vector<std::uint32_t> lcores) {
    config.workers = static_cast<std::uint32_t>(lcores.size()) - 1;
    config.lcores = std::move(lcores);
  }
  std::expected<Placement, Refusal> placed(int port_node = kUnknownNode) {
    return place(config, machine, {port_node});
  }
  void allow(const std::vector<std::uint32_t>& ids) {
    for (Cpu& cpu : machine.cpus)
      cpu.allowed = std::ranges::find(ids, cpu.id) != ids.end();
  }

  Machine machine{test::synthetic_machine("numa:2 core:4 pu:2")};
  config::GatewayConfig config;
};

TEST_F(PlacementTest, TheControllersCpuIsFirstThenTheWorkers) {
  use({4, 2, 6});  // the workers', then the controller's
  const auto placement = placed();
  ASSERT_TRUE(placement) << placement.error().text;
  EXPECT_THAT(placement->lcores(), ElementsAre(6, 4, 2));
  EXPECT_EQ(placement->threads[0].name, "controller");
  EXPECT_EQ(placement->threads[2].name, "worker 1");
  EXPECT_THAT(placement->threads[2].siblings, ElementsAre(3));
}

TEST_F(PlacementTest, WithoutLcoresTheFirstAllowedAreTaken) {
  allow({3, 5, 9});
  config.workers = 2;
  const auto placement = placed();
  ASSERT_TRUE(placement) << placement.error().text;
  EXPECT_THAT(placement->lcores(), ElementsAre(3, 5, 9));
}

TEST_F(PlacementTest, OneNodeAndACoreEachNeedNoWarning) {
  use({2, 4, 6});
  const auto placement = placed(0);
  ASSERT_TRUE(placement) << placement.error().text;
  EXPECT_THAT(placement->warnings, IsEmpty());
}

TEST_F(PlacementTest, AWorkerFarFromAPortIsWarnedOf) {
  use({2, 10, 4});
  const auto placement = placed(0);
  ASSERT_TRUE(placement) << placement.error().text;
  EXPECT_THAT(
      placement->warnings,
      ElementsAre(AllOf(HasSubstr("port wan is on NUMA node 0, worker 1 (cpu 10) on node 1:"),
                        HasSubstr("cpus of node 0 in gateway.lcores")),
                  HasSubstr("the controller is on NUMA node 0")));
}

TEST_F(PlacementTest, APortOfAnUnknownNodeIsFarFromNobody) {
  use({8, 10});
  const auto placement = placed(kUnknownNode);
  ASSERT_TRUE(placement) << placement.error().text;
  EXPECT_THAT(placement->warnings, IsEmpty());
}

TEST_F(PlacementTest, WorkersOfOneCoreAreWarnedOf) {
  use({2, 3, 6});
  const auto placement = placed(0);
  ASSERT_TRUE(placement) << placement.error().text;
  EXPECT_THAT(placement->warnings, ElementsAre(HasSubstr("worker 0 (cpu 2) and worker 1 (cpu 3) "
                                                         "share one core, as its hyperthreads")));
}

TEST_F(PlacementTest, ACpuNamedTwiceIsWarnedOf) {
  use({2, 2});
  const auto placement = placed(0);
  ASSERT_TRUE(placement) << placement.error().text;
  EXPECT_THAT(placement->warnings,
              ElementsAre(HasSubstr("controller (cpu 2) and worker 0 (cpu 2) share one cpu")));
}

TEST_F(PlacementTest, ACpuThatIsNotThereIsTheConfigurationsFault) {
  use({16, 0});
  const auto placement = placed();
  ASSERT_FALSE(placement);
  EXPECT_THAT(placement.error().text, HasSubstr("this machine has no cpu 16"));
  EXPECT_TRUE(placement.error().configured);
}

TEST_F(PlacementTest, ACpuThatIsNotOursIsToo) {
  allow({0, 2});
  use({4, 0});
  const auto placement = placed();
  ASSERT_FALSE(placement);
  EXPECT_THAT(placement.error().text, HasSubstr("this process may not use cpu 4; it may use 0, 2"));
  EXPECT_TRUE(placement.error().configured);
}

TEST_F(PlacementTest, TooFewCpusAreTheMachinesLack) {
  allow({0});
  const auto placement = placed();
  ASSERT_FALSE(placement);
  EXPECT_THAT(placement.error().text,
              AllOf(HasSubstr("1 worker(s) and the controller need 2, there are 1"),
                    HasSubstr("'workers'")));
  EXPECT_FALSE(placement.error().configured);
}

}  // namespace
}  // namespace jumpgate::app
