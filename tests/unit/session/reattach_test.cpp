#include "session/reattach.hpp"

#include <array>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

constexpr MonoNs kHeard{900'000'000'000};

ReattachInput good_input(ReattachStage stage) {
  ReattachInput input;
  input.stage = stage;
  input.now = kHeard;
  input.session_exists = true;
  input.state = State::kAttached;
  input.lifetime_deadline = kHeard + nanoseconds(1);
  input.transport_deadline = kHeard + nanoseconds(1);
  input.proof_ok = true;
  input.fresh = true;
  input.binding_version = 5;
  input.current_binding_version = 5;
  input.candidate_allowed = true;
  input.path_validated = true;
  input.proof_age = seconds(5);
  input.proof_max_age = seconds(5);
  return input;
}

struct Failure {
  Reason reason;
  bool answer_only;
  std::function<void(ReattachInput&)> break_it;
};

// In the order in which spec/jump.md lists the verdicts.
const std::vector<Failure>& failures() {
  static const std::vector<Failure> in_order{
      {Reason::kUnknownSession, false, [](ReattachInput& i) { i.session_exists = false; }},
      {Reason::kInvalidStateForReattach, false, [](ReattachInput& i) { i.state = State::kBirth; }},
      {Reason::kSessionExpired, false, [](ReattachInput& i) { i.lifetime_deadline = kHeard; }},
      {Reason::kTransportTtlExceeded, false,
       [](ReattachInput& i) { i.transport_deadline = kHeard; }},
      {Reason::kBadProof, false, [](ReattachInput& i) { i.proof_ok = false; }},
      {Reason::kReplayDetected, false, [](ReattachInput& i) { i.fresh = false; }},
      {Reason::kStaleBindingVersion, false, [](ReattachInput& i) { i.binding_version = 4; }},
      {Reason::kNotOwner, false, [](ReattachInput& i) { i.owner = false; }},
      {Reason::kCooldownActive, false,
       [](ReattachInput& i) { i.switching = {Reason::kCooldownActive, seconds(1)}; }},
      {Reason::kInvalidTransportCandidate, false,
       [](ReattachInput& i) { i.candidate_allowed = false; }},
      {Reason::kPathNotValidated, true, [](ReattachInput& i) { i.path_validated = false; }},
      {Reason::kStaleRequest, true,
       [](ReattachInput& i) { i.proof_age = seconds(5) + nanoseconds(1); }},
  };
  return in_order;
}

TEST(JudgeReattach, GoesOnWhenNothingFails) {
  EXPECT_EQ(judge_reattach(good_input(ReattachStage::kRequest)), Reason::kNone);
  EXPECT_EQ(judge_reattach(good_input(ReattachStage::kAnswer)), Reason::kNone);
}

TEST(JudgeReattach, EachFailureHasItsReason) {
  for (const Failure& failure : failures()) {
    ReattachInput input = good_input(ReattachStage::kAnswer);
    failure.break_it(input);
    EXPECT_EQ(judge_reattach(input), failure.reason) << to_string(failure.reason);
    input.stage = ReattachStage::kRequest;
    EXPECT_EQ(judge_reattach(input), failure.answer_only ? Reason::kNone : failure.reason)
        << to_string(failure.reason);
  }
}

TEST(JudgeReattach, OfAnyTwoFailuresTheEarlierIsNamed) {
  for (std::size_t first = 0; first < failures().size(); ++first) {
    for (std::size_t second = first + 1; second < failures().size(); ++second) {
      ReattachInput input = good_input(ReattachStage::kAnswer);
      failures()[second].break_it(input);
      failures()[first].break_it(input);
      EXPECT_EQ(judge_reattach(input), failures()[first].reason)
          << to_string(failures()[first].reason) << " with "
          << to_string(failures()[second].reason);
    }
  }
}

TEST(JudgeReattach, StatesThatAllowItAreTheFourLiveOnes) {
  for (const State state : kAllStates) {
    ReattachInput input = good_input(ReattachStage::kRequest);
    input.state = state;
    const bool dead = state == State::kBirth || state == State::kTerminated;
    EXPECT_EQ(judge_reattach(input), dead ? Reason::kInvalidStateForReattach : Reason::kNone)
        << to_string(state);
  }
}

TEST(JudgeReattach, AVersionAheadOfTheCurrentIsStaleToo) {
  ReattachInput input = good_input(ReattachStage::kRequest);
  input.binding_version = 6;
  EXPECT_EQ(judge_reattach(input), Reason::kStaleBindingVersion);
}

TEST(JudgeReattach, PolicysReasonIsPassedOn) {
  for (const Reason reason : std::array{Reason::kPolicyDenied, Reason::kSwitchRateLimited,
                                        Reason::kCooldownActive, Reason::kAttemptsExhausted}) {
    ReattachInput input = good_input(ReattachStage::kRequest);
    input.switching.reason = reason;
    EXPECT_EQ(judge_reattach(input), reason);
  }
}

}  // namespace
}  // namespace jumpgate::session
