/// Timelines and findings of event logs, as text for people and as JSON.
///
/// Failure: none.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "audit/timeline.hpp"
#include "audit/verifier.hpp"

namespace jumpgate::jumpctl {

[[nodiscard]] std::string render(const std::vector<audit::SessionTimeline>& sessions);
[[nodiscard]] nlohmann::json to_json(const std::vector<audit::SessionTimeline>& sessions);

/// "FILE:LINE: what"; `paths` are the files' names by index.
[[nodiscard]] std::string render(const audit::Finding& finding,
                                 const std::vector<std::string>& paths);
[[nodiscard]] nlohmann::json to_json(const audit::Finding& finding,
                                     const std::vector<std::string>& paths);

}  // namespace jumpgate::jumpctl
