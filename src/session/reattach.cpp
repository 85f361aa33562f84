#include "session/reattach.hpp"

namespace jumpgate::session {

Reason judge_reattach(const ReattachInput& input) {
  if (!input.session_exists) return Reason::kUnknownSession;
  if (!allows_reattach(input.state)) return Reason::kInvalidStateForReattach;
  if (input.now >= input.lifetime_deadline) return Reason::kSessionExpired;
  if (input.now >= input.transport_deadline) return Reason::kTransportTtlExceeded;
  if (!input.proof_ok) return Reason::kBadProof;
  if (!input.fresh) return Reason::kReplayDetected;
  if (input.binding_version != input.current_binding_version) return Reason::kStaleBindingVersion;
  if (!input.owner) return Reason::kNotOwner;
  if (input.switching.reason != Reason::kNone) return input.switching.reason;
  if (!input.candidate_allowed) return Reason::kInvalidTransportCandidate;
  if (input.stage == ReattachStage::kRequest) return Reason::kNone;
  if (!input.path_validated) return Reason::kPathNotValidated;
  if (input.proof_age > input.proof_max_age) return Reason::kStaleRequest;
  return Reason::kNone;
}

}  // namespace jumpgate::session
