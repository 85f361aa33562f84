// spec/jump.md "Repetition" and "Refusals": what the one kept answer is good for, and what it costs.
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Answers : public AttachedTest {};

TEST_F(Answers, ACopyOfTheResponseGetsNoAckBeforeTheWorkerHasMoved) {
  send_reattach(alice_, reattach(alice_));
  run();
  const auto response = response_to(alice_, *challenge_to(alice_, kCell));
  send_response(alice_, response);
  send_response(alice_, response);
  EXPECT_TRUE(sent(wire::Type::kAck).empty());
  run();
  EXPECT_EQ(sent(wire::Type::kAck).size(), 1U);
}

TEST_F(Answers, ARefusalIsRepeatedToTheAddressThatGotItAlone) {
  auto message = reattach(alice_);
  message.binding_version = 9;
  send_reattach(alice_, message);
  send_reattach(alice_, message, kThird);
  EXPECT_EQ(sent(wire::Type::kRefusal).size(), 1U);
  EXPECT_EQ(dropped(DropReason::kControlStale), 1U);
  send_reattach(alice_, message);
  EXPECT_EQ(sent(wire::Type::kRefusal).size(), 2U);
}

TEST_F(Answers, AStaleRequestCostsNothingAndItsNumberCountsAsSeen) {
  const auto older = reattach(alice_);
  auto stale = reattach(alice_);
  stale.binding_version = 9;
  send_reattach(alice_, stale);
  ASSERT_EQ(last_refusal(alice_)->reason, Reason::kStaleBindingVersion);
  EXPECT_EQ(events_of(EventType::kTransportSwitchDenied, Reason::kStaleBindingVersion), 0U);
  EXPECT_EQ(find(alice_)->budget.attempts(now_), 0U);
  send_reattach(alice_, older);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(events_of(EventType::kSecurityReplayDetected, Reason::kReplayDetected), 1U);
}

TEST_F(Answers, WhoWaitsAsLongAsItSaysIsNotRefusedAgain) {
  ASSERT_TRUE(jump(alice_, kCell));
  now_ = now_ + microseconds(300);
  send_reattach(alice_, reattach(alice_), kWifi);
  const auto refusal = last_refusal(alice_);
  ASSERT_TRUE(refusal);
  ASSERT_EQ(refusal->reason, Reason::kCooldownActive);
  now_ = now_ + milliseconds(refusal->retry_after_ms);
  EXPECT_TRUE(jump(alice_, kWifi));
}

}  // namespace
}  // namespace jumpgate::ctl::testing
