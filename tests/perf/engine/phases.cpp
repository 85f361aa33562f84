#include "phases.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace jumpgate::bench {
namespace {

constexpr Duration kShortLifetime = seconds(60);

}  // namespace

session::Policy policy_of_the_day() {
  session::Policy policy;
  policy.keys.rekey_after = seconds(3000);
  policy.keys.reject_after = seconds(3600);
  policy.session.transport_lost_ttl = seconds(60);
  return policy;
}

Phase Phases::create() {
  // A job is polled twice, and no more wait than those below the depth at which a cookie is asked for.
  const Arrivals hellos{
      .count = sessions_, .over = {}, .at_once = 30, .make = [this](std::uint64_t i) {
        return stage_.clients().hello(static_cast<std::uint32_t>(i));
      }};
  Phase phase = stage_.run(hellos, [this] { return all_attached(); }, seconds(300));
  phase.done = controller().views().attached();
  return phase;
}

Phase Phases::unrest() {
  const std::uint64_t each_second = sessions_ / 200;
  const std::uint64_t lag = 4 * each_second;
  const std::uint64_t paths = 10 * each_second;
  const auto edge = [this](std::uint64_t client, bus::ReportKind kind) {
    const auto index = static_cast<std::uint32_t>(client);
    const ctl::Session* session = controller().find(stage_.clients().session(index));
    return stage_.clients().edge(index, kind, session->binding->gateway_cid);
  };
  std::uint64_t silent = 0;
  std::uint64_t heard = 0;
  const Arrivals edges{.count = 2 * paths, .over = seconds(14), .make = [&](std::uint64_t i) {
                         const bool falls = i < lag || (i % 2 == 0 && silent < paths);
                         return falls ? edge(silent++, bus::ReportKind::kSilence)
                                      : edge(heard++, bus::ReportKind::kAlive);
                       }};
  const std::uint64_t before = counter(ctl::ControllerCounter::kTransitions);
  Phase phase = stage_.run(edges, [this] { return all_attached(); }, seconds(60));
  phase.done = counter(ctl::ControllerCounter::kTransitions) - before;
  return phase;
}

Phase Phases::jumps(std::uint32_t first, Duration over) {
  const std::uint32_t half = sessions_ / 2;
  const std::uint64_t before = stage_.clients().acknowledged();
  const Arrivals reattaches{
      .count = half, .over = over, .at_once = 32, .make = [&](std::uint64_t i) {
        return stage_.clients().reattach(first + static_cast<std::uint32_t>(i));
      }};
  // A REATTACH that finds no command free gets no answer, and its client would repeat it: with all at once a few do.
  const auto done = [&] {
    return over == Duration{} || stage_.clients().acknowledged() - before >= half;
  };
  Phase phase = stage_.run(reattaches, done, seconds(120));
  phase.done = stage_.clients().acknowledged() - before;
  return phase;
}

Phase Phases::storm() {
  return jumps(sessions_ / 2, seconds(10));
}

Phase Phases::jumps_at_once() {
  return jumps(0, {});
}

Phase Phases::rekey_storm() {
  const std::uint32_t half = sessions_ / 2;
  const std::uint64_t before = counter(ctl::ControllerCounter::kRekeys);
  const Arrivals wishes{
      .count = half, .over = seconds(10), .at_once = 32, .make = [this](std::uint64_t i) {
        return stage_.clients().rekey_asked(static_cast<std::uint32_t>(i));
      }};
  const auto done = [&] { return counter(ctl::ControllerCounter::kRekeys) - before; };
  Phase phase = stage_.run(wishes, [&] { return done() >= half; }, seconds(120));
  phase.done = done();
  return phase;
}

Phase Phases::link_flaps() {
  const std::uint64_t before = counter(ctl::ControllerCounter::kTransitions);
  controller().on_link(0, false);
  Phase phase =
      stage_.run({}, [this] { return controller().views().attached() == 0; }, seconds(20));
  controller().on_link(0, true);
  phase.add(stage_.run({}, [this] { return all_attached(); }, seconds(60)));
  phase.done = counter(ctl::ControllerCounter::kTransitions) - before;
  return phase;
}

Phase Phases::strict_policy() {
  session::Policy next = controller().policies().base;
  next.volatility.heartbeat_interval = milliseconds(400);
  apply(next);
  const std::uint64_t before = counter(ctl::ControllerCounter::kPolicySweeps);
  Phase phase = stage_.run({}, [this] { return !controller().policy_sweeping(); }, seconds(120));
  phase.done = counter(ctl::ControllerCounter::kPolicySweeps) - before;
  return phase;
}

Phase Phases::reload_unchanged() {
  return reload(stage_.config(sessions_, false), [] { return true; });
}

Phase Phases::reload_changed() {
  return reload(stage_.config(sessions_, true), [] { return true; });
}

Phase Phases::reload_removed() {
  return reload(stage_.config(0, false), [this] { return controller().session_count() == 0; });
}

Phase Phases::reload(std::shared_ptr<const config::GatewayConfig> next,
                     const std::function<bool()>& done) {
  const std::size_t peers = std::max(controller().config().peers.size(), next->peers.size());
  const auto basis = controller().begin_reload(stage_.now());
  auto plan = controller().plan_reload(basis.value(), std::move(next));
  bool applied = false;
  stage_.post([&] { applied = controller().reload(plan.value(), stage_.now()).has_value(); });
  Phase phase = stage_.run({}, [&] { return applied && done(); }, seconds(120));
  phase.done = peers;
  return phase;
}

void Phases::shorten_lifetimes() {
  session::Policy next = controller().policies().base;
  next.session.max_lifetime = kShortLifetime;
  next.session.transport_lost_ttl = kShortLifetime;
  apply(next);
}

Phase Phases::mass_expiry() {
  shorten_lifetimes();
  return all_end(seconds(240));
}

Phase Phases::late_expiry() {
  shorten_lifetimes();
  Phase phase = stage_.run({}, [this] { return !controller().policy_sweeping(); }, seconds(30));
  stage_.pass(kShortLifetime);
  const Phase end = all_end(seconds(30));
  phase.add(end);
  phase.done = end.done;
  return phase;
}

Phase Phases::stop() {
  controller().begin_stop();
  return all_end(seconds(60));
}

Phase Phases::all_end(Duration limit) {
  const std::uint32_t before = controller().session_count();
  Phase phase = stage_.run({}, [this] { return controller().session_count() == 0; }, limit);
  phase.done = before - controller().session_count();
  return phase;
}

void Phases::apply(const session::Policy& next) {
  const auto applied = controller().apply_policy({.base = next}, "benchmark",
                                                 ctl::PolicyApplication::kStrict, stage_.now());
  if (!applied) std::fprintf(stderr, "engine: %s\n", applied.error().c_str());
}

}  // namespace jumpgate::bench
