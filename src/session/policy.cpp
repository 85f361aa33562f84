#include "session/policy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include <fmt/core.h>

namespace jumpgate::session {

namespace {

enum class Unit : std::uint8_t { kMilliseconds, kCount, kPermille };

// The range of one field; the values are in the field's unit.
struct Bound {
  std::string_view field;
  std::int64_t (*read)(const Policy&);
  std::int64_t min;
  std::int64_t max;
  Unit unit;
};

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kMinuteMs = 60 * kSecondMs;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;

// Each range with its reason. Durations are told to clients as 32-bit milliseconds, heartbeat
// intervals as 16-bit ones; nothing here can be switched off by zero or by an endless value.
constexpr std::array kPolicyBounds{
    // Long enough to attach and make a successor; a week bounds what one key schedule protects.
    Bound{"session.max_lifetime", [](const Policy& p) { return p.session.max_lifetime.ms(); },
          10 * kSecondMs, 7 * (24 * kHourMs), Unit::kMilliseconds},
    // Below one second a single retransmission would end a session.
    Bound{"session.transport_lost_ttl",
          [](const Policy& p) { return p.session.transport_lost_ttl.ms(); }, kSecondMs, kHourMs,
          Unit::kMilliseconds},
    // Twenty a second are the most that a million sessions' budget stands.
    Bound{"volatility.heartbeat_interval",
          [](const Policy& p) { return p.volatility.heartbeat_interval.ms(); }, 50, 10 * kSecondMs,
          Unit::kMilliseconds},
    Bound{"volatility.heartbeat_volatile",
          [](const Policy& p) { return p.volatility.heartbeat_volatile.ms(); }, 100, kMinuteMs,
          Unit::kMilliseconds},
    // A minute is what most NATs keep a UDP mapping for, and what 16 bits of milliseconds hold.
    Bound{"volatility.idle_heartbeat_interval",
          [](const Policy& p) { return p.volatility.idle_heartbeat_interval.ms(); }, 50, kMinuteMs,
          Unit::kMilliseconds},
    Bound{"volatility.loss_window", [](const Policy& p) { return p.volatility.loss_window.ms(); },
          100, kMinuteMs, Unit::kMilliseconds},
    // 1000 would never be exceeded: the trigger would be off.
    Bound{"volatility.loss_volatile_threshold",
          [](const Policy& p) -> std::int64_t { return p.volatility.loss_volatile_permille; }, 1,
          999, Unit::kPermille},
    Bound{"volatility.max_consecutive_drops",
          [](const Policy& p) -> std::int64_t { return p.volatility.max_consecutive_drops; }, 1,
          255, Unit::kCount},
    // Below 10 ms a busy host would be taken for a bad path; 16 bits of milliseconds on the wire.
    Bound{"volatility.latency_volatile_threshold",
          [](const Policy& p) { return p.volatility.latency_volatile.ms(); }, 10, kMinuteMs,
          Unit::kMilliseconds},
    Bound{"volatility.volatile_to_degraded",
          [](const Policy& p) { return p.volatility.volatile_to_degraded.ms(); }, 100, kMinuteMs,
          Unit::kMilliseconds},
    // SlidingMinute counts to 255.
    Bound{"switching.max_switches_per_min",
          [](const Policy& p) -> std::int64_t { return p.switching.max_switches_per_min; }, 1, 200,
          Unit::kCount},
    Bound{"switching.switch_cooldown",
          [](const Policy& p) { return p.switching.switch_cooldown.ms(); }, 0, kMinuteMs,
          Unit::kMilliseconds},
    // Two round trips of a satellite at least.
    Bound{"switching.recovery_window",
          [](const Policy& p) { return p.switching.recovery_window.ms(); }, kSecondMs, kMinuteMs,
          Unit::kMilliseconds},
    // Below 1.0 a worse path would win.
    Bound{"switching.switch_improvement_factor",
          [](const Policy& p) -> std::int64_t { return p.switching.switch_improvement_permille; },
          1000, 10000, Unit::kPermille},
    Bound{"transport.max_candidate_count",
          [](const Policy& p) -> std::int64_t { return p.transport.max_candidate_count; }, 1,
          static_cast<std::int64_t>(limits::kMaxJumpIds), Unit::kCount},
    Bound{"security.reattach_proof_max_age",
          [](const Policy& p) { return p.security.reattach_proof_max_age.ms(); }, 200,
          30 * kSecondMs, Unit::kMilliseconds},
    // One word of bits at least; 16 bits on the wire at most.
    Bound{"security.replay_window",
          [](const Policy& p) -> std::int64_t { return p.security.replay_window_packets; }, 64,
          32768, Unit::kCount},
    Bound{"keys.rekey_after", [](const Policy& p) { return p.keys.rekey_after.ms(); }, kSecondMs,
          kHourMs, Unit::kMilliseconds},
    Bound{"keys.reject_after", [](const Policy& p) { return p.keys.reject_after.ms(); },
          2 * kSecondMs, 2 * kHourMs, Unit::kMilliseconds},
};

std::string format_value(std::int64_t value, Unit unit) {
  switch (unit) {
    case Unit::kMilliseconds:
      return fmt::format("{} ms", value);
    case Unit::kCount:
      return fmt::format("{}", value);
    case Unit::kPermille:
      return fmt::format("{}.{:03}", value / 1000, value % 1000);
  }
  return {};
}

std::uint32_t to_wire_ms(Duration duration) {
  return static_cast<std::uint32_t>(duration.ms());
}

}  // namespace

std::vector<PolicyError> faults(const Policy& policy) {
  std::vector<PolicyError> all;
  const auto require = [&](bool holds, std::string_view field, std::string message) {
    if (!holds) all.push_back({std::string(field), std::move(message)});
  };
  require(policy.version != 0, "version", "must be at least 1");
  for (const Bound& bound : kPolicyBounds) {
    const std::int64_t value = bound.read(policy);
    require(value >= bound.min && value <= bound.max, bound.field,
            fmt::format("must lie between {} and {}, is {}", format_value(bound.min, bound.unit),
                        format_value(bound.max, bound.unit), format_value(value, bound.unit)));
  }
  require(policy.volatility.heartbeat_volatile >= policy.volatility.heartbeat_interval * 2,
          "volatility.heartbeat_volatile",
          "must be at least twice volatility.heartbeat_interval, or one lost heartbeat is silence");
  require(policy.volatility.idle_heartbeat_interval >= policy.volatility.heartbeat_interval,
          "volatility.idle_heartbeat_interval", "must be at least volatility.heartbeat_interval");
  require(policy.session.max_lifetime >= policy.session.transport_lost_ttl, "session.max_lifetime",
          "must be at least session.transport_lost_ttl");
  require(policy.keys.reject_after > policy.keys.rekey_after, "keys.reject_after",
          "must be greater than keys.rekey_after, so that there is time to rekey");
  require(std::has_single_bit(policy.security.replay_window_packets), "security.replay_window",
          fmt::format("must be a power of two, is {}", policy.security.replay_window_packets));
  require(policy.transport.allow_udp4 || policy.transport.allow_udp6, "transport.allowed",
          "must name at least one of udp4, udp6");
  return all;
}

std::expected<void, PolicyError> validate(const Policy& policy) {
  std::vector<PolicyError> all = faults(policy);
  if (all.empty()) return {};
  return std::unexpected(std::move(all.front()));
}

std::vector<PolicyField> fields_of(const Policy& policy) {
  std::vector<PolicyField> fields;
  fields.reserve(kPolicyBounds.size() + 3);
  for (const Bound& bound : kPolicyBounds)
    fields.push_back({std::string(bound.field), format_value(bound.read(policy), bound.unit)});
  fields.push_back(
      {"transport.allowed",
       fmt::format("{}{}{}", policy.transport.allow_udp4 ? "udp4" : "",
                   policy.transport.allow_udp4 && policy.transport.allow_udp6 ? ", " : "",
                   policy.transport.allow_udp6 ? "udp6" : "")});
  fields.push_back({"keys.expiry_in_recovery", "terminate"});
  fields.push_back({"keys.rekey_after_transport_change",
                    policy.keys.rekey_after_transport_change ? "true" : "false"});
  return fields;
}

std::vector<std::string> differences(const std::vector<PolicyField>& before,
                                     const std::vector<PolicyField>& after) {
  std::vector<std::string> lines;
  for (const PolicyField& field : after) {
    const auto old = std::ranges::find(before, field.name, &PolicyField::name);
    const std::string_view value = old == before.end() ? std::string_view{"-"} : old->value;
    if (value != field.value)
      lines.push_back(fmt::format("{}: {} -> {}", field.name, value, field.value));
  }
  for (const PolicyField& field : before) {
    if (std::ranges::find(after, field.name, &PolicyField::name) == after.end())
      lines.push_back(fmt::format("{}: {} -> -", field.name, field.value));
  }
  return lines;
}

wire::ClientPolicy to_client_policy(const Policy& policy) {
  wire::ClientPolicy told;
  told.max_lifetime_ms = to_wire_ms(policy.session.max_lifetime);
  told.transport_lost_ttl_ms = to_wire_ms(policy.session.transport_lost_ttl);
  told.heartbeat_interval_ms = to_wire_ms(policy.volatility.heartbeat_interval);
  told.heartbeat_volatile_ms = to_wire_ms(policy.volatility.heartbeat_volatile);
  told.idle_heartbeat_interval_ms = to_wire_ms(policy.volatility.idle_heartbeat_interval);
  told.volatile_to_degraded_ms = to_wire_ms(policy.volatility.volatile_to_degraded);
  told.recovery_window_ms = to_wire_ms(policy.switching.recovery_window);
  told.switch_cooldown_ms = to_wire_ms(policy.switching.switch_cooldown);
  told.reattach_proof_max_age_ms = to_wire_ms(policy.security.reattach_proof_max_age);
  told.rekey_after_ms = to_wire_ms(policy.keys.rekey_after);
  told.reject_after_ms = to_wire_ms(policy.keys.reject_after);
  told.max_switches_per_min = policy.switching.max_switches_per_min;
  told.replay_window_packets = static_cast<std::uint16_t>(policy.security.replay_window_packets);
  told.max_candidate_count = policy.transport.max_candidate_count;
  told.max_consecutive_drops = policy.volatility.max_consecutive_drops;
  told.loss_volatile_permille = policy.volatility.loss_volatile_permille;
  told.loss_window_ms = to_wire_ms(policy.volatility.loss_window);
  told.latency_volatile_ms = static_cast<std::uint16_t>(policy.volatility.latency_volatile.ms());
  told.switch_improvement_permille = policy.switching.switch_improvement_permille;
  return told;
}

Policy from_client_policy(const wire::ClientPolicy& told) {
  Policy policy;
  policy.session.max_lifetime = milliseconds(told.max_lifetime_ms);
  policy.session.transport_lost_ttl = milliseconds(told.transport_lost_ttl_ms);
  policy.volatility.heartbeat_interval = milliseconds(told.heartbeat_interval_ms);
  policy.volatility.heartbeat_volatile = milliseconds(told.heartbeat_volatile_ms);
  policy.volatility.idle_heartbeat_interval = milliseconds(told.idle_heartbeat_interval_ms);
  policy.volatility.volatile_to_degraded = milliseconds(told.volatile_to_degraded_ms);
  policy.switching.recovery_window = milliseconds(told.recovery_window_ms);
  policy.switching.switch_cooldown = milliseconds(told.switch_cooldown_ms);
  policy.security.reattach_proof_max_age = milliseconds(told.reattach_proof_max_age_ms);
  policy.keys.rekey_after = milliseconds(told.rekey_after_ms);
  policy.keys.reject_after = milliseconds(told.reject_after_ms);
  policy.switching.max_switches_per_min = told.max_switches_per_min;
  policy.security.replay_window_packets = told.replay_window_packets;
  policy.transport.max_candidate_count = told.max_candidate_count;
  policy.volatility.max_consecutive_drops = told.max_consecutive_drops;
  policy.volatility.loss_volatile_permille = told.loss_volatile_permille;
  policy.volatility.loss_window = milliseconds(told.loss_window_ms);
  policy.volatility.latency_volatile = milliseconds(told.latency_volatile_ms);
  policy.switching.switch_improvement_permille = told.switch_improvement_permille;
  return policy;
}

bool allows_transport(const Policy& policy, IpFamily family) {
  switch (family) {
    case IpFamily::kV4:
      return policy.transport.allow_udp4;
    case IpFamily::kV6:
      return policy.transport.allow_udp6;
    case IpFamily::kNone:
      return false;
  }
  return false;
}

SwitchVerdict may_switch(const Policy& policy, const SwitchRequest& request) {
  if (request.attempts_last_minute >= limits::kMaxReattachAttemptsPerMin) {
    return {Reason::kAttemptsExhausted, request.until_attempt};
  }
  // What is exempt from the cooldown somebody on the path can provoke, by altering addresses or by
  // letting it fall silent and heal: one switch stays for the jump that leaves such a path.
  const unsigned most = policy.switching.max_switches_per_min;
  const unsigned allowed = request.exempt_from_cooldown ? std::max(1U, most - 1) : most;
  if (request.commits_last_minute >= allowed)
    return {Reason::kSwitchRateLimited, request.until_commit};
  if (request.last_commit && !request.exempt_from_cooldown) {
    const MonoNs over = *request.last_commit + policy.switching.switch_cooldown;
    if (request.now < over) return {Reason::kCooldownActive, over - request.now};
  }
  if (request.now >= request.recovery_deadline) return {Reason::kPolicyDenied, {}};
  if (!allows_transport(policy, request.family)) return {Reason::kPolicyDenied, {}};
  return {};
}

MonoNs rebase(MonoNs deadline, MonoNs began, Duration length, MonoNs now) {
  const MonoNs from_beginning = began + length;
  if (from_beginning >= deadline) return from_beginning;
  return std::min(deadline, now + length);
}

Duration silence_threshold(Duration floor, Duration peer_interval) {
  return std::max(floor, peer_interval * 4);
}

}  // namespace jumpgate::session
