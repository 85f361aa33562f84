/// Policy: the operator's timers and limits, validated whole, and the pure decisions made from
/// them.
///
/// Purpose: values and questions; nothing here changes a session (spec/policy.md).
/// Owner thread: any; a Policy is an immutable image once validated. Bound: `kPolicyBounds` in
/// policy.cpp states the range of each field. Failure: `faults` names every bad field and nothing is
/// applied; the last good policy stays.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <jumpgate/limits.hpp>
#include <jumpgate/reasons.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

namespace jumpgate::session {

/// What happens when keys expire while RECOVERING. One answer so far: the session ends.
enum class ExpiryInRecovery : std::uint8_t { kTerminate };

/// The fields stand in the groups, and under the names, of the configuration file's [policy].
struct Policy {
  struct Session {
    Duration max_lifetime{seconds(8LL * 3600)};
    Duration transport_lost_ttl{seconds(15)};
    bool operator==(const Session&) const = default;
  };
  struct Volatility {
    Duration heartbeat_interval{milliseconds(500)};
    Duration heartbeat_volatile{seconds(2)};  // silence is never declared earlier
    Duration idle_heartbeat_interval{seconds(25)};
    Duration loss_window{seconds(2)};
    std::uint16_t loss_volatile_permille{200};
    std::uint8_t max_consecutive_drops{3};
    Duration latency_volatile{seconds(1)};  // of the round trip's 95th percentile
    Duration volatile_to_degraded{seconds(4)};
    bool operator==(const Volatility&) const = default;
  };
  struct Switching {
    std::uint16_t max_switches_per_min{8};
    Duration switch_cooldown{milliseconds(1500)};
    Duration recovery_window{seconds(8)};
    std::uint16_t switch_improvement_permille{1100};  // a challenger must be 10 % better
    bool operator==(const Switching&) const = default;
  };
  struct Transport {
    std::uint8_t max_candidate_count{3};
    bool allow_udp4{true};
    bool allow_udp6{true};
    bool operator==(const Transport&) const = default;
  };
  struct Security {
    Duration reattach_proof_max_age{seconds(5)};
    std::uint32_t replay_window_packets{8192};
    bool operator==(const Security&) const = default;
  };
  struct Keys {
    Duration rekey_after{seconds(120)};   // at the next send
    Duration reject_after{seconds(180)};  // from the making of the root generation
    ExpiryInRecovery expiry_in_recovery{ExpiryInRecovery::kTerminate};
    bool rekey_after_transport_change{false};  // the gateway asks for new keys
    bool operator==(const Keys&) const = default;
  };

  /// Rises with each policy applied on this node; recorded in every event.
  std::uint64_t version{1};
  Session session{};
  Volatility volatility{};
  Switching switching{};
  Transport transport{};
  Security security{};
  Keys keys{};

  bool operator==(const Policy&) const = default;
};

/// The first fault of a policy: `field` as in the configuration file ("switching.recovery_window"),
/// `message` says what is expected.
struct PolicyError {
  std::string field;
  std::string message;
};

/// Every fault: each field's range, then the relations between fields.
[[nodiscard]] std::vector<PolicyError> faults(const Policy& policy);
/// The first of them.
[[nodiscard]] std::expected<void, PolicyError> validate(const Policy& policy);

/// A field under its name in the configuration file, with its value as text.
struct PolicyField {
  std::string name;
  std::string value;
  bool operator==(const PolicyField&) const = default;
};
/// All of them, always in the same order; the version is none.
[[nodiscard]] std::vector<PolicyField> fields_of(const Policy& policy);
/// "NAME: BEFORE -> AFTER" for each field that differs; "-" where one has no such field.
[[nodiscard]] std::vector<std::string> differences(const std::vector<PolicyField>& before,
                                                   const std::vector<PolicyField>& after);

/// What a client is told in WELCOME. Needs a valid policy.
[[nodiscard]] wire::ClientPolicy to_client_policy(const Policy& policy);

/// The client's own policy from what it was told; `version` is 1. The result is to be validated:
/// a gateway's nonsense is refused like a file's.
[[nodiscard]] Policy from_client_policy(const wire::ClientPolicy& told);

/// True when outer transports of this family are allowed.
[[nodiscard]] bool allows_transport(const Policy& policy, IpFamily family);

/// What may_switch is asked about.
struct SwitchRequest {
  MonoNs now;
  unsigned attempts_last_minute{0};   // SwitchBudget::attempts; 0 at the answer: it is spent
  Duration until_attempt{};           // SwitchBudget::until_attempt, for retry_after
  unsigned commits_last_minute{0};    // SwitchBudget::commits
  Duration until_commit{};            // SwitchBudget::until_commit, for retry_after
  std::optional<MonoNs> last_commit;  // none before the first switch
  bool exempt_from_cooldown{false};   // in place and rebinding
  MonoNs recovery_deadline{kNever};   // of the running recovery; kNever when none runs
  IpFamily family{IpFamily::kNone};   // of the candidate's outer address
};

/// kNone: go on. Else the reason, and for limits that pass by themselves how long to wait.
struct SwitchVerdict {
  Reason reason{Reason::kNone};
  Duration retry_after{};
  bool operator==(const SwitchVerdict&) const = default;
};

/// Verdict 8 of the reattach order: attempts (`attempts_exhausted`), rate (`switch_rate_limited`),
/// cooldown (`cooldown_active`), window and protocol (`policy_denied`), in this order. Pure.
[[nodiscard]] SwitchVerdict may_switch(const Policy& policy, const SwitchRequest& request);

/// A running deadline under a new length (spec/policy.md "Application"): what grows counts from
/// where it began, what shrinks from now, and never ends later than it would have.
[[nodiscard]] MonoNs rebase(MonoNs deadline, MonoNs began, Duration length, MonoNs now);

/// Silence after which a path counts as silent: the larger of heartbeat_volatile and four times the
/// interval the peer announced last.
[[nodiscard]] Duration silence_threshold(Duration floor, Duration peer_interval);

}  // namespace jumpgate::session
