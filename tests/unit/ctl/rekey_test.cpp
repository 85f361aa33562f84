// spec/keys.md "Rekey" and "Limits", the gateway's side.
#include "rekeying_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

TEST_F(Rekeying, ConfirmedByTheFirstPacketOfTheNewEpoch) {
  send(request(1));
  EXPECT_TRUE(sent(wire::Type::kRekeyReply).empty());
  run();
  const auto reply = last_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->reason, Reason::kNone);
  EXPECT_EQ(reply->generation, 1U);
  EXPECT_EQ(reply->epoch, 2U);
  EXPECT_EQ(find(alice_)->record.root_generation(), 0U) << "pending until it is used";
  take(*reply);
  const auto install = workers_.last<bus::InstallGeneration>();
  const auto expected = crypto::derive_control_key(alice_.root, alice_.welcome.session_id, 1,
                                                   Direction::kClientToGateway);
  EXPECT_EQ(install.control.key, expected.get());
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, 2);
  EXPECT_EQ(find(alice_)->record.root_generation(), 1U);
  EXPECT_EQ(find(alice_)->record.binding_version(), 1U);
  EXPECT_EQ(find(alice_)->epochs.current(), 2U);
  EXPECT_EQ(workers_.last<bus::ConfirmGeneration>().epoch, 2U);
  EXPECT_EQ(events_of(EventType::kKeyRotated, Reason::kTimeElapsed), 1U);
  EXPECT_EQ(find(alice_)->root.get(), alice_.root.get()) << "in the place of the old one";
  edge(alice_, bus::ReportKind::kEpochReleased, kWifi, 1);
  EXPECT_EQ(events_of(EventType::kKeyExpired, Reason::kDrainOver), 1U);
}

TEST_F(Rekeying, APhaseIsFreeAgainWhenItsEpochIsReleased) {
  ASSERT_TRUE(jump(alice_, kCell));
  edge(alice_, bus::ReportKind::kEpochReleased, kCell, 1);
  advance(seconds(2));
  for (int i = 0; i < 3; ++i)
    send_reattach(alice_, reattach(alice_), kWifi);
  run();
  const auto challenge = challenge_to(alice_, kWifi);
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->epoch, 5U) << "in the phase of 1, which is wiped";
}

TEST_F(Rekeying, RepeatedRequestGetsTheSameReplyFourTimesMore) {
  for (int i = 0; i < 8; ++i) {
    send(request(1));
    run();
  }
  const auto replies = sent(wire::Type::kRekeyReply);
  ASSERT_EQ(replies.size(), 5U);
  EXPECT_EQ(wire::decode_rekey_reply(*alice_.open(replies.front()))->ephemeral,
            wire::decode_rekey_reply(*alice_.open(replies.back()))->ephemeral);
  EXPECT_EQ(workers_.count<bus::InstallGeneration>(), 1U);
}

TEST_F(Rekeying, OlderSequenceIsStale) {
  send(request(5));
  run();
  send(request(4));
  EXPECT_EQ(dropped(DropReason::kControlStale), 1U);
}

TEST_F(Rekeying, NewerRequestReplacesAnUnconfirmedOne) {
  send(request(1));
  run();
  send(request(2));
  run();
  EXPECT_EQ(workers_.count<bus::CancelGeneration>(), 1U);
  ASSERT_TRUE(last_reply());
  EXPECT_EQ(last_reply()->rekey_seq, 2U);
  EXPECT_EQ(last_reply()->epoch, 3U);
}

TEST_F(Rekeying, WhatAThreadMakesOfAnOlderRequestIsNotTaken) {
  send(request(1));
  ephemeral_ = crypto::KeyPair::generate(random_);
  send(request(2));  // before the threads came to the first
  run();
  const auto reply = last_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->rekey_seq, 2U);
  take(*reply);
  EXPECT_EQ(workers_.last<bus::InstallGeneration>().control.key,
            crypto::derive_control_key(alice_.root, alice_.welcome.session_id, 1,
                                       Direction::kClientToGateway)
                .get());
  EXPECT_EQ(handshakes_.in_use(), 0U);
}

TEST_F(Rekeying, WhatAWorkerSaysOfAnOlderRequestIsNotTaken) {
  send(request(1));
  gateway_->tick(now_);
  ASSERT_EQ(workers_.count<bus::InstallGeneration>(), 1U);
  send(request(2));
  acknowledge();  // the first has its place, the second is not even computed
  EXPECT_TRUE(sent(wire::Type::kRekeyReply).empty());
  run();
  ASSERT_EQ(sent(wire::Type::kRekeyReply).size(), 1U);
  EXPECT_EQ(last_reply()->rekey_seq, 2U);
  EXPECT_EQ(last_reply()->epoch, 3U);
}

