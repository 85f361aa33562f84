// spec/jump.md "Failure", the gateway's side: what the end of the recovery window leaves.
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class RecoveryWindow : public AttachedTest {};

TEST_F(RecoveryWindow, RunsOutThenInPlace) {
  send_reattach(alice_, reattach(alice_));
  run();
  advance(milliseconds(8010));
  EXPECT_EQ(events_of(EventType::kSessionStateChange, Reason::kRecoveryWindowExceeded), 1U);
  EXPECT_EQ(events_of(EventType::kTransportSwitchFailed, Reason::kPathNotValidated), 1U);
  EXPECT_EQ(workers_.count<bus::CancelEpoch>(), 1U);
  EXPECT_EQ(state(alice_), State::kRecovering);
  const auto check = challenge_to(alice_, kWifi);
  ASSERT_TRUE(check);
  EXPECT_EQ(check->jump_seq, 0U);
}

TEST_F(RecoveryWindow, RunsOutOnADeadPathStaysDegradedUntilTheTtl) {
  edge(alice_, bus::ReportKind::kSilence);
  send_reattach(alice_, reattach(alice_, Reason::kTransportDead));
  run();
  advance(milliseconds(8010));
  EXPECT_EQ(state(alice_), State::kDegraded);
  advance(seconds(7));
  EXPECT_EQ(state(alice_), State::kTerminated);
  EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kTransportTtlExceeded), 1U);
  const auto end = std::ranges::find(events_, EventType::kSessionTerminated, &audit::Event::type);
  EXPECT_EQ(std::get<audit::TerminatedDetail>(end->detail).transportless,
            policy_.session.transport_lost_ttl);
}

TEST_F(RecoveryWindow, AReattachThatItsEndMeetsIsRefusedSoThatTheClientGoesOn) {
  edge(alice_, bus::ReportKind::kSilence);
  send_reattach(alice_, reattach(alice_, Reason::kTransportDead), kCell);
  run();
  advance(milliseconds(7990));
  const wire::Reattach late = reattach(alice_, Reason::kTransportDead);
  send_reattach(alice_, late, kThird);
  run();
  ASSERT_TRUE(challenge_to(alice_, kThird));
  advance(milliseconds(20));
  EXPECT_EQ(state(alice_), State::kDegraded);
  const auto refusal = last_refusal(alice_);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->jump_seq, late.jump_seq);
  EXPECT_EQ(refusal->reason, Reason::kPathNotValidated);
  send_reattach(alice_, reattach(alice_, Reason::kTransportDead), kThird);
  run();
  const auto challenge = challenge_to(alice_, kThird);
  ASSERT_TRUE(challenge);
  send_response(alice_, response_to(alice_, *challenge), kThird);
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(find(alice_)->binding->path.remote, kThird);
}

TEST_F(RecoveryWindow, ACommitThatWaitsForItsPlaceUntilItsEndIsRefusedForThat) {
  send_reattach(alice_, reattach(alice_), kCell);
  run();
  const auto challenge = challenge_to(alice_, kCell);
  ASSERT_TRUE(challenge);
  workers_.credit = 0;
  send_response(alice_, response_to(alice_, *challenge), kCell);
  advance(seconds(9));
  EXPECT_EQ(state(alice_), State::kDegraded);
  const auto refusal = last_refusal(alice_);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, Reason::kAtomicityFailed);
  workers_.credit = 16;
}

}  // namespace
}  // namespace jumpgate::ctl::testing
