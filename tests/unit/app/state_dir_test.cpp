#include "app/jumpgated/state_dir.hpp"

#include <gtest/gtest.h>

#include "../../support/seeded_random.hpp"
#include "../config/config_test_helpers.hpp"

namespace jumpgate::app {
namespace {

struct StateDir : testing::Test {
  std::expected<NodeState, std::string> open() {
    return open_state_dir(scratch.path("state"), random);
  }
  config::test::Scratch scratch;
  jumpgate::test::SeededRandom random;
};

TEST_F(StateDir, EachStartCountsAndKeepsTheResetKey) {
  const auto first = open();
  ASSERT_TRUE(first) << first.error();
  const auto second = open();
  ASSERT_TRUE(second) << second.error();
  EXPECT_EQ(first->boot, 1U);
  EXPECT_EQ(second->boot, 2U);
  EXPECT_EQ(first->reset_key.get(), second->reset_key.get()) << "clients hold tokens made with it";
}

TEST_F(StateDir, ASpoiledCountIsRefusedWithTheFilesName) {
  ASSERT_TRUE(open());
  for (const char* text : {"twelve", "12 34", "", "-1"}) {
    scratch.write("state/boot", text);
    const auto state = open();
    ASSERT_FALSE(state) << text;
    EXPECT_NE(state.error().find(scratch.path("state/boot")), std::string::npos) << state.error();
    EXPECT_NE(state.error().find("remove the file"), std::string::npos) << state.error();
  }
}

TEST_F(StateDir, AFolderThatCanNotBeMadeIsNamed) {
  const std::string folder = scratch.write("file", "in the way") + "/state";
  const auto state = open_state_dir(folder, random);
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().find(folder), std::string::npos) << state.error();
}

TEST_F(StateDir, ACountThatCanNotBeWrittenStartsNothing) {
  ASSERT_TRUE(open());
  // A folder in the draft's place fails for root too.
  std::filesystem::create_directory(scratch.path("state/boot.new"));
  const auto state = open();
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().find("cannot write"), std::string::npos) << state.error();
  std::filesystem::remove(scratch.path("state/boot.new"));
  EXPECT_EQ(open()->boot, 2U) << "the failed start was not counted";
}

}  // namespace
}  // namespace jumpgate::app
