/// Which cpu does what.
///
/// Owner thread: main, at start. Failure: too few cpus, with what mends it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "config/gateway_config.hpp"

namespace jumpgate::app {

/// EAL's order: the controller's cpu first (handshake, audit and API threads share it), then one a worker.
std::expected<std::vector<std::uint32_t>, std::string> choose_cores(
    const config::GatewayConfig& config);

}  // namespace jumpgate::app
