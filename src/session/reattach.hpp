/// The verdict over a reattach: one order, one function (spec/jump.md "Order of verdicts").
///
/// Purpose: given what is known, say whether a REATTACH (or the answer to its challenge) may go on.
/// Owner thread: any; pure. Bound: nine comparisons. Failure: the first reason that applies; the
/// caller changes nothing but a counter for verdicts 1 to 7.
#pragma once

#include <cstdint>

#include <jumpgate/reasons.hpp>
#include <jumpgate/time.hpp>

#include "session/fsm.hpp"
#include "session/policy.hpp"

namespace jumpgate::session {

/// A REATTACH is judged when it arrives, and once more when its challenge is answered.
enum class ReattachStage : std::uint8_t { kRequest, kAnswer };

struct ReattachInput {
  ReattachStage stage{ReattachStage::kRequest};
  MonoNs now;
  bool session_exists{false};                // 1
  State state{State::kBirth};                // 2
  MonoNs lifetime_deadline{kNever};          // 3 SessionRecord::lifetime_deadline
  MonoNs transport_deadline{kNever};         // 4 SessionRecord::transport_deadline
  bool proof_ok{false};                      // 5 opened under a control key of this session
  bool fresh{false};                         // 6 request: jump_seq above the highest accepted;
                                             //   answer: names the pending exchange
  std::uint64_t binding_version{0};          // 7 as the client names it (request), or one less
                                             //   than what the answer names
  std::uint64_t current_binding_version{0};  // 7 SessionRecord::binding_version
  bool owner{true};                          // 7 this node owns the session
  SwitchVerdict switching;                   // 8 may_switch
  bool candidate_allowed{false};             // 9 the address itself can be a client's
  bool path_validated{false};                // 9 answer: came from the address of its token
  Duration proof_age{};                      // 9 answer: from CHALLENGE to RESPONSE
  Duration proof_max_age{};                  // 9 Policy security.reattach_proof_max_age
};

/// kNone: go on. Else the first reason in the order of the verdicts. At the request stage the
/// candidate is judged by its address alone.
[[nodiscard]] Reason judge_reattach(const ReattachInput& input);

}  // namespace jumpgate::session
