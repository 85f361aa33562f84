#include "parts.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <random>

#include "../../support/session_owner.hpp"
#include "audit/event_log.hpp"
#include "audit/json_line.hpp"
#include "base/timer_wheel.hpp"
#include "pace.hpp"
#include "session/reattach.hpp"
#include "session/session_record.hpp"

namespace jumpgate::bench {
namespace {

constexpr std::size_t kRepeats = 9;
constexpr std::size_t kRecords = 1'000;
constexpr std::uint32_t kTimers = 1'000'000;

/// `body` says how many it has done.
Part measure(std::string name, const std::function<std::size_t()>& body) {
  std::array<double, kRepeats> each{};
  for (double& ns : each) {
    const Duration began = cpu_time();
    const std::size_t done = body();
    ns = static_cast<double>((cpu_time() - began).ns) / static_cast<double>(done);
  }
  std::ranges::sort(each);
  const double median = each[kRepeats / 2];
  return {.name = std::move(name), .per_second = 1e9 / median, .nanoseconds = median};
}

void must(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "engine: %s\n", what);
  std::abort();
}

/// A jump's three transitions and its commit, over a thousand records.
Part transitions() {
  const jumpgate::testing::SessionOwner owner;
  const session::Policy policy;
  MonoNs now{1'000'000'000};
  std::deque<session::SessionRecord> records;  // a record is not moved
  for (std::size_t i = 0; i < kRecords; ++i) {
    auto& record = records.emplace_back(owner.authority(), SessionId{}, policy, now);
    must(record.commit_binding(owner.authority(), 0).has_value() &&
             record.apply(owner.authority(), Trigger::kAttachOk, Reason::kAttachedToTransport, now)
                 .has_value(),
         "a session does not attach");
  }
  const auto jump = [&](session::SessionRecord& record) {
    const auto& by = owner.authority();
    return record.apply(by, Trigger::kInstability, Reason::kTransportRetiring, now).has_value() &&
           record.apply(by, Trigger::kSwitchStart, Reason::kLossRecovery, now).has_value() &&
           record.commit_binding(by, record.binding_version()).has_value() &&
           record.apply(by, Trigger::kReattachOk, Reason::kReattachSuccess, now).has_value();
  };
  return measure("transitions", [&] {
    constexpr std::size_t kRounds = 100;
    for (std::size_t round = 0; round < kRounds; ++round) {
      now = now + milliseconds(1);
      for (session::SessionRecord& record : records)
        must(jump(record), "a transition was refused");
    }
    return kRounds * kRecords * 3;
  });
}

/// A million timers are armed anywhere within 100 s, moved once, and fire.
Part timers() {
  std::mt19937_64 random(1);
  MonoNs now{1'000'000'000};
  base::TimerWheel wheel(kTimers, now);
  return measure("timers", [&] {
    constexpr std::int64_t kSpan = 100'000;
    for (int twice = 0; twice < 2; ++twice) {
      for (std::uint32_t i = 0; i < kTimers; ++i)
        wheel.arm(i, now + milliseconds(static_cast<std::int64_t>(random() % kSpan)));
    }
    std::size_t fired = 0;
    for (std::int64_t ms = 0; ms <= kSpan; ++ms) {
      now = now + milliseconds(1);
      while (wheel.next_wake() <= now)
        fired += wheel.advance(now, 2048, [](std::uint32_t) {});
    }
    must(fired == kTimers, "a timer did not fire");
    return std::size_t{kTimers};
  });
}

Part policy_evaluations() {
  const session::Policy policy;
  const MonoNs now{1'000'000'000'000};
  return measure("policy_evaluations", [&] {
    constexpr std::size_t kCount = 10'000'000;
    std::size_t denied = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const session::SwitchVerdict verdict =
          session::may_switch(policy, {.now = now,
                                       .attempts_last_minute = static_cast<unsigned>(i % 61),
                                       .commits_last_minute = static_cast<unsigned>(i % 9),
                                       .last_commit = now - seconds(2),
                                       .family = IpFamily::kV4});
      const Reason reason = session::judge_reattach({.now = now,
                                                     .session_exists = true,
                                                     .state = State::kAttached,
                                                     .proof_ok = true,
                                                     .fresh = true,
                                                     .binding_version = 1,
                                                     .current_binding_version = 1,
                                                     .switching = verdict,
                                                     .candidate_allowed = true});
      denied += reason != Reason::kNone ? 1 : 0;
    }
    must(denied > kCount / 10 && denied < kCount / 2, "policy was not asked");
    return kCount;
  });
}

audit::Event event_of(std::size_t i) {
  audit::Event event;
  event.mono = MonoNs{i};
  event.type = EventType::kSessionStateChange;
  event.reason = Reason::kReattachSuccess;
  event.state_version = i;
  event.policy_version = 1;
  event.peer = std::string_view("alice");
  event.detail = audit::StateChangeDetail{
      .previous = State::kRecovering, .now = State::kAttached, .trigger = Trigger::kReattachOk};
  return event;
}

/// What an event costs the controller: with a reader, and with a sink so slow that the ring is full.
Part events(std::string name, bool read) {
  audit::EventLog log;
  std::array<audit::Event, 256> batch;
  return measure(std::move(name), [&] {
    constexpr std::size_t kCount = 2'000'000;
    for (std::size_t i = 0; i < kCount; ++i) {
      log.publish(event_of(i));
      if (read && i % batch.size() == 0) must(log.take(batch) > 0, "no event to read");
    }
    must(read == (log.lost() == 0), "events were lost, or none of a full ring");
    return kCount;
  });
}

/// What an event costs the audit thread before it is written.
Part lines() {
  return measure("event_lines", [] {
    constexpr std::size_t kCount = 100'000;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < kCount; ++i)
      bytes += audit::to_json_line(event_of(i), "5", 1'700'000'000'000).size();
    must(bytes > kCount * 100, "empty lines");
    return kCount;
  });
}

}  // namespace

std::vector<Part> measure_parts() {
  return {transitions(),
          timers(),
          policy_evaluations(),
          events("events", true),
          events("events_ring_full", false),
          lines()};
}

}  // namespace jumpgate::bench
