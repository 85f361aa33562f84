#include "app/jumpgated/plan.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "synthetic_machine.hpp"

namespace jumpgate::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct PlanTest : testing::Test {
  PlanTest() {
    config.ports.resize(2);
    config.ports[0].name = "wan";
    config.ports[0].driver = config::PortDriver::kPci;
    config.ports[0].interface = "0000:41:00.0";
    config.ports[1].name = "lan";
    config.ports[1].role = net::PortRole::kInner;
    config.ports[1].interface = "lan0";
    config.workers = 2;
    config.lcores = {2, 4, 6};
  }
  Plan planned() {
    auto plan = make_plan(config, machine, {0, kUnknownNode}, pages);
    EXPECT_TRUE(plan) << plan.error().text;
    return std::move(*plan);
  }

  Machine machine{test::synthetic_machine("numa:2 core:4 pu:2")};
  ethdev::Hugepages pages{.page_kib = 2048, .total = 4096, .free = 4000};
  config::GatewayConfig config;
};

TEST_F(PlanTest, NamesThreadsPortsMemoryAndPages) {
  const Plan plan = planned();
  EXPECT_THAT(plan.warnings, IsEmpty());
  EXPECT_EQ(plan.shortage, "");
  const std::string text = to_text(plan, config);
  for (const char* part : {"controller", "worker 1", "wan", "0000:41:00.0", "unknown",
                           "packet buffers", "in all", "4000 are free"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST_F(PlanTest, AsJsonSaysTheSame) {
  config.lcores = {2, 3, 6};
  const Plan plan = planned();
  const auto json = nlohmann::json::parse(to_json(plan, config));
  EXPECT_EQ(json["threads"][0]["thread"], "controller");
  EXPECT_EQ(json["threads"][2]["cpu"], 3);
  EXPECT_EQ(json["threads"][2]["numa_node"], 0);
  EXPECT_EQ(json["threads"][2]["siblings"], (std::vector{2}));
  EXPECT_EQ(json["ports"][0]["driver"], "pci");
  EXPECT_EQ(json["ports"][0]["queues"], 2);
  EXPECT_EQ(json["ports"][0]["numa_node"], 0);
  EXPECT_TRUE(json["ports"][1]["numa_node"].is_null());
  EXPECT_EQ(json["memory"].size(), plan.memory.size());
  EXPECT_EQ(json["memory_bytes"], total(plan.memory));
  EXPECT_EQ(json["hugepages"]["needed"], plan.pages_needed);
  EXPECT_EQ(json["warnings"], plan.warnings);
  EXPECT_EQ(json["warnings"].size(), 1U);
}

TEST_F(PlanTest, TooFewHugepagesAreNamedWithTheCommand) {
  pages = {.page_kib = 2048, .total = 20, .free = 10};
  const Plan plan = planned();
  ASSERT_GT(plan.pages_needed, 10U);
  const std::string command = "sysctl -w vm.nr_hugepages=" + std::to_string(plan.pages_needed + 10);
  EXPECT_THAT(plan.shortage, HasSubstr(command));
  EXPECT_THAT(to_text(plan, config), HasSubstr("does not start: " + plan.shortage));
}

TEST_F(PlanTest, AsManyHugepagesAsAreNeededDo) {
  pages = {.page_kib = 2048, .total = 20, .free = 10};
  pages.free = planned().pages_needed;
  EXPECT_EQ(planned().shortage, "");
  --pages.free;
  EXPECT_NE(planned().shortage, "");
}

TEST_F(PlanTest, AKernelWithoutHugepagesIsNamed) {
  pages = {};
  EXPECT_THAT(planned().shortage, HasSubstr("eal.huge = false"));
}

TEST_F(PlanTest, WithoutHugepagesTheConfiguredMemoryMustDo) {
  config.eal.huge = false;
  config.eal.memory_mib = 64;
  config.limits.max_sessions = 100'000;
  const Plan plan = planned();
  EXPECT_EQ(plan.pages_needed, 0U);
  EXPECT_THAT(plan.warnings, ElementsAre(HasSubstr("eal.memory_mib is 64")));
}

TEST_F(PlanTest, HugepagesAreCountedByThePartAndWithoutTheHeap) {
  constexpr std::size_t kPage = 2 << 20;
  EXPECT_EQ(
      hugepages_needed({{"one", 1, 1}, {"two", 1, kPage + 1}, {"heap", 1, 9 * kPage, true}}, kPage),
      3U);
}

TEST_F(PlanTest, WhatThePlacementRefusesIsNoPlan) {
  config.lcores = {2, 99, 6};
  const auto plan = make_plan(config, machine, {0, 0}, pages);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().text, HasSubstr("99"));
}

}  // namespace
}  // namespace jumpgate::app
