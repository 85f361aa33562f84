/// The parts of the gateway's file, for gateway_config.cpp: one function a section, and the checks
/// between them.
///
/// Owner thread: the one that loads. Each reads what it can and adds a problem for what it can not.
#pragma once

#include "config/gateway_config.hpp"
#include "config/toml_reader.hpp"

namespace jumpgate::config {

void read_ports(TableReader& root, GatewayConfig& config);
/// After read_ports: routes name ports.
void read_routes(TableReader& root, GatewayConfig& config);
void read_peers(TableReader& root, GatewayConfig& config);
void read_policy(TableReader& root, GatewayConfig& config);
/// Duplicates, overlaps, and what must fit together.
void check_gateway(const GatewayConfig& config, Problems& problems);

}  // namespace jumpgate::config
