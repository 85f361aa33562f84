// spec/jump.md "In place" and "Rebinding", and the volatile states around them.
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

const Endpoint kRebound = v4(10, 4999);

class PathCheck : public AttachedTest {};

TEST_F(PathCheck, SilenceIsVolatileThenDegraded) {
  edge(alice_, bus::ReportKind::kSilence);
  EXPECT_EQ(state(alice_), State::kVolatile);
  run();
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().quick);
  EXPECT_TRUE(workers_.last<bus::SetLiveness>().reattach_wanted);
  advance(milliseconds(4010));
  EXPECT_EQ(state(alice_), State::kDegraded);
  EXPECT_EQ(events_of(EventType::kSessionStateChange, Reason::kVolatilePersisted), 1U);
}

TEST_F(PathCheck, EdgesOfABindingThatWasReplacedSayNothing) {
  // Told by the worker in the moment before it moved, read by the controller after its commit.
  const auto silence = report(alice_, bus::ReportKind::kSilence);
  const auto new_path = report(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  ASSERT_TRUE(jump(alice_, kCell));
  gateway_->on_report(silence, now_);
  gateway_->on_report(new_path, now_);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_FALSE(find(alice_)->record.lost_since());
  EXPECT_EQ(counter(ControllerCounter::kReportsStale), 2U);
  // Nor does it take back the silence of the new one.
  const auto alive = [&] {
    auto made = silence;
    made.kind = bus::ReportKind::kAlive;
    return made;
  }();
  edge(alice_, bus::ReportKind::kSilence);
  gateway_->on_report(alive, now_);
  EXPECT_TRUE(find(alice_)->record.lost_since());
}

TEST_F(PathCheck, HealedPathIsProvedInPlaceAfterAHeartbeat) {
  edge(alice_, bus::ReportKind::kSilence);
  advance(seconds(1));
  edge(alice_, bus::ReportKind::kAlive);
  EXPECT_EQ(state(alice_), State::kVolatile) << "the client may start it itself";
  EXPECT_FALSE(find(alice_)->record.lost_since());
  advance(milliseconds(510));
  EXPECT_EQ(state(alice_), State::kRecovering);
  const auto challenge = challenge_to(alice_, kWifi);
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->kind, wire::ChallengeKind::kInPlace);
  EXPECT_EQ(challenge->jump_seq, 0U);
  EXPECT_EQ(challenge->client_cid.value, 0U);
  const auto response = response_to(alice_, *challenge);
  send_response(alice_, response, kWifi);
  run();
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(find(alice_)->binding->client_cid, response.client_cid);
  EXPECT_EQ(find(alice_)->record.binding_version(), 2U);
  EXPECT_EQ(events_of(EventType::kTransportSwitch, Reason::kInPlaceRecovery), 1U);
  EXPECT_FALSE(workers_.last<bus::SetLiveness>().quick);
  EXPECT_EQ(paths_.held, 1);
}

TEST_F(PathCheck, OneThatLacksACommandWaitsForItWithPauses) {
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  workers_.credit = 0;
  const std::uint64_t before = counter(ControllerCounter::kCommandsUnavailable);
  advance(milliseconds(700));
  const std::uint64_t asked = counter(ControllerCounter::kCommandsUnavailable) - before;
  EXPECT_GE(asked, 10U);
  EXPECT_LE(asked, 30U);  // 200 ms by steps of 10 ms, with eight rounds each
  workers_.credit = 16;
  advance(milliseconds(20));
  EXPECT_EQ(state(alice_), State::kRecovering);
}

TEST_F(PathCheck, ClientThatComesFirstStopsTheGatewaysCheck) {
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  ASSERT_TRUE(jump(alice_, kWifi, Reason::kHeartbeatTimeout));
  EXPECT_EQ(events_of(EventType::kSessionStateChange, Reason::kInPlaceRecovery), 1U);
  out_.sent.clear();
  advance(seconds(2));
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty());
}

TEST_F(PathCheck, InPlaceChallengeIsRepeatedFourTimesAtMost) {
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  advance(milliseconds(8400));
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), 5U);
}

