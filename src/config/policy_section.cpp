#include <array>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/common_fields.hpp"
#include "config/gateway_sections.hpp"
#include "config/policy_document.hpp"

namespace jumpgate::config {
namespace {

// Ranges are the policy's own (session::faults); these only keep values inside their types.
constexpr Duration kZero{};
constexpr Duration kYear = seconds(365LL * 86400);

std::uint16_t permille(double value) {
  return static_cast<std::uint16_t>(std::lround(value * 1000));
}

void read_session(TableReader& table, session::Policy::Session& out) {
  table.duration("max_lifetime", out.max_lifetime, kZero, kYear);
  table.duration("transport_lost_ttl", out.transport_lost_ttl, kZero, kYear);
  table.finish();
}

void read_volatility(TableReader& table, session::Policy::Volatility& out) {
  table.duration("heartbeat_interval", out.heartbeat_interval, kZero, kYear);
  table.duration("heartbeat_volatile", out.heartbeat_volatile, kZero, kYear);
  table.duration("idle_heartbeat_interval", out.idle_heartbeat_interval, kZero, kYear);
  table.duration("loss_window", out.loss_window, kZero, kYear);
  double loss = out.loss_volatile_permille / 1000.0;
  table.real("loss_volatile_threshold", loss, 0.0, 1.0);
  out.loss_volatile_permille = permille(loss);
  table.integer("max_consecutive_drops", out.max_consecutive_drops, std::uint8_t{0},
                std::uint8_t{UINT8_MAX});
  table.duration("latency_volatile_threshold", out.latency_volatile, kZero, kYear);
  table.duration("volatile_to_degraded", out.volatile_to_degraded, kZero, kYear);
  table.finish();
}

void read_switching(TableReader& table, session::Policy::Switching& out) {
  table.integer("max_switches_per_min", out.max_switches_per_min, std::uint16_t{0},
                std::uint16_t{UINT16_MAX});
  table.duration("switch_cooldown", out.switch_cooldown, kZero, kYear);
  table.duration("recovery_window", out.recovery_window, kZero, kYear);
  double factor = out.switch_improvement_permille / 1000.0;
  table.real("switch_improvement_factor", factor, 0.0, 60.0);
  out.switch_improvement_permille = permille(factor);
  table.finish();
}

void read_transport(TableReader& table, session::Policy::Transport& out) {
  table.integer("max_candidate_count", out.max_candidate_count, std::uint8_t{0},
                std::uint8_t{UINT8_MAX});
  if (table.has("allowed")) out.allow_udp4 = out.allow_udp6 = false;
  table.each_string("allowed", 2, [&](const std::string& text) -> std::expected<void, std::string> {
    if (text != "udp4" && text != "udp6")
      return std::unexpected(fmt::format("'{}' found, expected udp4 or udp6", text));
    (text == "udp4" ? out.allow_udp4 : out.allow_udp6) = true;
    return {};
  });
  table.finish();
}

void read_security(TableReader& table, session::Policy::Security& out) {
  table.duration("reattach_proof_max_age", out.reattach_proof_max_age, kZero, kYear);
  table.integer("replay_window", out.replay_window_packets, 0U, 1U << 20);
  table.finish();
}

void read_keys(TableReader& table, session::Policy::Keys& out) {
  table.duration("rekey_after", out.rekey_after, kZero, kYear);
  table.duration("reject_after", out.reject_after, kZero, kYear);
  constexpr std::array<std::string_view, 1> kExpiry{"terminate"};
  if (table.choice("expiry_in_recovery", kExpiry))
    out.expiry_in_recovery = session::ExpiryInRecovery::kTerminate;
  table.boolean("rekey_after_transport_change", out.rekey_after_transport_change);
  table.finish();
}

/// What the table says, on top of what `policy` holds; nothing is judged yet.
void read_parts(TableReader& table, session::Policy& policy) {
  if (auto part = table.table("session")) read_session(*part, policy.session);
  if (auto part = table.table("volatility")) read_volatility(*part, policy.volatility);
  if (auto part = table.table("switching")) read_switching(*part, policy.switching);
  if (auto part = table.table("transport")) read_transport(*part, policy.transport);
  if (auto part = table.table("security")) read_security(*part, policy.security);
  if (auto part = table.table("keys")) read_keys(*part, policy.keys);
  table.finish();
}

/// Every fault of the policy, at the field of the table `where`.
void judge(TableReader& table, const session::Policy& policy, const std::string& where) {
  for (const session::PolicyError& fault : session::faults(policy)) {
    const std::size_t dot = fault.field.find('.');
    auto part = table.table(fault.field.substr(0, dot));
    (part ? *part : table)
        .problem(fault.field.substr(dot + 1),
                 fmt::format("{}.{} can not be used", where, fault.field), fault.message);
  }
}

/// [profiles.NAME]: the base, and what each overrides. `read_more` reads what a profile has beside its
/// policy.
template <class More>
void read_profiles(TableReader& root, session::PolicySet& set, const More& read_more) {
  auto table = root.table("profiles");
  if (!table) return;
  // A faulty base is told once, not again for each profile that inherits from it.
  const bool sound = session::faults(set.base).empty();
  for (const std::string& name : table->keys()) {
    auto profile = table->table(name);
    if (!profile) continue;
    if (const auto usable = check_name(name); !usable)
      table->problem(name, fmt::format("the profile '{}' can not be named so", name),
                     usable.error());
    session::Policy policy = set.base;
    read_more(name, *profile);
    read_parts(*profile, policy);
    if (sound) judge(*profile, policy, "profiles." + name);
    set.profiles.push_back({.name = name, .policy = policy});
  }
  if (set.profiles.size() > session::PolicySet::kMaxProfiles)
    root.problem("profiles", fmt::format("{} profiles", set.profiles.size()),
                 fmt::format("expected at most {}", session::PolicySet::kMaxProfiles));
}

/// What a profile of the gateway has beside its policy.
ProfileConfig read_profile_config(const std::string& name, TableReader& table,
                                  const GatewayConfig& config) {
  ProfileConfig profile{.name = name};
  read_filter_name(table, config, profile.filter);
  read_rates_name(table, config, profile.rates);
  net::OuterClass outer_class;
  read_dscp(table, "dscp", outer_class);
  if (table.has("dscp")) profile.outer_class = outer_class;
  bool client_to_client = false;
  table.boolean("client_to_client", client_to_client);
  if (table.has("client_to_client")) profile.client_to_client = client_to_client;
  return profile;
}

// What a policy may not leave to defaults (spec/policy.md "The document").
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kRequired{
    {{"session", "max_lifetime"},
     {"session", "transport_lost_ttl"},
     {"switching", "max_switches_per_min"},
     {"switching", "recovery_window"},
     {"volatility", "loss_volatile_threshold"},
     {"security", "reattach_proof_max_age"}}};

std::expected<session::PolicySet, Problems> read_policy_document(
    std::unique_ptr<TomlDocument> document, Problems problems) {
  if (!document) return std::unexpected(std::move(problems));
  session::PolicySet policies;
  TableReader root{*document, problems};
  root.require("policy");
  if (auto table = root.table("policy")) {
    for (const auto& [part, key] : kRequired) {
      auto fields = table->table(part);
      if (fields && fields->has(key)) continue;
      (fields ? *fields : *table)
          .problem(fields ? std::string(key) : fmt::format("{}.{}", part, key),
                   fmt::format("'{}.{}' is missing in [policy]", part, key), "it is required");
    }
    read_parts(*table, policies.base);
    judge(*table, policies.base, "policy");
  }
  // The rest is the gateway's: a policy alone has no filters and rates to name, and treats no packets.
  read_profiles(root, policies, [](const std::string&, TableReader&) {});
  root.finish();
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return policies;
}

}  // namespace

void read_policy(TableReader& root, GatewayConfig& config) {
  if (auto table = root.table("policy")) {
    read_parts(*table, config.policies.base);
    judge(*table, config.policies.base, "policy");
  }
  read_profiles(root, config.policies, [&](const std::string& name, TableReader& table) {
    ProfileConfig profile = read_profile_config(name, table, config);
    if (profile != ProfileConfig{.name = name}) config.profiles.push_back(std::move(profile));
  });
}

std::string policy_field_at_fault(const Problems& problems) {
  constexpr std::string_view kSection = "policy.";
  for (const Problem& problem : problems.list()) {
    if (problem.key.starts_with(kSection)) return problem.key.substr(kSection.size());
    if (problem.key.starts_with("profiles")) return problem.key;
  }
  return {};
}

std::expected<session::PolicySet, Problems> load_policy(const std::string& path) {
  Problems problems;
  auto document = TomlDocument::load(path, problems);
  return read_policy_document(std::move(document), std::move(problems));
}

std::expected<session::PolicySet, Problems> parse_policy(std::string_view text,
                                                         const std::string& name) {
  Problems problems;
  auto document = TomlDocument::parse(text, name, problems);
  return read_policy_document(std::move(document), std::move(problems));
}

}  // namespace jumpgate::config
