/// The parts of the gateway's file, for gateway_config.cpp: one function a section, and the checks
/// between them.
///
/// Owner thread: the one that loads. Each reads what it can and adds a problem for what it can not.
#pragma once

#include <cstddef>
#include <optional>

#include "config/gateway_config.hpp"
#include "config/toml_reader.hpp"

namespace jumpgate::config {

void read_ports(TableReader& root, GatewayConfig& config);
/// After read_ports: routes name ports.
void read_routes(TableReader& root, GatewayConfig& config);
void read_filters(TableReader& root, GatewayConfig& config);
/// `filter`, after read_filters: the place of its set in the list.
void read_filter_name(TableReader& table, const GatewayConfig& config,
                      std::optional<std::size_t>& out);
void read_rates(TableReader& root, GatewayConfig& config);
/// `rates`, after read_rates: likewise.
void read_rates_name(TableReader& table, const GatewayConfig& config,
                     std::optional<std::size_t>& out);
/// After read_filters, read_rates and read_policy.
void read_peers(TableReader& root, GatewayConfig& config);
/// After read_filters and read_rates: profiles name them.
void read_policy(TableReader& root, GatewayConfig& config);
/// Duplicates, overlaps, and what must fit together.
void check_gateway(const GatewayConfig& config, Problems& problems);

}  // namespace jumpgate::config
