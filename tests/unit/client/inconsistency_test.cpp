// What nothing that is received can do and only a fault of our own could: the session ends, by its
// name, and nothing goes on from there.
#include <type_traits>

#include <gtest/gtest.h>

#include "harness.hpp"
#include "support/session_owner.hpp"

namespace jumpgate::client::testing {
namespace {

/// As if another than the engine could write it.
SessionCore& core_of(Harness& h) {
  return const_cast<SessionCore&>(h.engine->session()->core());
}
session::SessionRecord& record_of(Harness& h) {
  return core_of(h).record;
}

TEST(CoreAuthority, ARecordIsWrittenThroughTheCoreAlone) {
  EXPECT_FALSE(std::is_default_constructible_v<session::TransitionAuthority>);
  EXPECT_FALSE(jumpgate::testing::LendsItsAuthority<SessionCore>);
  EXPECT_FALSE(jumpgate::testing::LendsItsAuthority<World>);
  EXPECT_FALSE(jumpgate::testing::LendsItsAuthority<Engine>);
}

TEST(Inconsistency, ABindingThatIsNotTheProposalsIsNotReplaced) {
  const jumpgate::testing::SessionOwner owner;
  Harness h;
  h.attach();
  h.run(seconds(2));
  ASSERT_TRUE(h.engine->move_to(kCell, h.now));
  ASSERT_TRUE(h.run_until([&] { return h.gateway->commits == 1; }, seconds(1)));
  ASSERT_EQ(record_of(h).commit_binding(owner.authority(), 1), 2U);
  h.run(milliseconds(100));  // the ACK arrives
  EXPECT_EQ(h.engine->last_end(), Reason::kInternalInconsistency);
  EXPECT_EQ(h.count(EventType::kTransportSwitch), 0U);
}

TEST(Inconsistency, AGenerationThatIsNotTheRekeysIsNotReplaced) {
  const jumpgate::testing::SessionOwner owner;
  Harness h;
  h.attach();
  h.run(seconds(2));
  h.gateway->rekey_wanted = true;
  ASSERT_TRUE(
      h.run_until([&] { return h.gateway->sent[wire::Type::kRekeyReply] == 1; }, seconds(3)));
  ASSERT_EQ(record_of(h).commit_generation(owner.authority(), 0, {}), 1U);
  h.run(milliseconds(50));  // the reply arrives
  EXPECT_EQ(h.engine->last_end(), Reason::kInternalInconsistency);
  EXPECT_EQ(h.count(EventType::kKeyRotated), 0U);
  EXPECT_EQ(h.count(EventType::kKeyInstalled), 1U);
}

TEST(Inconsistency, AStepThatTheTableForbidsIsToldAndEndsTheSession) {
  Harness h;
  h.attach();
  EXPECT_FALSE(core_of(h).transition(Trigger::kReattachOk, Reason::kReattachSuccess, h.now));
  const audit::Event* told = h.last(EventType::kTransitionRejected);
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->reason, Reason::kReattachSuccess);
  const auto& detail = std::get<audit::RejectedDetail>(told->detail);
  EXPECT_EQ(detail.state, State::kAttached);
  EXPECT_EQ(detail.trigger, Trigger::kReattachOk);
  EXPECT_EQ(detail.count, 1U);
  EXPECT_EQ(h.states().back(), State::kTerminated);
  EXPECT_LT(told, h.last(EventType::kSessionStateChange));
  h.run(milliseconds(100));
  EXPECT_EQ(h.engine->last_end(), Reason::kInternalInconsistency);
}

TEST(Inconsistency, AnEndForAReasonThatIsNoneIsAnEndAllTheSame) {
  Harness h;
  h.attach();
  core_of(h).terminate(Reason::kReattachSuccess, h.now);
  EXPECT_EQ(h.count(EventType::kTransitionRejected), 1U);
  ASSERT_EQ(h.count(EventType::kSessionTerminated), 1U);
  EXPECT_EQ(h.last(EventType::kSessionTerminated)->reason, Reason::kInternalInconsistency);
}

#ifdef JG_DEBUG_INVARIANTS
TEST(InconsistencyDeathTest, ADebugBuildStopsAtAStateThatWasWrittenBeside) {
  const jumpgate::testing::SessionOwner owner;
  Harness h;
  h.attach();
  ASSERT_TRUE(
      record_of(h).apply(owner.authority(), Trigger::kInstability, Reason::kTransportDead, h.now));
  EXPECT_DEATH(h.engine->tick(h.now), "invariant violated");
}
#endif

}  // namespace
}  // namespace jumpgate::client::testing
