// Two events that meet: what comes first decides, and what comes second finds it so.
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Races : public GatewayTest {
 protected:
  void attach_alice() {
    start();
    ASSERT_TRUE(attach(alice_));
    out_.sent.clear();
    advance(seconds(2));
  }
  void end_without_a_command() {
    workers_.credit = 0;
    ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
    workers_.credit = 16;
  }
};

TEST_F(Races, AnAnswerThatCameInTimeIsNotTooLateByItsCopy) {
  policy_.security.reattach_proof_max_age = milliseconds(200);
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  edge(alice_, bus::ReportKind::kNewPath, kCell, 96);
  run();
  const auto challenge = challenge_to(alice_, kCell);
  ASSERT_TRUE(challenge);
  const auto answer = response_to(alice_, *challenge);
  advance(milliseconds(100));
  send_response(alice_, answer, kCell);
  // The bound address has its 400 ms, and the network repeats what was answered.
  advance(milliseconds(150));
  send_response(alice_, answer, kCell);
  EXPECT_EQ(state(alice_), State::kRecovering);
  advance(milliseconds(150));
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(find(alice_)->binding->path.remote, kCell);
}

TEST_F(Races, WhatIsToEndTakesNoMessageWhateverElseIsDue) {
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  edge(alice_, bus::ReportKind::kVolatile, kWifi,
       std::to_underlying(Reason::kLossThresholdExceeded));
  run();
  ASSERT_EQ(state(alice_), State::kVolatile);
  end_without_a_command();
  // Not looked at before the state's own time is over as well.
  now_ = now_ + policy_.volatility.volatile_to_degraded;
  send_reattach(alice_, reattach(alice_));
  EXPECT_EQ(events_of(EventType::kReattachAttempt, Reason::kTransportRetiring), 0U);
  EXPECT_EQ(dropped(DropReason::kSessionStateForbids), 1U);
  advance(milliseconds(20));
  EXPECT_EQ(gateway_->session_count(), 0U);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kOperatorTerminated), 1U);
}

TEST_F(Races, AnIndexIsAnotherPeersOnlyWhenTheWorkerHasWipedTheSession) {
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  ASSERT_TRUE(attach(bob_, kCell));
  ASSERT_TRUE(gateway_->reload(config_with(true, false), now_));
  ASSERT_EQ(find(bob_)->record.state(), State::kTerminated);
  const SessionId ended = bob_.welcome.session_id;
  // Another peer, before the worker has said that the session is gone.
  const ScriptedClient carol(random_);
  auto next = config_with(true, true);
  next->peers[1].name = "carol";
  next->peers[1].public_key = carol.key.public_key;
  ASSERT_TRUE(gateway_->reload(next, now_));
  run();
  for (const audit::Event& e : events_) {
    if (e.session != ended) continue;
    EXPECT_EQ(e.peer.view(), "bob") << to_string(e.type);
  }
}

}  // namespace
}  // namespace jumpgate::ctl::testing
