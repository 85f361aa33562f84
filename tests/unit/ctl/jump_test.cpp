// spec/jump.md, the gateway's side of a jump: every verdict, every loss, every repetition.
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Jump : public AttachedTest {
 protected:
  /// Nothing has happened to the session.
  void expect_untouched() {
    const Session* session = find(alice_);
    ASSERT_NE(session, nullptr);
    EXPECT_EQ(session->record.state(), State::kAttached);
    EXPECT_EQ(session->record.state_version(), 2U);
    EXPECT_EQ(session->record.binding_version(), 1U);
    EXPECT_EQ(session->binding->path.remote, kWifi);
    EXPECT_EQ(workers_.count<bus::ProposeEpoch>(), 0U);
  }
};

TEST_F(Jump, PlannedJumpMovesTheBindingAtTheCommitAlone) {
  const auto message = reattach(alice_);
  send_reattach(alice_, message);
  EXPECT_EQ(state(alice_), State::kRecovering);
  EXPECT_TRUE(out_.sent.empty()) << "no CHALLENGE before the worker has the keys";
  acknowledge();
  const auto challenge = challenge_to(alice_, kCell);
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->jump_seq, 1U);
  EXPECT_EQ(challenge->epoch, 2U);
  EXPECT_EQ(challenge->binding_version, 2U);
  EXPECT_EQ(challenge->observed, kCell);
  EXPECT_EQ(challenge->client_cid, message.client_cid);
  EXPECT_EQ(sent(wire::Type::kPathChallenge)[0].bytes[1] & wire::kFlagIdKeyPhase,
            wire::kFlagIdKeyPhase);
  EXPECT_EQ(find(alice_)->binding->path.remote, kWifi);
  EXPECT_EQ(workers_.count<bus::Commit>(), 0U);

  send_response(alice_, response_to(alice_, *challenge));
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(workers_.last<bus::Commit>().path.remote, kCell);
  EXPECT_EQ(workers_.last<bus::Commit>().client_cid, message.client_cid);
  EXPECT_TRUE(sent(wire::Type::kAck).empty()) << "no ACK before the worker has moved";
  run();
  ASSERT_EQ(sent(wire::Type::kAck).size(), 1U);
  EXPECT_EQ(sent(wire::Type::kAck)[0].remote, kCell);
  EXPECT_EQ(find(alice_)->record.binding_version(), 2U);
  EXPECT_EQ(paths_.held, 1);
  const std::vector<std::string> expected{
      "ATTACHED attached_to_transport", "VOLATILE transport_retiring",
      "RECOVERING policy_forced_recovery", "ATTACHED reattach_success"};
  EXPECT_EQ(timeline(alice_.welcome.session_id), expected);
  EXPECT_EQ(events_of(EventType::kTransportSwitch, Reason::kTransportRetiring), 1U);
  EXPECT_EQ(events_of(EventType::kReattachResult, Reason::kReattachSuccess), 1U);
  EXPECT_EQ(events_of(EventType::kReattachAttempt, Reason::kTransportRetiring), 1U);
}

TEST_F(Jump, NoChallengeLeavesBeforeTheWorkerHasTheKeys) {
  const auto message = reattach(alice_);
  send_reattach(alice_, message);
  send_reattach(alice_, message);
  send_reattach(alice_, message, kThird);
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty());
  run();
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), 2U) << "one to each address";
}

TEST_F(Jump, ProposedKeysAreThoseOfTheNewBinding) {
  send_reattach(alice_, reattach(alice_));
  const auto proposal = workers_.last<bus::ProposeEpoch>();
  const auto expected =
      crypto::derive_traffic_key(alice_.root, {.session_id = alice_.welcome.session_id,
                                               .generation = 0,
                                               .epoch = 2,
                                               .binding_version = 2,
                                               .owner_epoch = 1,
                                               .suite = Suite::kAes256Gcm,
                                               .direction = Direction::kGatewayToClient});
  EXPECT_EQ(proposal.epoch.send.key, expected.get().key);
}