TEST_F(PathCheck, InPlaceChallengeIsRepeatedMoreAndMoreSlowly) {
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  advance(policy_.volatility.heartbeat_interval);
  ASSERT_EQ(sent(wire::Type::kPathChallenge).size(), 1U);
  advance(milliseconds(300));  // 1.5 x 200 ms, nothing being measured
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), 2U);
  advance(milliseconds(440));
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), 2U);
  advance(milliseconds(10));
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), 3U);
}

TEST_F(PathCheck, WhatIsWrongAgainIsNotProvedInPlace) {
  const auto heal = [this] {
    edge(alice_, bus::ReportKind::kSilence);
    edge(alice_, bus::ReportKind::kAlive);
    advance(milliseconds(200));
  };
  heal();
  edge(alice_, bus::ReportKind::kSilence);
  advance(seconds(1));
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty()) << "silent again";
  heal();
  edge(alice_, bus::ReportKind::kVolatile, kWifi,
       std::to_underlying(Reason::kLossThresholdExceeded));
  advance(seconds(1));
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty()) << "heard, and lossy";
  edge(alice_, bus::ReportKind::kStable);
  advance(milliseconds(200));
  gateway_->on_link(find(alice_)->binding->path.port, false);
  advance(seconds(1));
  EXPECT_TRUE(sent(wire::Type::kPathChallenge).empty()) << "its link is down";
}

TEST_F(PathCheck, ABindingWithoutItsFormersSilenceHealsByItself) {
  edge(alice_, bus::ReportKind::kSilence);
  ASSERT_TRUE(jump(alice_, kCell, Reason::kHeartbeatTimeout));
  edge(alice_, bus::ReportKind::kVolatile, kCell,
       std::to_underlying(Reason::kLossThresholdExceeded));
  edge(alice_, bus::ReportKind::kStable, kCell);
  advance(policy_.volatility.heartbeat_interval);
  EXPECT_EQ(state(alice_), State::kRecovering);
}

TEST_F(PathCheck, TheClientsOwnIsExemptFromTheCooldown) {
  ASSERT_TRUE(jump(alice_, kCell));
  EXPECT_TRUE(jump(alice_, kCell, Reason::kLossThresholdExceeded))
      << "no way from it, and no switch";
  EXPECT_EQ(events_of(EventType::kTransportSwitch, Reason::kInPlaceRecovery), 1U);
}

TEST_F(PathCheck, SecondSilenceInTheCheckLeavesItToTheWindow) {
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  advance(milliseconds(600));
  edge(alice_, bus::ReportKind::kSilence);
  EXPECT_EQ(state(alice_), State::kRecovering);
  advance(seconds(8));
  EXPECT_EQ(state(alice_), State::kDegraded);
}

TEST_F(PathCheck, RebindingOldAnswersKeepsTheBinding) {
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  run();
  const auto at_old = challenge_to(alice_, kWifi);
  const auto at_new = challenge_to(alice_, kRebound);
  ASSERT_TRUE(at_old && at_new);
  EXPECT_EQ(at_old->kind, wire::ChallengeKind::kRebinding);
  EXPECT_EQ(at_old->epoch, at_new->epoch);
  EXPECT_NE(at_old->token, at_new->token);
  send_response(alice_, response_to(alice_, *at_new), kRebound);
  EXPECT_EQ(state(alice_), State::kRecovering) << "the old address has 400 ms";
  EXPECT_EQ(workers_.count<bus::Commit>(), 0U);
  advance(milliseconds(200));
  send_response(alice_, response_to(alice_, *at_old), kWifi);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(find(alice_)->binding->path.remote, kWifi);
  // That address starts no other check for a while.
  advance(milliseconds(100));
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(PathCheck, RebindingOnlyNewAnswersMovesAfterTheProbe) {
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 288);
  run();
  const auto at_new = challenge_to(alice_, kRebound);
  ASSERT_TRUE(at_new);
  advance(milliseconds(100));
  send_response(alice_, response_to(alice_, *at_new), kRebound);
  advance(milliseconds(290));
  EXPECT_EQ(workers_.count<bus::Commit>(), 0U);
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), 3U) << "again to whom has not answered alone";
  advance(milliseconds(20));
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(find(alice_)->binding->path.remote, kRebound);
  EXPECT_EQ(events_of(EventType::kTransportSwitch, Reason::kTransportRebound), 1U);
  const std::vector<std::string> expected{
      "ATTACHED attached_to_transport", "VOLATILE transport_rebound",
      "RECOVERING in_place_recovery", "ATTACHED reattach_success"};
  EXPECT_EQ(timeline(alice_.welcome.session_id), expected);
}

