/// `jumpctl trace`: a session's next packets, stage by stage.
///
/// Bound: as many packets, and as long, as was asked for. Failure: an exit status, and what to do.
#pragma once

#include "tools/jumpctl/verbs.hpp"

namespace jumpgate::jumpctl {

int trace(const Options& options, const Output& output);

}  // namespace jumpgate::jumpctl