TEST_F(Jump, HardJumpCarriesItsCause) {
  edge(alice_, bus::ReportKind::kSilence);
  EXPECT_EQ(state(alice_), State::kVolatile);
  ASSERT_TRUE(jump(alice_, kCell, Reason::kHeartbeatTimeout));
  const std::vector<std::string> expected{
      "ATTACHED attached_to_transport", "VOLATILE heartbeat_timeout",
      "RECOVERING dead_transport_recovery", "ATTACHED reattach_success"};
  EXPECT_EQ(timeline(alice_.welcome.session_id), expected);
  EXPECT_FALSE(find(alice_)->record.lost_since());
}

TEST_F(Jump, RepeatedReattachGetsTheSameChallengeFourTimesMore) {
  const auto message = reattach(alice_);
  for (int i = 0; i < 8; ++i) {
    send_reattach(alice_, message);
    acknowledge();
  }
  const auto challenges = sent(wire::Type::kPathChallenge);
  ASSERT_EQ(challenges.size(), 5U);
  const auto first = wire::decode_path_challenge(*alice_.open(challenges.front()));
  const auto last = wire::decode_path_challenge(*alice_.open(challenges.back()));
  EXPECT_EQ(first->token, last->token);
  EXPECT_EQ(first->challenge_seq, last->challenge_seq);
  EXPECT_EQ(workers_.count<bus::ProposeEpoch>(), 1U);
}

TEST_F(Jump, TwoAddressesGetATokenEachAndAThirdNothing) {
  const auto message = reattach(alice_);
  send_reattach(alice_, message, kCell);
  run();
  send_reattach(alice_, message, kThird);
  send_reattach(alice_, message, v4(40, 7000));
  const auto at_cell = challenge_to(alice_, kCell);
  const auto at_third = challenge_to(alice_, kThird);
  ASSERT_TRUE(at_cell && at_third);
  EXPECT_NE(at_cell->token, at_third->token);
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), 2U);
  // A token from the wrong address is evented and ignored; from its own it wins.
  send_response(alice_, response_to(alice_, *at_cell), kThird);
  EXPECT_EQ(state(alice_), State::kRecovering);
  send_response(alice_, response_to(alice_, *at_cell), kThird);
  EXPECT_EQ(events_of(EventType::kSecurityValidationFailed, Reason::kPathNotValidated), 1U);
  send_response(alice_, response_to(alice_, *at_third), kThird);
  EXPECT_EQ(find(alice_)->binding->path.remote, kThird);
}

TEST_F(Jump, RepeatedResponseGetsTheSameAckFourTimesMore) {
  send_reattach(alice_, reattach(alice_));
  run();
  const auto response = response_to(alice_, *challenge_to(alice_, kCell));
  send_response(alice_, response);
  run();
  for (int i = 0; i < 8; ++i)
    send_response(alice_, response);
  EXPECT_EQ(sent(wire::Type::kAck).size(), 5U);
  send_response(alice_, response, kThird);
  EXPECT_EQ(sent(wire::Type::kAck).size(), 5U);
  EXPECT_EQ(find(alice_)->record.binding_version(), 2U);
  EXPECT_EQ(workers_.count<bus::Commit>(), 1U);
}

