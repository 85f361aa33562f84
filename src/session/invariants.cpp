#include "session/invariants.hpp"

#include "base/invariant.hpp"

namespace jumpgate::session {

void check(const SessionRecord& record, bool bound, std::uint64_t told_version) {
  const State state = record.state();
  JG_INVARIANT(may_have_binding(state) || !bound);
  JG_INVARIANT(state != State::kAttached || bound);
  JG_INVARIANT(!bound || record.binding_version() > 0);
  JG_INVARIANT(record.state_version() == told_version);
  if (state == State::kTerminated) return;
  JG_INVARIANT(record.lifetime_deadline() != kNever);
  JG_INVARIANT(!record.lost_since() || record.transport_deadline() != kNever);
  JG_INVARIANT(state != State::kRecovering || record.state_deadline() != kNever);
}

}  // namespace jumpgate::session
