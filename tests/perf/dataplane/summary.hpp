/// What a run says beside its rows: the memory of a session, the replay window's cost, the driver alone
/// over one warm key, and what a second worker brings.
///
/// Owner thread: main, while no lane runs. Bound: some ten milliseconds a figure. Failure: none; a figure
/// whose rows are missing is left out. Units stand in the names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "options.hpp"
#include "report.hpp"

namespace jumpgate::bench {

/// Fields for the top of dataplane.json; printed as lines under the table too.
nlohmann::json summary(const Options& options, const std::vector<Row>& rows);

}  // namespace jumpgate::bench
