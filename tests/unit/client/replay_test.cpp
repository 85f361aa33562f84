// Genuine messages of the gateway that someone else sends once more: late, often or from elsewhere.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace jumpgate::client::testing {
namespace {

TEST(Replay, AnOldChallengeCancelsNoRekey) {
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  h.run(seconds(4));
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(h.run_until([&] { return h.gateway->heard[wire::Type::kRekey] == 1; }, seconds(3)));
  h.gateway->rekey_wanted = false;
  h.replay(wire::Type::kPathChallenge, kCell, h.gateway_at);
  EXPECT_EQ(h.dropped(DropReason::kControlStale), 1U);
  EXPECT_TRUE(h.run_until([&] { return h.gateway->rekeys == 1; }, seconds(1)));
}

}  // namespace
}  // namespace jumpgate::client::testing
