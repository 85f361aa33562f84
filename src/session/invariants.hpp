/// What holds of a session between any two inputs (spec/session-fsm.md "Invariants").
///
/// Owner thread: the owner of the session's record. Bound: a handful of comparisons, and nothing at
/// all where JG_DEBUG_INVARIANTS is not defined. Failure: the program stops (base/invariant.hpp).
#pragma once

#include <cstdint>

#include "session/session_record.hpp"

namespace jumpgate::session {

/// `bound`: its owner keeps a binding of it. `told_version`: one, and one more for each
/// SessionStateChange that was told.
void check(const SessionRecord& record, bool bound, std::uint64_t told_version);

}  // namespace jumpgate::session