TEST_F(Jump, ReplayedReattachIsSilent) {
  const auto old = reattach(alice_);
  send_reattach(alice_, old);
  run();
  send_response(alice_, response_to(alice_, *challenge_to(alice_, kCell)));
  run();
  const auto before = out_.sent.size();
  send_reattach(alice_, old, kThird);
  EXPECT_EQ(out_.sent.size(), before);
  EXPECT_EQ(dropped(DropReason::kControlStale), 1U);
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(Jump, OlderJumpSeqIsReplay) {
  const auto old = reattach(alice_);
  send_reattach(alice_, reattach(alice_));
  run();
  const auto before = out_.sent.size();
  send_reattach(alice_, old);
  EXPECT_EQ(out_.sent.size(), before);
  EXPECT_EQ(events_of(EventType::kSecurityReplayDetected, Reason::kReplayDetected), 1U);
}

TEST_F(Jump, SecurityEventsAreLimitedAndCountWhatTheyLeaveOut) {
  const auto old = reattach(alice_);
  send_reattach(alice_, reattach(alice_));
  run();
  const auto told = [this] {
    return events_of(EventType::kSecurityReplayDetected, Reason::kReplayDetected);
  };
  const auto counted = [this] {
    std::uint64_t sum = 0;
    for (const audit::Event& event : events_) {
      const auto* detail = std::get_if<audit::SecurityDetail>(&event.detail);
      if (detail != nullptr) sum += detail->count;
    }
    return sum;
  };
  for (int i = 0; i < 100; ++i)
    send_reattach(alice_, old);
  EXPECT_EQ(told(), 20U);
  now_ = now_ + milliseconds(100);
  send_reattach(alice_, old);
  ASSERT_EQ(told(), 21U);
  EXPECT_EQ(counted(), 101U);
  now_ = now_ + seconds(1);
  for (int i = 0; i < 100; ++i)
    send_reattach(alice_, old);
  EXPECT_EQ(told(), 31U);
  EXPECT_EQ(counted(), 111U) << "what was told already is not counted again";
}

TEST_F(Jump, BadProofIsSilent) {
  auto message = reattach(alice_);
  message.session_id.bytes[0] ^= 1;
  send_reattach(alice_, message);
  message.session_id.bytes[0] ^= 1;
  message.root_generation = 1;
  send_reattach(alice_, message);
  EXPECT_EQ(dropped(DropReason::kControlWrongSession), 1U);
  EXPECT_EQ(dropped(DropReason::kControlWrongGeneration), 1U);
  EXPECT_TRUE(out_.sent.empty());
  expect_untouched();
}

TEST_F(Jump, BirthAllowsNoReattach) {
  say_hello(bob_);
  run();
  ASSERT_TRUE(bob_.read_welcome(out_.sent.back().bytes));
  send_reattach(bob_, reattach(bob_));
  EXPECT_EQ(dropped(DropReason::kSessionStateForbids), 1U);
  EXPECT_EQ(state(bob_), State::kBirth);
}

TEST_F(Jump, StaleBindingVersionNamesTheCurrentOne) {
  auto message = reattach(alice_);
  message.binding_version = 9;
  send_reattach(alice_, message);
  expect_untouched();
  const auto refusal = last_refusal(alice_);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, Reason::kStaleBindingVersion);
  EXPECT_EQ(refusal->binding_version, 1U);
  EXPECT_EQ(refusal->epoch, 1U);
  EXPECT_EQ(refusal->gateway_cid, alice_.welcome.gateway_id.cid);
  EXPECT_EQ(refusal->client_cid, alice_.hello_cid);
  for (int i = 0; i < 8; ++i)
    send_reattach(alice_, message);
  EXPECT_EQ(sent(wire::Type::kRefusal).size(), 5U);
  send_reattach(alice_, message, kThird);
  EXPECT_EQ(sent(wire::Type::kRefusal).size(), 5U) << "to the same address only";
  ASSERT_TRUE(jump(alice_, kCell)) << "an honest client goes on";
}

TEST_F(Jump, CooldownIsRefusedWithItsTime) {
  ASSERT_TRUE(jump(alice_, kCell));
  send_reattach(alice_, reattach(alice_), kWifi);
  const auto refusal = last_refusal(alice_);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, Reason::kCooldownActive);
  EXPECT_EQ(refusal->retry_after_ms, 1500U);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(events_of(EventType::kTransportSwitchDenied, Reason::kCooldownActive), 1U);
  advance(milliseconds(1500));
  EXPECT_TRUE(jump(alice_, kWifi));
}

TEST_F(Jump, SwitchRateIsLimitedAMinute) {
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(jump(alice_, i % 2 == 0 ? kCell : kWifi)) << i;
    advance(seconds(2));
  }
  send_reattach(alice_, reattach(alice_), kThird);
  ASSERT_TRUE(last_refusal(alice_));
  EXPECT_EQ(last_refusal(alice_)->reason, Reason::kSwitchRateLimited);
  EXPECT_GT(last_refusal(alice_)->retry_after_ms, 40000U);
}

TEST_F(Jump, AUsedUpSwitchRateDegradesWhatIsVolatile) {
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(jump(alice_, i % 2 == 0 ? kCell : kWifi)) << i;
    advance(seconds(2));
  }
  edge(alice_, bus::ReportKind::kSilence);
  ASSERT_EQ(state(alice_), State::kVolatile);
  for (int i = 0; i < 2; ++i) {
    send_reattach(alice_, reattach(alice_, Reason::kHeartbeatTimeout), kThird);
    EXPECT_EQ(last_refusal(alice_)->reason, Reason::kSwitchRateLimited);
    EXPECT_EQ(state(alice_), State::kDegraded);
  }
  EXPECT_EQ(events_of(EventType::kSessionStateChange, Reason::kSwitchRateLimited), 1U);
  EXPECT_EQ(find(alice_)->binding->path.remote, kWifi);
}

