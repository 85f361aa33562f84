/// What a gateway can have been given: the core takes its settings, configurations and policies as
/// checked ones, and a recording was checked by nobody.
///
/// Owner thread: any; pure. Bound: none of its own. Failure: what is wrong, as a sentence; empty:
/// nothing is.
#pragma once

#include <string>

#include "config/gateway_config.hpp"
#include "crypto/connection_id.hpp"
#include "ctl/core.hpp"
#include "session/policy_set.hpp"

namespace jumpgate::record {

/// Tables that no gateway has may not be asked for.
[[nodiscard]] std::string wrong_with(const ctl::Settings& settings);
/// What names what within it.
[[nodiscard]] std::string wrong_with(const config::GatewayConfig& config);
[[nodiscard]] std::string wrong_with(const session::PolicySet& policies);
/// An id that our cipher can make.
[[nodiscard]] bool possible(const crypto::CidFields& id);

}  // namespace jumpgate::record