TEST_F(Rekeying, ARequestThatIsRefusedDropsTheOneBefore) {
  send(request(1));
  auto wrong = request(2);
  wrong.generation = 7;
  send(wrong);  // before the threads came to the first
  run();
  ASSERT_TRUE(last_reply());
  EXPECT_EQ(last_reply()->reason, Reason::kWrongGeneration);
  EXPECT_FALSE(find(alice_)->rekey) << "nobody waits for it any more";
  EXPECT_EQ(events_of(EventType::kRekeyDenied, Reason::kRekeyPending), 1U);
  EXPECT_EQ(workers_.count<bus::InstallGeneration>(), 0U);
  EXPECT_EQ(handshakes_.in_use(), 0U);
}

TEST_F(Rekeying, WrongGenerationAndBindingAreRefused) {
  auto message = request(1);
  message.generation = 7;
  send(message);
  ASSERT_TRUE(last_reply());
  EXPECT_EQ(last_reply()->reason, Reason::kWrongGeneration);
  message = request(2);
  message.binding_version = 3;
  send(message);
  EXPECT_EQ(last_reply()->reason, Reason::kStaleBindingVersion);
  EXPECT_EQ(events_of(EventType::kRekeyDenied, Reason::kWrongGeneration), 1U);
  EXPECT_EQ(handshakes_.in_use(), 0U);
}

TEST_F(Rekeying, SmallOrderEphemeralIsRefused) {
  auto message = request(1);
  message.ephemeral = {};
  send(message);
  run();
  ASSERT_TRUE(last_reply());
  EXPECT_EQ(last_reply()->reason, Reason::kBadProof);
  EXPECT_EQ(workers_.count<bus::InstallGeneration>(), 0U);
  EXPECT_EQ(events_of(EventType::kSecurityValidationFailed, Reason::kBadProof), 1U);
}

TEST_F(Rekeying, WorkerWithoutRoomIsARefusal) {
  send(request(1));
  gateway_->tick(now_);
  acknowledge(false);
  collect();
  ASSERT_TRUE(last_reply());
  EXPECT_EQ(last_reply()->reason, Reason::kAtomicityFailed);
  EXPECT_EQ(last_reply()->rekey_seq, 1U);
  EXPECT_EQ(events_of(EventType::kRekeyDenied, Reason::kAtomicityFailed), 1U);
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(Rekeying, PendingJumpComesFirst) {
  send_reattach(alice_, reattach(alice_));
  run();
  send(request(1));
  ASSERT_TRUE(last_reply());
  EXPECT_EQ(last_reply()->reason, Reason::kRekeyPending);
}

TEST_F(Rekeying, JumpCancelsAnUnconfirmedRekey) {
  send(request(1));
  run();
  ASSERT_TRUE(jump(alice_, kCell));
  EXPECT_EQ(events_of(EventType::kRekeyDenied, Reason::kCancelledByJump), 1U);
  EXPECT_EQ(events_of(EventType::kKeyExpired, Reason::kCancelledByJump), 1U);
  EXPECT_EQ(find(alice_)->record.root_generation(), 0U);
  EXPECT_EQ(workers_.count<bus::CancelGeneration>(), 1U);
  send(request(1));  // a copy that the network kept
  EXPECT_EQ(sent(wire::Type::kRekeyReply).size(), 1U) << "its keys are gone";
}

TEST_F(Rekeying, KeysInUseAreNotTakenBackWhileTheirConfirmationWaits) {
  send(request(1));
  run();
  workers_.credit = 0;
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, 2);
  workers_.credit = 16;
  send_reattach(alice_, reattach(alice_));  // sealed before, under the old keys
  EXPECT_EQ(workers_.count<bus::CancelGeneration>(), 0U);
  EXPECT_EQ(state(alice_), State::kAttached);
  advance(milliseconds(20));
  EXPECT_EQ(find(alice_)->record.root_generation(), 1U);
}

TEST_F(Rekeying, ShorterTimesCountForKeysThatWaitForTheirConfirmation) {
  send(request(1));
  run();
  policy_.keys.rekey_after = seconds(10);
  policy_.keys.reject_after = seconds(20);
  ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
  run();
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, 2);
  advance(milliseconds(20'100));
  EXPECT_EQ(state(alice_), State::kTerminated);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kKeysExpired), 1U);
}

TEST_F(Rekeying, IsNotAskedForAnyMoreWhenItIsConfirmed) {
  usage(1, 0);
  run();
  ASSERT_TRUE(workers_.last<bus::SetLiveness>().rekey_wanted);
  send(request(1));
  run();
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, 2);
  run();
  EXPECT_FALSE(workers_.last<bus::SetLiveness>().rekey_wanted);
}