TEST_F(Jump, ForbiddenTransportIsRefused) {
  auto config = config_with(true, true);
  config->policies.base.transport.allow_udp6 = false;
  ASSERT_TRUE(gateway_->reload(config, now_));
  send_reattach(alice_, reattach(alice_), kSix);
  ASSERT_TRUE(last_refusal(alice_));
  EXPECT_EQ(last_refusal(alice_)->reason, Reason::kPolicyDenied);
}

TEST_F(Jump, ForbiddenOrImpossibleSecondAddressGetsNoChallenge) {
  auto config = config_with(true, true);
  config->policies.base.transport.allow_udp6 = false;
  ASSERT_TRUE(gateway_->reload(config, now_));
  const auto message = reattach(alice_);
  send_reattach(alice_, message);
  run();
  ASSERT_EQ(sent(wire::Type::kPathChallenge).size(), 1U);
  send_reattach(alice_, message, kSix);
  Endpoint multicast = kThird;
  multicast.address.bytes[0] = 224;
  send_reattach(alice_, message, multicast);
  run();
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), 1U);
  send_reattach(alice_, message, kThird);
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), 2U) << "they took no other's place";
}

TEST_F(Jump, ImpossibleAddressIsRefused) {
  Endpoint multicast = kCell;
  multicast.address.bytes[0] = 224;
  send_reattach(alice_, reattach(alice_), multicast);
  ASSERT_TRUE(last_refusal(alice_));
  EXPECT_EQ(last_refusal(alice_)->reason, Reason::kInvalidTransportCandidate);
  expect_untouched();
}

TEST_F(Jump, AttemptsHaveABoundOfTheirOwn) {
  for (unsigned i = 1; i < limits::kMaxReattachAttemptsPerMin; ++i)
    send_reattach(alice_, reattach(alice_));
  ASSERT_TRUE(jump(alice_, kCell)) << "the last one counts when it is asked for, not at its commit";
  send_reattach(alice_, reattach(alice_));
  run();
  ASSERT_TRUE(last_refusal(alice_));
  EXPECT_EQ(last_refusal(alice_)->reason, Reason::kAttemptsExhausted);
}

TEST_F(Jump, LateResponseIsStaleAndTheRetainedPathIsProvedAgain) {
  send_reattach(alice_, reattach(alice_));
  run();
  const auto response = response_to(alice_, *challenge_to(alice_, kCell));
  advance(milliseconds(5010));
  send_response(alice_, response);
  ASSERT_TRUE(last_refusal(alice_));
  EXPECT_EQ(last_refusal(alice_)->reason, Reason::kStaleRequest);
  EXPECT_EQ(events_of(EventType::kReattachResult, Reason::kStaleRequest), 1U);
  // The bound path is healthy, so the in-place check began in the same step.
  EXPECT_EQ(state(alice_), State::kRecovering);
  run();
  const auto check = challenge_to(alice_, kWifi);
  ASSERT_TRUE(check);
  EXPECT_EQ(check->kind, wire::ChallengeKind::kInPlace);
  send_response(alice_, response_to(alice_, *check), kWifi);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(find(alice_)->record.binding_version(), 2U);
}

TEST_F(Jump, NewerJumpSeqCancelsThePendingOneWithoutATransition) {
  send_reattach(alice_, reattach(alice_), kCell);
  run();
  const auto old = response_to(alice_, *challenge_to(alice_, kCell));
  const auto version = find(alice_)->record.state_version();
  send_reattach(alice_, reattach(alice_), kThird);
  run();
  EXPECT_EQ(find(alice_)->record.state_version(), version);
  EXPECT_EQ(events_of(EventType::kReattachResult, Reason::kPathNotValidated), 1U);
  EXPECT_EQ(events_of(EventType::kTransportSwitchFailed, Reason::kPathNotValidated), 1U);
  send_response(alice_, old, kCell);
  EXPECT_EQ(state(alice_), State::kRecovering) << "the cancelled token is void";
  const auto challenge = challenge_to(alice_, kThird);
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->epoch, 3U) << "an abandoned number is never used again";
  send_response(alice_, response_to(alice_, *challenge), kThird);
  EXPECT_EQ(find(alice_)->binding->path.remote, kThird);
}

