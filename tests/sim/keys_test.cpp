// New keys that the gateway asks for: they come at once, for its reason, and nothing is lost by it.
#include <gtest/gtest.h>

#include "options.hpp"
#include "script.hpp"

namespace jumpgate::sim {
namespace {

class Keys : public ::testing::Test {
 protected:
  Keys() {
    world_.drive = {.moves = 0, .sends = 0};
    world_.on_gateway_event = [this](const audit::Event& event) {
      if (event.type == EventType::kKeyRotated) told_.push_back(event.reason);
    };
  }
  /// Keys that no age renews.
  static session::Policy policy() {
    session::Policy policy;
    policy.keys.rekey_after = seconds(3600);
    policy.keys.reject_after = seconds(7200);
    policy.keys.rekey_after_transport_change = true;
    return policy;
  }

  World world_{{.seed = options().seed, .clients = 2, .policy = policy()}};
  std::vector<Reason> told_;
};

TEST_F(Keys, AnIdleClientThatIsAskedHasNewOnesAtOnce) {
  world_.run(seconds(40));
  ASSERT_TRUE(told_.empty());
  world_.ask_rekey(0);
  world_.run(seconds(1));
  EXPECT_EQ(told_, std::vector{Reason::kPolicyTrigger});
  EXPECT_EQ(world_.client(0).engine().session()->core().record.root_generation(), 1U);
  EXPECT_EQ(world_.client(1).engine().session()->core().record.root_generation(), 0U);
  world_.heal_and_check();
  EXPECT_TRUE(world_.findings().clean()) << world_.findings().text();
}

TEST_F(Keys, NewOnesFollowAJump) {
  world_.run(seconds(3));
  world_.move(0, 1);
  world_.run(seconds(2));
  EXPECT_EQ(told_, std::vector{Reason::kTransportChange});
  EXPECT_EQ(world_.client(0).engine().session()->core().record.root_generation(), 1U);
  world_.heal_and_check();
  EXPECT_TRUE(world_.findings().clean()) << world_.findings().text();
}

}  // namespace
}  // namespace jumpgate::sim
