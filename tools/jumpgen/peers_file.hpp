/// The gateway's side of a plan: one [[peer]] table a client, to be appended to its configuration.
///
/// Owner thread: main. Bound: some 150 bytes a client. Failure: none; writing is the caller's.
#pragma once

#include <string>

#include "tools/jumpgen/client_plan.hpp"

namespace jumpgate::jumpgen {

[[nodiscard]] std::string peer_tables(const ClientPlan& plan);

}  // namespace jumpgate::jumpgen