TEST_F(Rekeying, TheHardLimitEndsNothingThatIsBeingRenewed) {
  send(request(1));
  run();
  usage(1, 1);
  EXPECT_EQ(state(alice_), State::kAttached);
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, 2);
  EXPECT_EQ(find(alice_)->record.root_generation(), 1U);
}

TEST_F(Rekeying, ARequestUnderReplacedKeysIsNotTaken) {
  send(request(1));
  run();
  const auto reply = last_reply();
  ASSERT_TRUE(reply);
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, 2);
  ASSERT_EQ(find(alice_)->record.root_generation(), 1U);
  auto late = request(2);  // sealed under generation 0, whose keys still drain
  late.generation = 2;
  send(late);
  EXPECT_EQ(dropped(DropReason::kControlWrongGeneration), 1U);
  EXPECT_FALSE(find(alice_)->rekey);
}

TEST_F(Rekeying, AJumpThatCanNotCancelItTakesNoCommandWithIt) {
  send(request(1));
  run();
  workers_.credit = 1;  // for the proposal, and none for the cancellation
  send_reattach(alice_, reattach(alice_));
  EXPECT_EQ(state(alice_), State::kAttached) << "judged anew when it is repeated";
  EXPECT_EQ(workers_.credit, 1U);
}

TEST_F(Rekeying, CheckOfANewAddressWaitsUntilNoClientCanUseIt) {
  send(request(1));
  run();
  advance(milliseconds(9900));
  edge(alice_, bus::ReportKind::kNewPath, v4(10, 4999), 96);
  EXPECT_EQ(workers_.count<bus::CancelGeneration>(), 0U);
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty());
  advance(milliseconds(100));
  edge(alice_, bus::ReportKind::kNewPath, v4(10, 4999), 96);
  run();
  EXPECT_EQ(workers_.count<bus::CancelGeneration>(), 1U);
  EXPECT_FALSE(sent(wire::Type::kPathChallenge).empty());
}

TEST_F(Rekeying, CheckInPlaceWaitsForTheLongestSilenceMore) {
  policy_.volatility.idle_heartbeat_interval = seconds(2);
  policy_.session.transport_lost_ttl = seconds(60);
  ASSERT_TRUE(gateway_->reload(config_with(true, true), now_));
  run();
  send(request(1));
  run();
  advance(seconds(10));
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  advance(milliseconds(7900));
  EXPECT_EQ(workers_.count<bus::CancelGeneration>(), 0U);
  advance(milliseconds(600));
  EXPECT_EQ(workers_.count<bus::CancelGeneration>(), 1U);
  EXPECT_EQ(state(alice_), State::kRecovering);
}

TEST_F(Rekeying, JumpUnderTheNewGenerationConfirmsIt) {
  send(request(1));
  run();
  take(*last_reply());
  ASSERT_TRUE(jump(alice_, kCell));
  EXPECT_EQ(find(alice_)->record.root_generation(), 1U);
  EXPECT_EQ(events_of(EventType::kKeyRotated, Reason::kTimeElapsed), 1U);
}

TEST_F(Rekeying, EmptyPoolDelaysEachStep) {
  workers_.credit = 0;
  send(request(1));
  run();
  EXPECT_FALSE(last_reply());
  workers_.credit = 16;
  advance(milliseconds(20));
  ASSERT_TRUE(last_reply());
  workers_.credit = 0;
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, last_reply()->epoch);
  EXPECT_EQ(find(alice_)->record.root_generation(), 0U);
  workers_.credit = 16;
  advance(milliseconds(20));
  EXPECT_EQ(find(alice_)->record.root_generation(), 1U);
}

TEST_F(Rekeying, AgeAsksForARekeyThenEndsTheSession) {
  advance(seconds(119));
  run();
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().rekey_wanted);
  EXPECT_EQ(state(alice_), State::kAttached);
  advance(seconds(60));
  EXPECT_EQ(state(alice_), State::kTerminated);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kKeysExpired), 1U);
  EXPECT_EQ(events_of(EventType::kKeyExpired, Reason::kKeysExpired), 1U);
}

TEST_F(Rekeying, HardLimitEndsTheSession) {
  usage(1, 0);
  run();
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().rekey_wanted);
  usage(1, 1);
  EXPECT_EQ(state(alice_), State::kTerminated);
}

TEST_F(Rekeying, LimitsOfReplacedKeysEndNothing) {
  ASSERT_TRUE(jump(alice_, kCell));
  usage(1, 0);
  usage(1, 1);
  run();
  EXPECT_EQ(state(alice_), State::kAttached) << "epoch 2 is in force";
  EXPECT_FALSE(workers_.last<bus::SetLiveness>().rekey_wanted);
}

TEST_F(Rekeying, FailedOpensNeverEndASession) {
  usage(1, 2);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(events_of(EventType::kSecurityKeyCompromiseSuspected, Reason::kSecurityEvent), 1U);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
