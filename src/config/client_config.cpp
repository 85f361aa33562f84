#include "config/client_config.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "config/common_fields.hpp"
#include "config/toml_reader.hpp"
#include "net/address.hpp"

namespace jumpgate::config {
namespace {

constexpr std::uint16_t kMaxMtu = 8920;

void read_client(TableReader& root, ClientConfig& config) {
  root.require("client");
  auto table = root.table("client");
  if (!table) return;
  table->require("private_key_file");
  table->require("allowed_ips");
  read_name(*table, "name", config.name);
  read_secret(*table, "private_key_file", config.path, config.private_key);
  table->string("state_dir", config.state_dir);
  read_interface(*table, "tun", config.tun);
  read_path_mtu(*table, "path_mtu", config.probe_path_mtu);
  read_dscp(*table, "dscp", config.outer_class);
  table->integer("mtu", config.mtu, static_cast<std::uint16_t>(limits::kMinPathMtu), kMaxMtu);
  read_networks(*table, "allowed_ips", config.allowed_ips, limits::kMaxAllowedIpsPerPeer);
  read_suites(*table, "suites", config.suites);
  // What fits sockaddr_un.
  table->string("control_socket", config.control_socket, 107);
  table->duration("connect_timeout", config.connect_timeout, seconds(1), seconds(600));
  table->finish();
}

void read_gateway(TableReader& root, ClientConfig& config) {
  root.require("gateway");
  auto table = root.table("gateway");
  if (!table) return;
  table->require("endpoints");
  table->require("public_key");
  table->each_string(
      "endpoints", kMaxEndpoints, [&](const std::string& text) -> std::expected<void, std::string> {
        const auto endpoint = base::parse_endpoint(text);
        if (!endpoint) return std::unexpected(endpoint.error());
        if (!net::is_answerable(endpoint->address) &&
            !base::contains({IpAddress{IpFamily::kV4, {127}}, 8}, endpoint->address))
          return std::unexpected(fmt::format("'{}' is no address that a gateway can have", text));
        if (std::ranges::find(config.endpoints, *endpoint) != config.endpoints.end())
          return std::unexpected(fmt::format("'{}' stands there twice", text));
        config.endpoints.push_back(*endpoint);
        return {};
      });
  read_public_key(*table, "public_key", config.gateway_public_key);
  read_secret(*table, "preshared_key_file", config.path, config.preshared_key);
  table->finish();
}

void read_events(TableReader& root, ClientConfig& config) {
  auto table = root.table("events");
  if (!table) return;
  table->string("file", config.events_file);
  table->finish();
}

void read_uplinks(TableReader& root, ClientConfig& config) {
  root.require("uplink");
  for (TableReader& table : root.tables("uplink", limits::kMaxUplinks)) {
    UplinkConfig uplink;
    table.require("name");
    table.require("interface");
    read_name(table, "name", uplink.name);
    read_interface(table, "interface", uplink.interface);
    table.integer("preference", uplink.preference, std::uint8_t{0}, std::uint8_t{UINT8_MAX});
    for (const UplinkConfig& other : config.uplinks) {
      if (other.name == uplink.name)
        table.problem("name", fmt::format("two uplinks are named '{}'", uplink.name),
                      "expected names of their own");
      if (other.interface == uplink.interface)
        table.problem("interface", fmt::format("two uplinks use '{}'", uplink.interface),
                      "expected an interface each");
    }
    table.finish();
    config.uplinks.push_back(std::move(uplink));
  }
}

std::expected<ClientConfig, Problems> read_client_document(std::unique_ptr<TomlDocument> document,
                                                           Problems problems) {
  if (!document) return std::unexpected(std::move(problems));
  ClientConfig config;
  config.path = document->path();
  TableReader root{*document, problems};
  read_client(root, config);
  read_gateway(root, config);
  read_events(root, config);
  read_uplinks(root, config);
  root.finish();
  if (config.endpoints.empty() && problems.empty())
    problems.add({config.path}, "'gateway.endpoints' is empty", "expected at least one");
  if (config.uplinks.empty() && problems.empty())
    problems.add({config.path}, "no [[uplink]]", "expected at least one");
  if (config.name.empty()) {
    config.name = std::filesystem::path(config.path).stem().string();
    if (auto checked = check_name(config.name); !checked)
      problems.add({config.path},
                   fmt::format("the file's name '{}' is no tunnel name", config.name),
                   checked.error() + ", or client.name");
  }
  if (config.control_socket.empty())
    config.control_socket = fmt::format("/run/jumpgate/jump-{}.sock", config.name);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return config;
}

}  // namespace

std::expected<ClientConfig, Problems> load_client(const std::string& path) {
  Problems problems;
  auto document = TomlDocument::load(path, problems);
  return read_client_document(std::move(document), std::move(problems));
}

std::expected<ClientConfig, Problems> parse_client(std::string_view text, const std::string& path) {
  Problems problems;
  auto document = TomlDocument::parse(text, path, problems);
  return read_client_document(std::move(document), std::move(problems));
}

}  // namespace jumpgate::config
