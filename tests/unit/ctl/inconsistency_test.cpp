// What no input can do and only a fault of our own could: the session ends, by its name, and nothing
// goes on from there.
#include "../../support/session_owner.hpp"
#include "gateway_fixture.hpp"

namespace jumpgate::ctl::testing {
namespace {

class Inconsistency : public AttachedTest {
 protected:
  /// As if another than the controller could write it.
  [[nodiscard]] session::SessionRecord& record() {
    return const_cast<session::SessionRecord&>(find(alice_)->record);
  }
  void expect_end() {
    EXPECT_EQ(state(alice_), State::kTerminated);
    run();
    EXPECT_EQ(events_of(EventType::kSessionTerminated, Reason::kInternalInconsistency), 1U);
    EXPECT_EQ(find(alice_), nullptr);
  }

  jumpgate::testing::SessionOwner owner_;
};

TEST_F(Inconsistency, ABindingThatIsNotTheExchangesIsNotReplaced) {
  send_reattach(alice_, reattach(alice_));
  run();
  const auto challenge = challenge_to(alice_, kCell);
  ASSERT_TRUE(challenge);
  ASSERT_EQ(record().commit_binding(owner_.authority(), 1), 2U);
  send_response(alice_, response_to(alice_, *challenge));
  EXPECT_EQ(counter(ControllerCounter::kCommits), 0U);
  EXPECT_EQ(find(alice_)->binding->path.remote, kWifi);
  expect_end();
}

TEST_F(Inconsistency, AGenerationThatIsNotTheRekeysIsNotReplaced) {
  const crypto::KeyPair ephemeral = crypto::KeyPair::generate(random_);
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  wire::encode_rekey({.generation = 1,
                      .reason = Reason::kTimeElapsed,
                      .binding_version = 1,
                      .ephemeral = ephemeral.public_key,
                      .rekey_seq = 1},
                     payload);
  control(alice_, wire::Type::kRekey, payload, kWifi);
  run();
  ASSERT_EQ(sent(wire::Type::kRekeyReply).size(), 1U);
  ASSERT_EQ(record().commit_generation(owner_.authority(), 0, {}), 1U);
  edge(alice_, bus::ReportKind::kEpochConfirmed, kWifi, 2);
  EXPECT_EQ(counter(ControllerCounter::kRekeys), 0U);
  expect_end();
}

TEST_F(Inconsistency, AStepThatTheTableForbidsEndsTheSession) {
  edge(alice_, bus::ReportKind::kVolatile, kWifi, std::to_underlying(Reason::kSuperseded));
  EXPECT_EQ(counter(ControllerCounter::kTransitionsRejected), 1U);
  EXPECT_EQ(events_of(EventType::kTransitionRejected, Reason::kSuperseded), 1U);
  expect_end();
}

TEST_F(Inconsistency, TheEndWaitsForACommandAndTakesNothingInUntilThen) {
  workers_.credit = 0;
  edge(alice_, bus::ReportKind::kVolatile, kWifi, std::to_underlying(Reason::kSuperseded));
  send_reattach(alice_, reattach(alice_));
  EXPECT_EQ(state(alice_), State::kAttached);
  EXPECT_EQ(counter(ControllerCounter::kReattachAttempts), 0U);
  workers_.credit = 16;
  now_ = now_ + kRetryDelay;
  gateway_->tick(now_);
  expect_end();
}

#ifdef JG_DEBUG_INVARIANTS
using InconsistencyDeathTest = Inconsistency;

TEST_F(InconsistencyDeathTest, ADebugBuildStopsAtAStateThatWasWrittenBeside) {
  ASSERT_TRUE(
      record().apply(owner_.authority(), Trigger::kInstability, Reason::kTransportDead, now_));
  EXPECT_DEATH(edge(alice_, bus::ReportKind::kAlive), "invariant violated");
}
#endif

}  // namespace
}  // namespace jumpgate::ctl::testing
