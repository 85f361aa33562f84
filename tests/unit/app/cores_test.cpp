// The process's own affinity is the world: each test narrows it and puts it back.
#include "app/jumpgated/cores.hpp"

#include <gtest/gtest.h>
#include <sched.h>

namespace jumpgate::app {
namespace {

class Cores : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::sched_getaffinity(0, sizeof before_, &before_), 0);
    for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &before_)) allowed_.push_back(cpu);
  }
  void TearDown() override { ::sched_setaffinity(0, sizeof before_, &before_); }

  static void allow_only(std::uint32_t cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  }

  cpu_set_t before_{};
  std::vector<std::uint32_t> allowed_;
  config::GatewayConfig config_;
};

TEST_F(Cores, TheControllersFirstThenOneAWorker) {
  config_.workers = static_cast<std::uint32_t>(allowed_.size()) - 1;
  if (config_.workers == 0) GTEST_SKIP() << "one cpu only";
  const auto cores = choose_cores(config_);
  ASSERT_TRUE(cores) << cores.error();
  EXPECT_EQ(*cores, allowed_);
}

TEST_F(Cores, ThoseOfTheConfigurationInEalsOrder) {
  if (allowed_.size() < 2) GTEST_SKIP() << "one cpu only";
  config_.lcores = {allowed_[1], allowed_[0]};  // the worker's, then the controller's
  const auto cores = choose_cores(config_);
  ASSERT_TRUE(cores) << cores.error();
  EXPECT_EQ(*cores, (std::vector{allowed_[0], allowed_[1]}));
}

TEST_F(Cores, TooFewSaysHowManyAndWhatToDo) {
  allow_only(allowed_[0]);
  const auto cores = choose_cores(config_);
  ASSERT_FALSE(cores);
  EXPECT_NE(cores.error().find("1 worker(s) and the controller need 2, there are 1"),
            std::string::npos)
      << cores.error();
  EXPECT_NE(cores.error().find("'workers'"), std::string::npos) << cores.error();
}

TEST_F(Cores, ACpuThatIsNotOursIsNamed) {
  allow_only(allowed_[0]);
  config_.lcores = {1000, allowed_[0]};
  const auto cores = choose_cores(config_);
  ASSERT_FALSE(cores);
  EXPECT_NE(cores.error().find("may not use cpu 1000; it may use"), std::string::npos)
      << cores.error();
}

}  // namespace
}  // namespace jumpgate::app