TEST_F(PathCheck, RebindingAnswerAfterTheProbeIsCommittedAtOnce) {
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  run();
  const auto at_new = challenge_to(alice_, kRebound);
  ASSERT_TRUE(at_new);
  advance(milliseconds(600));
  EXPECT_EQ(state(alice_), State::kRecovering);
  send_response(alice_, response_to(alice_, *at_new), kRebound);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(find(alice_)->binding->path.remote, kRebound);
}

TEST_F(PathCheck, NewAddressMovesNothingWithoutItsAnswer) {
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  advance(milliseconds(8010));
  EXPECT_EQ(workers_.count<bus::Commit>(), 0U);
  EXPECT_EQ(find(alice_)->binding->path.remote, kWifi);
  std::size_t to_new = 0;
  for (const Sent& s : sent(wire::Type::kPathChallenge))
    if (s.remote == kRebound) ++to_new;
  EXPECT_EQ(to_new, 1U) << "96 bytes pay for one challenge";
}

TEST_F(PathCheck, MoreBytesOfTheNewAddressPayForMoreChallenges) {
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  run();
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  advance(seconds(2));
  EXPECT_EQ(std::ranges::count(sent(wire::Type::kPathChallenge), kRebound, &Sent::remote), 2);
}

TEST_F(PathCheck, NoRebindingCheckStartsWhenTheSwitchRateIsUsedUp) {
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(jump(alice_, i % 2 == 0 ? kCell : kWifi)) << i;
    advance(seconds(2));
  }
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  EXPECT_EQ(state(alice_), State::kAttached);
  advance(seconds(60));
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  EXPECT_EQ(state(alice_), State::kRecovering);
}

TEST_F(PathCheck, AHealedPathIsDegradedUntilTheSwitchRateAllowsItsProof) {
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(jump(alice_, i % 2 == 0 ? kCell : kWifi)) << i;
    advance(seconds(2));
  }
  const auto challenges = sent(wire::Type::kPathChallenge).size();
  edge(alice_, bus::ReportKind::kSilence);
  edge(alice_, bus::ReportKind::kAlive);
  advance(policy_.volatility.heartbeat_interval);
  EXPECT_EQ(state(alice_), State::kDegraded);
  EXPECT_EQ(events_of(EventType::kSessionStateChange, Reason::kSwitchRateLimited), 1U);
  EXPECT_EQ(sent(wire::Type::kPathChallenge).size(), challenges);
  advance(seconds(60));
  EXPECT_GT(sent(wire::Type::kPathChallenge).size(), challenges);
  EXPECT_EQ(events_of(EventType::kSessionStateChange, Reason::kVolatilePersisted), 0U);
}

TEST_F(PathCheck, TooFewBytesStartNothing) {
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 64);
  EXPECT_EQ(state(alice_), State::kAttached);
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 64);
  EXPECT_EQ(state(alice_), State::kRecovering);
}

TEST_F(PathCheck, AnAddressThatCanNotBeAnsweredStartsNothing) {
  edge(alice_, bus::ReportKind::kNewPath, v4(40, 0), 960);
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(PathCheck, BytesOfOneAddressPayForNoOther) {
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 64);
  edge(alice_, bus::ReportKind::kNewPath, v4(10, 4998), 64);
  EXPECT_EQ(state(alice_), State::kAttached);
}

TEST_F(PathCheck, AnAddressThatDidNotAnswerStartsNoOtherCheckAtOnce) {
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  advance(milliseconds(8'010));
  ASSERT_EQ(state(alice_), State::kDegraded);
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  EXPECT_EQ(state(alice_), State::kDegraded);
  edge(alice_, bus::ReportKind::kNewPath, kThird, 96);
  EXPECT_EQ(state(alice_), State::kRecovering) << "another one may";
}

TEST_F(PathCheck, JumpOfTheClientCancelsTheRebindingCheck) {
  edge(alice_, bus::ReportKind::kNewPath, kRebound, 96);
  run();
  ASSERT_TRUE(jump(alice_, kCell));
  EXPECT_EQ(find(alice_)->record.binding_version(), 2U);
}

}  // namespace
}  // namespace jumpgate::ctl::testing
