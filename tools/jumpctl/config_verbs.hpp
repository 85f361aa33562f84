/// The verbs about configuration files: judged here, no gateway is asked.
///
/// Exit status: 0 valid, warnings or none; 2 the file can not be used.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "config/problems.hpp"
#include "tools/jumpctl/verbs.hpp"

namespace jumpgate::jumpctl {

/// Faults or warnings, a record each.
[[nodiscard]] nlohmann::json problems_json(const config::Problems& problems);
/// Faults with file, line and what is expected; and warnings: valid, but hardly meant.
int check_config(const Options& options, const Output& output);

}  // namespace jumpgate::jumpctl
