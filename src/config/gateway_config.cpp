#include "config/gateway_config.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "config/common_fields.hpp"
#include "config/gateway_sections.hpp"
#include "config/toml_reader.hpp"

namespace jumpgate::config {
namespace {

// DPDK's lcore ids end below it.
constexpr std::uint32_t kMaxLcore = 127;

constexpr std::array<std::string_view, 2> kIdleNames{"adaptive", "poll"};

constexpr std::size_t kMaxSocketPath = 107;  // what fits sockaddr_un

void read_gateway(TableReader& root, GatewayConfig& config) {
  root.require("gateway");
  auto table = root.table("gateway");
  if (!table) return;
  table->require("private_key_file");
  table->integer("node_id", config.node_id, std::uint8_t{0}, std::uint8_t{UINT8_MAX});
  read_secret(*table, "private_key_file", config.path, config.private_key);
  table->string("state_dir", config.state_dir);
  table->integer("listen_port", config.listen_port, std::uint16_t{1}, std::uint16_t{UINT16_MAX});
  table->integer("inner_mtu", config.inner_mtu, static_cast<std::uint16_t>(limits::kMinPathMtu),
                 limits::kMaxInnerMtu);
  table->boolean("outer_reassembly", config.outer_reassembly);
  read_suites(*table, "suites", config.suites);
  table->integer("workers", config.workers, 1U, static_cast<std::uint32_t>(limits::kMaxWorkers));
  table->integers("lcores", config.lcores, kMaxLcore, limits::kMaxWorkers + 1);
  if (const auto mode = table->choice("idle", kIdleNames))
    config.idle = static_cast<IdleMode>(*mode);
  table->integer("handshake_threads", config.handshake_threads, 1U, 16U);
  read_log_level(*table, "log_level", config.log_level);
  table->string("control_socket", config.control.socket, kMaxSocketPath);
  table->string("control_group", config.control.group, 32);
  table->finish();
}

void read_events(TableReader& root, EventsConfig& out) {
  auto table = root.table("events");
  if (!table) return;
  table->string("file", out.file);
  table->size("max_bytes", out.max_bytes, 64 << 10, std::uint64_t{64} << 30);
  table->integer("keep", out.keep, 0U, 1000U);
  table->boolean("journal", out.journal);
  table->string("socket", out.socket, kMaxSocketPath);
  table->finish();
}

void read_inner(TableReader& root, GatewayConfig& config) {
  InnerConfig& out = config.inner;
  auto table = root.table("inner");
  if (!table) return;
  table->boolean("mss_clamp", out.mss_clamp);
  table->boolean("client_to_client", out.client_to_client);
  read_filter_name(*table, config, out.filter);
  read_rates_name(*table, config, out.rates);
  read_path_mtu(*table, "path_mtu", out.probe_path_mtu);
  read_dscp(*table, "dscp", out.outer_class);
  table->finish();
}

void read_record(TableReader& root, RecordConfig& out) {
  auto table = root.table("record");
  if (!table) return;
  table->string("file", out.file);
  table->size("max_bytes", out.max_bytes, 1 << 20, std::uint64_t{1} << 40);
  table->integer("keep", out.keep, 0U, 1000U);
  table->finish();
}

void read_limits(TableReader& root, LimitsConfig& out) {
  auto table = root.table("limits");
  if (!table) return;
  constexpr auto kMaxSessions = static_cast<std::uint32_t>(limits::kMaxSlotsPerWorker);
  table->integer("max_sessions", out.max_sessions, 1U, kMaxSessions);
  table->integer("expanded_keys", out.expanded_keys, 64U, kMaxSessions);
  table->integer("mbufs", out.mbufs, 4096U, 1U << 22);
  table->integer("replay_windows", out.replay_windows, 0U, kMaxSessions);
  table->integer("command_pool", out.command_pool, 64U, 1U << 16);
  table->integer("report_ring", out.report_ring, 256U, 1U << 16);
  table->integer("handshakes_per_second", out.handshakes_per_second, 1U, 100'000U);
  table->integer("rx_descriptors", out.rx_descriptors, 64U, 4096U);
  table->integer("tx_descriptors", out.tx_descriptors, 64U, 4096U);
  table->finish();
}

void read_eal(TableReader& root, EalConfig& out) {
  auto table = root.table("eal");
  if (!table) return;
  table->boolean("huge", out.huge);
  table->integer("memory_mib", out.memory_mib, 64U, 1U << 20);
  table->string("file_prefix", out.file_prefix, 64);
  table->each_string("extra", 64, [&](const std::string& word) -> std::expected<void, std::string> {
    out.extra.push_back(word);
    return {};
  });
  table->finish();
}

std::expected<GatewayConfig, Problems> read_gateway_document(std::unique_ptr<TomlDocument> document,
                                                             Problems problems) {
  if (!document) return std::unexpected(std::move(problems));
  GatewayConfig config;
  config.path = document->path();
  TableReader root{*document, problems};
  read_gateway(root, config);
  read_events(root, config.events);
  read_filters(root, config);
  read_rates(root, config);
  read_inner(root, config);
  read_record(root, config.record);
  read_limits(root, config.limits);
  read_eal(root, config.eal);
  read_policy(root, config);
  read_ports(root, config);
  read_routes(root, config);
  read_peers(root, config);
  root.finish();
  check_gateway(config, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return config;
}

/// What the peer's profile says; nothing where it has none, or it does not say it.
template <class T>
std::optional<T> of_profile(const PeerConfig& peer, const GatewayConfig& config,
                            std::optional<T> ProfileConfig::* member) {
  const auto profile = std::ranges::find(config.profiles, peer.profile, &ProfileConfig::name);
  return profile == config.profiles.end() ? std::nullopt : *profile.*member;
}

}  // namespace

std::uint16_t filter_of(const PeerConfig& peer, const GatewayConfig& config) {
  auto set = peer.filter ? peer.filter : of_profile(peer, config, &ProfileConfig::filter);
  if (!set) set = config.inner.filter;
  return set ? static_cast<std::uint16_t>(*set) : net::kNoFilter;
}

std::uint16_t rates_of(const PeerConfig& peer, const GatewayConfig& config) {
  auto set = peer.rates ? peer.rates : of_profile(peer, config, &ProfileConfig::rates);
  if (!set) set = config.inner.rates;
  return set ? static_cast<std::uint16_t>(*set) : net::kNoRates;
}

net::Treatment treatment_of(const PeerConfig& peer, const GatewayConfig& config) {
  return {
      .outer_class =
          of_profile(peer, config, &ProfileConfig::outer_class).value_or(config.inner.outer_class),
      .client_to_client = of_profile(peer, config, &ProfileConfig::client_to_client)
                              .value_or(config.inner.client_to_client)};
}

std::expected<GatewayConfig, Problems> load_gateway(const std::string& path) {
  Problems problems;
  auto document = TomlDocument::load(path, problems);
  return read_gateway_document(std::move(document), std::move(problems));
}

std::expected<GatewayConfig, Problems> parse_gateway(std::string_view text,
                                                     const std::string& path) {
  Problems problems;
  auto document = TomlDocument::parse(text, path, problems);
  return read_gateway_document(std::move(document), std::move(problems));
}

}  // namespace jumpgate::config
