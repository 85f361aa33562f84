#include "session/policy.hpp"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jumpgate::session {
namespace {

constexpr MonoNs kChecked{500'000'000'000};

std::string field_at_fault(const std::function<void(Policy&)>& change) {
  Policy policy;
  change(policy);
  const auto valid = validate(policy);
  return valid ? "" : valid.error().field;
}

TEST(Policy, DefaultsAreValidAndTheDocumentedOnes) {
  const Policy policy;
  EXPECT_TRUE(validate(policy));
  EXPECT_EQ(policy.session.max_lifetime, seconds(8 * 3600));
  EXPECT_EQ(policy.session.transport_lost_ttl, seconds(15));
  EXPECT_EQ(policy.switching.max_switches_per_min, 8);
  EXPECT_EQ(policy.security.replay_window_packets, 8192U);
  EXPECT_FALSE(policy.keys.rekey_after_transport_change);
}

TEST(Policy, EveryFaultIsFound) {
  Policy policy;
  policy.session.max_lifetime = seconds(1);
  policy.security.replay_window_packets = 100;
  std::vector<std::string> fields;
  for (const PolicyError& fault : faults(policy))
    fields.push_back(fault.field);
  EXPECT_EQ(fields, (std::vector<std::string>{"session.max_lifetime", "session.max_lifetime",
                                              "security.replay_window"}))
      << "below its range, below transport_lost_ttl, no power of two";
}

TEST(Policy, DifferencesNameEachChangedFieldAndNoOther) {
  Policy changed;
  changed.version = 7;
  EXPECT_TRUE(differences(fields_of(Policy{}), fields_of(changed)).empty()) << "no field";
  changed.keys.rekey_after = seconds(60);
  changed.keys.rekey_after_transport_change = true;
  changed.transport.allow_udp6 = false;
  EXPECT_EQ(differences(fields_of(Policy{}), fields_of(changed)),
            (std::vector<std::string>{"keys.rekey_after: 120000 ms -> 60000 ms",
                                      "transport.allowed: udp4, udp6 -> udp4",
                                      "keys.rekey_after_transport_change: false -> true"}));
}

struct OutOfBounds {
  const char* field;
  std::function<void(Policy&)> below;
  std::function<void(Policy&)> above;
};

TEST(Policy, EveryFieldHasItsBounds) {
  const std::vector<OutOfBounds> cases{
      {"session.max_lifetime", [](Policy& p) { p.session.max_lifetime = milliseconds(9'999); },
       [](Policy& p) { p.session.max_lifetime = seconds(7 * 86400 + 1); }},
      {"session.transport_lost_ttl",
       [](Policy& p) { p.session.transport_lost_ttl = milliseconds(999); },
       [](Policy& p) { p.session.transport_lost_ttl = seconds(3601); }},
      {"volatility.heartbeat_interval",
       [](Policy& p) { p.volatility.heartbeat_interval = milliseconds(49); },
       [](Policy& p) { p.volatility.heartbeat_interval = milliseconds(10'001); }},
      {"volatility.heartbeat_volatile",
       [](Policy& p) { p.volatility.heartbeat_volatile = milliseconds(99); },
       [](Policy& p) { p.volatility.heartbeat_volatile = milliseconds(60'001); }},
      {"volatility.idle_heartbeat_interval",
       [](Policy& p) { p.volatility.idle_heartbeat_interval = milliseconds(49); },
       [](Policy& p) { p.volatility.idle_heartbeat_interval = milliseconds(60'001); }},
      {"volatility.loss_window", [](Policy& p) { p.volatility.loss_window = milliseconds(99); },
       [](Policy& p) { p.volatility.loss_window = milliseconds(60'001); }},
      {"volatility.loss_volatile_threshold",
       [](Policy& p) { p.volatility.loss_volatile_permille = 0; },
       [](Policy& p) { p.volatility.loss_volatile_permille = 1000; }},
      {"volatility.max_consecutive_drops",
       [](Policy& p) { p.volatility.max_consecutive_drops = 0; },
       {}},
      {"volatility.latency_volatile_threshold",
       [](Policy& p) { p.volatility.latency_volatile = milliseconds(9); },
       [](Policy& p) { p.volatility.latency_volatile = milliseconds(60'001); }},
      {"volatility.volatile_to_degraded",
       [](Policy& p) { p.volatility.volatile_to_degraded = milliseconds(99); },
       [](Policy& p) { p.volatility.volatile_to_degraded = milliseconds(60'001); }},
      {"switching.max_switches_per_min", [](Policy& p) { p.switching.max_switches_per_min = 0; },
       [](Policy& p) { p.switching.max_switches_per_min = 201; }},
      {"switching.switch_cooldown",
       [](Policy& p) { p.switching.switch_cooldown = milliseconds(-1); },
       [](Policy& p) { p.switching.switch_cooldown = milliseconds(60'001); }},
      {"switching.recovery_window",
       [](Policy& p) { p.switching.recovery_window = milliseconds(999); },
       [](Policy& p) { p.switching.recovery_window = milliseconds(60'001); }},
      {"switching.switch_improvement_factor",
       [](Policy& p) { p.switching.switch_improvement_permille = 999; },
       [](Policy& p) { p.switching.switch_improvement_permille = 10'001; }},
      {"transport.max_candidate_count", [](Policy& p) { p.transport.max_candidate_count = 0; },
       [](Policy& p) { p.transport.max_candidate_count = 5; }},
      {"security.reattach_proof_max_age",
       [](Policy& p) { p.security.reattach_proof_max_age = milliseconds(199); },
       [](Policy& p) { p.security.reattach_proof_max_age = milliseconds(30'001); }},
      {"security.replay_window", [](Policy& p) { p.security.replay_window_packets = 32; },
       [](Policy& p) { p.security.replay_window_packets = 65536; }},
      {"keys.rekey_after", [](Policy& p) { p.keys.rekey_after = milliseconds(999); },
       [](Policy& p) { p.keys.rekey_after = milliseconds(3'600'001); }},
      {"keys.reject_after", [](Policy& p) { p.keys.reject_after = milliseconds(1'999); },
       [](Policy& p) { p.keys.reject_after = milliseconds(7'200'001); }},
  };
  for (const OutOfBounds& c : cases) {
    EXPECT_EQ(field_at_fault(c.below), c.field);
    if (c.above) {
      EXPECT_EQ(field_at_fault(c.above), c.field);
    }
  }
}

TEST(Policy, FieldsAgreeWithEachOther) {
  EXPECT_EQ(field_at_fault([](Policy& p) { p.version = 0; }), "version");
  EXPECT_EQ(field_at_fault([](Policy& p) { p.volatility.heartbeat_volatile = milliseconds(999); }),
            "volatility.heartbeat_volatile");
  EXPECT_EQ(
      field_at_fault([](Policy& p) { p.volatility.idle_heartbeat_interval = milliseconds(499); }),
      "volatility.idle_heartbeat_interval");
  EXPECT_EQ(field_at_fault([](Policy& p) { p.session.max_lifetime = seconds(14); }),
            "session.max_lifetime");
  EXPECT_EQ(field_at_fault([](Policy& p) { p.keys.reject_after = p.keys.rekey_after; }),
            "keys.reject_after");
  EXPECT_EQ(field_at_fault([](Policy& p) { p.security.replay_window_packets = 8191; }),
            "security.replay_window");
  EXPECT_EQ(field_at_fault([](Policy& p) {
              p.transport.allow_udp4 = false;
              p.transport.allow_udp6 = false;
            }),
            "transport.allowed");
}

TEST(Policy, TheMessageSaysWhatIsExpectedAndWhatIsThere) {
  Policy policy;
  policy.switching.recovery_window = milliseconds(500);
  const auto valid = validate(policy);
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().message, "must lie between 1000 ms and 60000 ms, is 500 ms");
  policy = {};
  policy.volatility.loss_volatile_permille = 1000;
  EXPECT_EQ(validate(policy).error().message, "must lie between 0.001 and 0.999, is 1.000");
}

TEST(Policy, AClientIsToldEverythingItKeeps) {
  Policy policy;
  policy.session = {seconds(100), seconds(11)};
  policy.volatility = {
      milliseconds(301), milliseconds(1202), milliseconds(20'003), milliseconds(2504), 205, 6,
      milliseconds(4507)};
  policy.switching = {9, milliseconds(1608), milliseconds(8109), 1210};
  policy.transport.max_candidate_count = 2;
  policy.security = {milliseconds(5111), 4096};
  policy.keys.rekey_after = milliseconds(60'012);
  policy.keys.reject_after = milliseconds(90'013);
  ASSERT_TRUE(validate(policy));
  EXPECT_EQ(from_client_policy(to_client_policy(policy)), policy);
}

TEST(Policy, TheGatewaysNonsenseIsRefusedLikeAFiles) {
  EXPECT_FALSE(validate(from_client_policy(wire::ClientPolicy{})));
}

SwitchRequest good_request() {
  SwitchRequest request;
  request.now = kChecked;
  request.family = IpFamily::kV4;
  request.recovery_deadline = kChecked + seconds(1);
  return request;
}

TEST(MaySwitch, GoesOnWhenNothingForbids) {
  EXPECT_EQ(may_switch(Policy{}, good_request()), SwitchVerdict{});
}

TEST(MaySwitch, LimitsTheRateExactly) {
  SwitchRequest request = good_request();
  request.commits_last_minute = 7;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kNone);
  request.commits_last_minute = 8;
  request.until_commit = seconds(9);
  EXPECT_EQ(may_switch(Policy{}, request), (SwitchVerdict{Reason::kSwitchRateLimited, seconds(9)}));
}

TEST(MaySwitch, TheLastOfTheRateStaysForAJump) {
  SwitchRequest request = good_request();
  request.exempt_from_cooldown = true;  // of the cooldown, not of the rate
  request.commits_last_minute = 6;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kNone);
  request.commits_last_minute = 7;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kSwitchRateLimited);
  Policy one;
  one.switching.max_switches_per_min = 1;
  request.commits_last_minute = 0;
  EXPECT_EQ(may_switch(one, request).reason, Reason::kNone) << "a rate of one has none to spare";
  request.commits_last_minute = 1;
  EXPECT_EQ(may_switch(one, request).reason, Reason::kSwitchRateLimited);
}

TEST(MaySwitch, LimitsAttempts) {
  SwitchRequest request = good_request();
  request.attempts_last_minute = limits::kMaxReattachAttemptsPerMin - 1;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kNone);
  request.attempts_last_minute = limits::kMaxReattachAttemptsPerMin;
  request.until_attempt = seconds(3);
  EXPECT_EQ(may_switch(Policy{}, request), (SwitchVerdict{Reason::kAttemptsExhausted, seconds(3)}));
}

TEST(MaySwitch, CoolsDownToTheNanosecondUnlessExempt) {
  SwitchRequest request = good_request();
  request.last_commit = kChecked - milliseconds(1500) + nanoseconds(1);
  EXPECT_EQ(may_switch(Policy{}, request),
            (SwitchVerdict{Reason::kCooldownActive, nanoseconds(1)}));
  request.exempt_from_cooldown = true;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kNone);
  request.exempt_from_cooldown = false;
  request.last_commit = kChecked - milliseconds(1500);
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kNone);
}

TEST(MaySwitch, DeniesBeyondTheWindowAndForbiddenProtocols) {
  SwitchRequest request = good_request();
  request.recovery_deadline = kChecked;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kPolicyDenied);
  request = good_request();
  Policy only_v6;
  only_v6.transport.allow_udp4 = false;
  EXPECT_EQ(may_switch(only_v6, request).reason, Reason::kPolicyDenied);
  request.family = IpFamily::kV6;
  EXPECT_EQ(may_switch(only_v6, request).reason, Reason::kNone);
  request.family = IpFamily::kNone;
  EXPECT_EQ(may_switch(only_v6, request).reason, Reason::kPolicyDenied);
}

TEST(MaySwitch, JudgesInItsOrder) {
  SwitchRequest request = good_request();
  request.recovery_deadline = kChecked;
  request.family = IpFamily::kNone;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kPolicyDenied);
  request.last_commit = kChecked;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kCooldownActive);
  request.commits_last_minute = 100;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kSwitchRateLimited);
  request.attempts_last_minute = 100;
  EXPECT_EQ(may_switch(Policy{}, request).reason, Reason::kAttemptsExhausted);
}

TEST(SilenceThreshold, IsTheLargerOfFloorAndFourIntervals) {
  EXPECT_EQ(silence_threshold(seconds(2), milliseconds(500)), seconds(2));
  EXPECT_EQ(silence_threshold(seconds(2), milliseconds(501)), milliseconds(2004));
  EXPECT_EQ(silence_threshold(seconds(2), seconds(25)), seconds(100));
}

}  // namespace
}  // namespace jumpgate::session
