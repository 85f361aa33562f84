#include "audit/verifier.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "session/fsm.hpp"
#include "tests/support/log_text.hpp"

namespace jumpgate::audit {
namespace {

struct Verdict {
  std::vector<std::string> faults;  // "LINE: what"
  std::vector<std::string> notes;
  std::uint64_t sessions{0};
  std::uint64_t told_lost{0};
};

Verdict verify(const LogText& log) {
  Verdict verdict;
  Verifier verifier([&](const Finding& finding) {
    auto& list = finding.kind == Finding::Kind::kFault ? verdict.faults : verdict.notes;
    list.push_back(std::to_string(finding.at.line) + ": " + finding.what);
  });
  log.feed(verifier);
  verifier.finish();
  EXPECT_EQ(verifier.faults(), verdict.faults.size());
  verdict.sessions = verifier.sessions();
  verdict.told_lost = verifier.told_lost();
  return verdict;
}

// One session with a jump and its end: 14 lines.
LogText whole_life() {
  LogText log;
  log.attach(1);
  log.jump(1, 2, 1);
  log.end(1, 5);
  return log;
}

void expect_only(const Verdict& verdict, const std::vector<std::string>& parts) {
  ASSERT_EQ(verdict.faults.size(), parts.size()) << ::testing::PrintToString(verdict.faults);
  for (std::size_t i = 0; i < parts.size(); ++i)
    EXPECT_NE(verdict.faults[i].find(parts[i]), std::string::npos) << verdict.faults[i];
}

TEST(Verifier, AnHonestLogHasNoFault) {
  LogText log = whole_life();
  log.attach(2);
  const Verdict verdict = verify(log);
  expect_only(verdict, {});
  EXPECT_TRUE(verdict.notes.empty());
  EXPECT_EQ(verdict.sessions, 2U);
}

TEST(Verifier, ALineTakenOutIsAGap) {
  LogText log = whole_life();
  log.lines.erase(log.lines.begin() + 5);
  expect_only(verify(log), {"6: number 6 is missing"});
  log.lines.erase(log.lines.begin() + 5);
  expect_only(verify(log), {"6: numbers 6 to 7 are missing"});
}

TEST(Verifier, LinesThatChangedPlacesAreNamed) {
  LogText log = whole_life();
  std::swap(log.lines[5], log.lines[6]);
  expect_only(verify(log), {"6: number 6 is missing", "7: number 6 after number 7"});
}

TEST(Verifier, ARepeatedLineIsNamed) {
  LogText log = whole_life();
  log.lines.insert(log.lines.begin() + 6, log.lines[5]);
  expect_only(verify(log), {"7: number 6 after number 6: repeated"});
}

TEST(Verifier, ALineCutInTheMiddleIsNamedAndExplainsItsNumber) {
  LogText log = whole_life();
  log.lines[5].resize(40);
  expect_only(verify(log), {"6: no whole JSON object"});
}

TEST(Verifier, AnEditedLineIsNamedByItsCheck) {
  LogText log = whole_life();
  log.edit(1, "\"remote\":\"\"", "\"remote\":\"192.0.2.9:1\"", false);
  expect_only(verify(log), {"1: the line's check does not fit"});
}

TEST(Verifier, AnEditThatMadeItsCheckAnewIsNamedByTheTable) {
  LogText log = whole_life();
  log.edit(6, "transport_retiring", "loss_recovery", true);
  expect_only(verify(log), {"6: illegal transition: ATTACHED with trigger instability and reason "
                            "loss_recovery (reason_not_allowed)"});
}

TEST(Verifier, AStateThatIsNotTheOneBeforeIsNamed) {
  LogText log = whole_life();
  log.edit(7, "\"previous\":\"VOLATILE\"", "\"previous\":\"DEGRADED\"", true);
  expect_only(verify(log), {"7: the session is VOLATILE, the event says it was DEGRADED"});
}

TEST(Verifier, EveryTransitionThatTheTableForbidsIsNamed) {
  unsigned forbidden = 0;
  for (const State state : kAllStates) {
    for (const Trigger trigger : kAllTriggers) {
      for (const Reason reason : kAllReasons) {
        for (const State to : kAllStates) {
          LoggedEvent event;
          event.type = EventType::kSessionStateChange;
          event.state_version = 9;
          event.previous = state;
          event.trigger = trigger;
          event.now = to;
          event.reason = reason;
          Faults faults;
          SessionLife life;
          life.on_event(event, true, faults);
          const bool legal = session::next_state(state, trigger, reason) == to;
          EXPECT_EQ(faults.empty(), legal)
              << to_string(state) << to_string(trigger) << to_string(reason) << to_string(to);
          if (!legal) ++forbidden;
        }
      }
    }
  }
  EXPECT_GT(forbidden, 10'000U);
}

TEST(Verifier, AJumpOfTheVersionIsNamed) {
  LogText log = whole_life();
  log.edit(6, "\"state_version\":3", "\"state_version\":4", true);
  expect_only(verify(log),
              {"6: state_version goes from 2 to 4", "7: state_version goes from 4 to 4"});
}

TEST(Verifier, AnEventOfAVersionWithoutItsTransitionIsNamed) {
  LogText log;
  log.attach(1);
  log.of(1, 3, EventType::kKeyInstalled, Reason::kEpochInstalled, KeyDetail{.epoch = 2});
  expect_only(verify(log), {"5: state_version jumps from 2 to 3 without a SessionStateChange"});
}

TEST(Verifier, AResultAnnouncesItsTransition) {
  LogText log;
  log.attach(1);
  log.of(1, 3, EventType::kReattachResult, Reason::kReattachSuccess, ReattachDetail{});
  log.of(1, 3, EventType::kKeyInstalled, Reason::kEpochInstalled, KeyDetail{.epoch = 2});
  expect_only(verify(log), {"6: the transition that the ReattachResult before it belongs to"});
}

TEST(Verifier, ABindingThatIsSkippedOrRepeatedIsNamed) {
  LogText log = whole_life();
  log.edit(10, "\"binding_version\":2", "\"binding_version\":3", true);
  expect_only(verify(log), {"10: binding_version goes from 1 to 3"});
  log = whole_life();
  log.edit(10, "\"binding_version\":2", "\"binding_version\":1", true);
  expect_only(verify(log), {"10: binding_version goes from 1 to 1"});
}

TEST(Verifier, KeysOfAnOlderEpochAreNamed) {
  LogText log = whole_life();
  log.edit(11, "\"epoch\":2", "\"epoch\":1", true);
  expect_only(verify(log), {"11: keys of epoch 1 are installed after those of epoch 1"});
}

TEST(Verifier, WhatHappensAfterTheEndIsNamed) {
  LogText log = whole_life();
  log.of(1, 6, EventType::kReattachAttempt, Reason::kTransportRetiring, ReattachDetail{});
  log.change(1, 7, State::kTerminated, Trigger::kAttachOk, State::kAttached,
             Reason::kAttachedToTransport);
  expect_only(verify(log), {"15: ReattachAttempt after the session's end",
                            "16: illegal transition: TERMINATED with trigger attach_ok"});
}

TEST(Verifier, AnEndNeedsItsSummaryWithTheSameReason) {
  LogText log;
  log.attach(1);
  log.change(1, 3, State::kAttached, Trigger::kTerminate, State::kTerminated, Reason::kPeerClosed);
  log.attach(2);
  expect_only(verify(log), {"5: the session ended without a SessionTerminated"});
  log = whole_life();
  log.edit(13, "peer_closed", "keys_expired", true);
  expect_only(verify(log), {"13: the session ended with reason peer_closed"});
}

TEST(Verifier, ASessionWithoutABeginningIsNamed) {
  LogText log;
  log.change(1, 3, State::kAttached, Trigger::kInstability, State::kVolatile,
             Reason::kHeartbeatTimeout);
  expect_only(verify(log), {"1: no SessionCreated of this session"});
}

TEST(Verifier, ASessionThatBeginsTwiceOrLateIsNamed) {
  LogText log;
  log.attach(1);
  log.attach(1);
  expect_only(verify(log), {"5: the session is created a second time"});
  LogText late;
  late.of(1, 2, EventType::kSessionCreated, Reason::kNone,
          AttachDetail{.remote = {}, .local = {}, .epoch = 1});
  expect_only(verify(late), {"1: a session begins with state_version 1, not 2"});
}

TEST(Verifier, AToldLossIsANoteAndHidesNothingElse) {
  LogText log;
  log.attach(1);
  log.skip(3);
  log.loss(5, 7, 3);
  log.change(1, 5, State::kRecovering, Trigger::kReattachOk, State::kAttached,
             Reason::kReattachSuccess);
  log.change(1, 7, State::kAttached, Trigger::kInstability, State::kVolatile,
             Reason::kHeartbeatTimeout);
  const Verdict verdict = verify(log);
  expect_only(verdict, {"7: state_version goes from 5 to 7"});
  ASSERT_EQ(verdict.notes.size(), 1U);
  EXPECT_EQ(verdict.told_lost, 3U);
}

TEST(Verifier, ALossToldForASinkStandsAtItsLastNumber) {
  LogText log;
  log.attach(1);
  log.skip(2);
  log.loss(5, 7, 3);
  log.jump(1, 2, 1);
  expect_only(verify(log), {});
}

TEST(Verifier, ALossThatCountsWronglyIsNamed) {
  LogText log;
  log.attach(1);
  log.skip(3);
  log.loss(5, 7, 2);
  expect_only(verify(log), {"5: EventsLost counts 2 events, numbers 5 to 7"});
}

TEST(Verifier, ARestartBeginsAnewAndALaterBeginningIsANote) {
  LogText log;
  log.attach(1);
  log.restart();
  log.attach(2);
  const Verdict restarted = verify(log);
  expect_only(restarted, {});
  ASSERT_EQ(restarted.notes.size(), 1U);
  EXPECT_NE(restarted.notes[0].find("5: the program started again; 1 session(s)"),
            std::string::npos);
  log = whole_life();
  log.lines.erase(log.lines.begin(), log.lines.begin() + 6);
  const Verdict later = verify(log);
  expect_only(later, {});
  EXPECT_EQ(later.notes.size(), 1U);
}

TEST(Verifier, EachRestartTellsOfTheSessionsOfItsOwnRun) {
  LogText log;
  for (std::uint8_t run = 1; run <= 4; ++run) {
    if (run > 1) log.restart();
    log.attach(run);
  }
  const Verdict verdict = verify(log);
  expect_only(verdict, {});
  ASSERT_EQ(verdict.notes.size(), 3U);
  for (const std::string& note : verdict.notes)
    EXPECT_NE(note.find("the program started again; 1 session(s)"), std::string::npos) << note;
}

TEST(Verifier, ASessionThatOutlivesARestartTellsOfAWrongOrder) {
  LogText log = whole_life();
  std::rotate(log.lines.begin(), log.lines.begin() + 8, log.lines.end());
  expect_only(verify(log), {"7: the session is older than the start of the program"});
}

TEST(Verifier, ClockNodeAndPolicyMustNotGoBack) {
  LogText log = whole_life();
  log.edit(3, "\"mono_ns\":3000000", "\"mono_ns\":1", true);
  expect_only(verify(log), {"3: mono_ns goes back"});
  log = whole_life();
  log.edit(3, "\"node_id\":\"7\"", "\"node_id\":\"8\"", true);
  expect_only(verify(log), {"3: node_id is '8'"});
  log = whole_life();
  log.edit(3, "\"policy_version\":1", "\"policy_version\":2", true);
  expect_only(verify(log), {"4: policy_version falls from 2 to 1"});
}

TEST(Verifier, APolicyVersionRisesByOne) {
  LogText log;
  Event applied;
  applied.type = EventType::kPolicyApplied;
  applied.reason = Reason::kPolicyValid;
  applied.policy_version = 2;
  applied.detail = PolicyDetail{.previous_version = 1, .field = {}};
  log.add(applied);
  applied.policy_version = 4;
  applied.detail = PolicyDetail{.previous_version = 3, .field = {}};
  log.add(applied);
  expect_only(verify(log), {"2: policy_version goes from 2 to 4"});
}

TEST(Verifier, AReasonThatTheTypeCanNotHaveIsNamed) {
  LogText log = whole_life();
  log.edit(4, "epoch_installed", "drain_over", true);
  expect_only(verify(log), {"4: KeyInstalled has reason drain_over, must have epoch_installed"});
}

TEST(Verifier, FieldsAreNamed) {
  struct Case {
    std::string_view from, to, expected;
  };
  for (const Case& c :
       {Case{"\"schema\":1", "\"schema\":2", "'schema' is not 1"},
        Case{"\"seq\":3", "\"seq\":\"3\"", "'seq' is not a whole number"},
        Case{"TransportAttached", "Attached", "'event_type' holds 'Attached'"},
        Case{"attached_to_transport", "why", "'reason_code' holds 'why'"},
        Case{"ab010", "xy010", "'session_id' is not 32"},
        Case{"\"epoch\":1", "\"epocs\":1", "'epoch' is missing"},
        Case{"\"security\":false", "\"security\":true", "'security' is not what"}}) {
    LogText log = whole_life();
    log.edit(3, c.from, c.to, true);
    expect_only(verify(log), {std::string("3: field ") + std::string(c.expected)});
  }
}

}  // namespace
}  // namespace jumpgate::audit
