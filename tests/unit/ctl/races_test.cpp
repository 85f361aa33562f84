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

TEST_F(Races, AWordAboutAProposalGoneByIsNotOneAboutTheNext) {
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  for (const bool applied : {true, false}) {
    SCOPED_TRACE(applied);
    send_reattach(alice_, reattach(alice_), kCell);
    const auto proposal = std::ranges::find_if(workers_.waiting, [](const bus::Command& command) {
      return std::holds_alternative<bus::ProposeEpoch>(command.body);
    });
    ASSERT_NE(proposal, workers_.waiting.end());
    bus::Command first = *proposal;
    workers_.waiting.clear();
    send_reattach(alice_, reattach(alice_), kThird);
    first.applied = applied;
    gateway_->on_acknowledged(first, now_);
    EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty()) << "its keys are not there";
    EXPECT_TRUE(sent(wire::Type::kRefusal).empty());
    EXPECT_EQ(state(alice_), State::kRecovering);
  }
  run();
  EXPECT_TRUE(challenge_to(alice_, kThird));
}

TEST_F(Races, AConfirmThatComesAfterAJumpIsStale) {
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  ASSERT_TRUE(jump(alice_, kCell));
  const std::size_t acknowledged = sent(wire::Type::kAck).size();
  confirm(alice_);
  EXPECT_EQ(sent(wire::Type::kAck).size(), acknowledged);
  EXPECT_EQ(dropped(DropReason::kControlStale), 1U);
  EXPECT_EQ(find(alice_)->binding->path.remote, kCell);
}

TEST_F(Races, AHelloThatIsReadWhenTheStopHasBegunMakesNoSession) {
  say_hello(alice_);
  gateway_->begin_stop();
  run();
  EXPECT_EQ(events_of(EventType::kSessionCreated, Reason::kNone), 0U);
  ASSERT_EQ(out_.sent.size(), 1U);
  const auto refusal = alice_.read_refusal(out_.sent[0].bytes);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, Reason::kCapacityExhausted);
}

TEST_F(Races, AConfirmOverAForbiddenTransportBindsNothing) {
  policy_.transport.allow_udp6 = false;
  start();
  say_hello(alice_);
  run();
  ASSERT_TRUE(alice_.read_welcome(out_.sent[0].bytes));
  confirm(alice_, kSix);
  EXPECT_EQ(state(alice_), State::kBirth);
  EXPECT_EQ(dropped(DropReason::kSessionStateForbids), 1U);
  confirm(alice_);
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(Races, ACommitWithoutAPathGivesItsCommandBack) {
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  send_reattach(alice_, reattach(alice_));
  run();
  const auto challenge = challenge_to(alice_, kCell);
  ASSERT_TRUE(challenge);
  paths_.full = true;
  send_response(alice_, response_to(alice_, *challenge));
  EXPECT_EQ(last_refusal(alice_)->reason, Reason::kAtomicityFailed);
  EXPECT_EQ(find(alice_)->binding->path.remote, kWifi);
  run();
  EXPECT_EQ(workers_.credit, 16U);
}

TEST_F(Races, ABirthOfAPeerThatIsRemovedEndsWithIt) {
  say_hello(bob_, kCell);
  run();
  ASSERT_TRUE(bob_.read_welcome(out_.sent.back().bytes));
  ASSERT_TRUE(gateway_->reload(config_with(true, false), now_));
  run();
  confirm(bob_, kCell);
  EXPECT_EQ(gateway_->session_count(), 0U);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kOperatorTerminated), 1U);
}

TEST_F(Races, TheFirstAnswerWinsThoughItsCommandComesLate) {
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  const auto message = reattach(alice_);
  send_reattach(alice_, message, kCell);
  run();
  send_reattach(alice_, message, kThird);
  const auto at_cell = challenge_to(alice_, kCell);
  const auto at_third = challenge_to(alice_, kThird);
  ASSERT_TRUE(at_cell && at_third);
  workers_.credit = 0;
  send_response(alice_, response_to(alice_, *at_cell), kCell);
  send_response(alice_, response_to(alice_, *at_third), kThird);
  workers_.credit = 16;
  advance(milliseconds(20));
  EXPECT_EQ(find(alice_)->binding->path.remote, kCell);
}

TEST_F(Races, WhatIsToEndBeginsNoCheck) {
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  end_without_a_command();
  now_ = now_ + policy_.volatility.heartbeat_interval;
  acknowledge();  // what was sent before
  collect();
  EXPECT_EQ(
      timeline(alice_.welcome.session_id),
      (std::vector<std::string>{"ATTACHED attached_to_transport", "VOLATILE heartbeat_timeout",
                                "TERMINATED operator_terminated"}));
}

TEST_F(Races, AnEndThatWaitsIsTriedAgainByItself) {
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  end_without_a_command();
  advance(milliseconds(20));
  EXPECT_EQ(gateway_->session_count(), 0U);
}

TEST_F(Races, AProposalThatEndsWithoutACommandIsTakenBackLater) {
  ASSERT_NO_FATAL_FAILURE(attach_alice());
  send_reattach(alice_, reattach(alice_));
  run();
  workers_.credit = 0;
  advance(policy_.switching.recovery_window);
  ASSERT_EQ(state(alice_), State::kDegraded);
  EXPECT_EQ(workers_.count<bus::CancelEpoch>(), 0U);
  workers_.credit = 16;
  advance(milliseconds(20));
  EXPECT_EQ(workers_.count<bus::CancelEpoch>(), 1U);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
