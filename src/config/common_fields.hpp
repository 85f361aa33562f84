/// Fields that the gateway's and the client's files share.
///
/// Owner thread: the one that loads. Each function leaves `out` alone, and adds a problem, when the
/// field is wrong.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <jumpgate/types.hpp>

#include "config/key_file.hpp"
#include "config/log_level.hpp"
#include "config/toml_reader.hpp"
#include "net/ecn.hpp"

namespace jumpgate::config {

/// Linux's IFNAMSIZ, less its zero.
inline constexpr std::size_t kMaxInterfaceName = 15;

/// Letters, digits, '.', '_' and '-', at most limits::kMaxNameBytes.
std::expected<void, std::string> check_name(const std::string& name);
void read_name(TableReader& table, std::string_view key, std::string& out);
/// A key file's path, relative to the folder of `config_path`; its content goes to `out`.
void read_secret(TableReader& table, std::string_view key, const std::string& config_path,
                 SecretKey& out);
/// An interface's name as the kernel takes it (net/core/dev.c, dev_valid_name), which may stand
/// among a driver's arguments: no ',' in it.
void read_interface(TableReader& table, std::string_view key, std::string& out);
void read_public_key(TableReader& table, std::string_view key, PublicKey& out);
void read_suites(TableReader& table, std::string_view key, std::vector<Suite>& out);
void read_log_level(TableReader& table, std::string_view key, LogLevel& out);
/// Networks: host bits clear.
void read_networks(TableReader& table, std::string_view key, std::vector<IpPrefix>& out,
                   std::size_t max_count);
/// Our own addresses, one at least: host bits kept, the address must be answerable.
void read_addresses(TableReader& table, std::string_view key, std::vector<IpPrefix>& out,
                    std::size_t max_count);
/// DSCP of outer headers: "copy", or a number from "0" to "63" (RFC 2983, RFC 2474).
void read_dscp(TableReader& table, std::string_view key, net::OuterClass& out);
/// Path MTU: "probe", or "port", which a path is then taken to carry.
void read_path_mtu(TableReader& table, std::string_view key, bool& probe);
void read_address(TableReader& table, std::string_view key, IpAddress& out);

}  // namespace jumpgate::config