TEST_F(Jump, WithoutACommandNothingHappensUntilTheRepetition) {
  workers_.credit = 0;
  const auto message = reattach(alice_);
  send_reattach(alice_, message);
  expect_untouched();
  EXPECT_GE(counter(ControllerCounter::kCommandsUnavailable), 1U);
  workers_.credit = 16;
  send_reattach(alice_, message);
  EXPECT_EQ(state(alice_), State::kRecovering);
}

TEST_F(Jump, CommitWithoutACommandIsTriedAgain) {
  send_reattach(alice_, reattach(alice_));
  run();
  const auto response = response_to(alice_, *challenge_to(alice_, kCell));
  workers_.credit = 0;
  send_response(alice_, response);
  EXPECT_EQ(state(alice_), State::kRecovering);
  advance(milliseconds(50));
  EXPECT_EQ(state(alice_), State::kRecovering);
  workers_.credit = 16;
  advance(milliseconds(10));
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(find(alice_)->binding->path.remote, kCell);
}

TEST_F(Jump, WorkerThatRefusesTheProposalFailsTheExchange) {
  send_reattach(alice_, reattach(alice_));
  acknowledge(false);
  collect();
  // The jump's, and that of the in-place check which followed at once and met the same worker.
  EXPECT_EQ(events_of(EventType::kReattachResult, Reason::kAtomicityFailed), 2U);
  ASSERT_TRUE(last_refusal(alice_)) << "the client is told, it need not wait";
  EXPECT_EQ(last_refusal(alice_)->reason, Reason::kAtomicityFailed);
  EXPECT_EQ(state(alice_), State::kDegraded);
}

TEST_F(Jump, WrongFieldsInTheResponseChangeNothing) {
  send_reattach(alice_, reattach(alice_));
  run();
  const auto good = response_to(alice_, *challenge_to(alice_, kCell));
  auto bad = good;
  bad.epoch += 4;
  send_response(alice_, bad);
  bad = good;
  bad.binding_version += 1;
  send_response(alice_, bad);
  bad = good;
  bad.client_cid.value += 1;
  send_response(alice_, bad);
  bad = good;
  bad.jump_seq += 1;
  send_response(alice_, bad);
  EXPECT_EQ(dropped(DropReason::kControlWrongEpoch), 1U);
  EXPECT_EQ(dropped(DropReason::kControlWrongBinding), 1U);
  EXPECT_EQ(dropped(DropReason::kWireBadField), 2U);
  bad = good;
  bad.token[3] ^= 1;
  send_response(alice_, bad);
  EXPECT_EQ(dropped(DropReason::kControlStale), 1U);
  EXPECT_EQ(state(alice_), State::kRecovering);
  send_response(alice_, good);
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(Jump, EndBetweenCommitAndItsAcknowledgementLeavesNoPathHeld) {
  send_reattach(alice_, reattach(alice_));
  run();
  send_response(alice_, response_to(alice_, *challenge_to(alice_, kCell)));
  EXPECT_EQ(paths_.held, 2) << "the worker may still send over the old one";
  ASSERT_TRUE(gateway_->terminate(alice_.welcome.session_id, now_));
  run();
  EXPECT_EQ(paths_.held, 0);
}

TEST_F(Jump, ManyJumpsNeverReuseAPhaseThatLives) {
  for (int i = 0; i < 20; ++i) {
    const auto before = find(alice_)->epochs.current();
    ASSERT_TRUE(jump(alice_, i % 2 == 0 ? kCell : kWifi));
    EXPECT_NE(find(alice_)->epochs.current() & 3U, before & 3U);
    edge(alice_, bus::ReportKind::kEpochReleased, kWifi, before);
    advance(seconds(8));
  }
  EXPECT_EQ(find(alice_)->record.binding_version(), 21U);
  EXPECT_EQ(paths_.held, 1);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
