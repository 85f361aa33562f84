// The session engine at scale: ./run bench engine. One controller, a million sessions, one thread.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <malloc.h>
#include <nlohmann/json.hpp>
#include <sodium/core.h>
#include <unistd.h>

#include "parts.hpp"
#include "stage.hpp"

namespace jumpgate::bench {
namespace {

struct Options {
  std::uint32_t sessions{1'000'000};
  std::string commit{"unknown"};
  std::string output;
};

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

session::Policy policy_of_the_day() {
  session::Policy policy;
  // Clients of this benchmark do not rekey: that is X25519's work, in other threads.
  policy.keys.rekey_after = seconds(3000);
  policy.keys.reject_after = seconds(3600);
  policy.session.transport_lost_ttl = seconds(60);
  return policy;
}

class Program {
 public:
  explicit Program(const Options& options)
      : options_(options), stage_(options.sessions, policy_of_the_day()) {}

  int run() {
    fmt::print("{:<22} {:>9} {:>9} {:>10} {:>10} {:>10} {:>9} {:>9}\n", "phase", "done", "seconds",
               "per s", "us each", "worst ms", "p99.9 ms", "heap MiB");
    create();
    unrest();
    storm();
    as_fast_as_possible();
    strict_policy();
    mass_expiry();
    for (const Part& part : measure_parts()) {
      fmt::print("{:<22} {:>12.0f} a second {:>10.1f} ns each\n", part.name, part.per_second,
                 part.nanoseconds);
      json_["parts"].push_back(
          {{"name", part.name}, {"per_second", part.per_second}, {"ns", part.nanoseconds}});
    }
    return write();
  }

 private:
  [[nodiscard]] ctl::Controller& controller() { return stage_.controller(); }
  [[nodiscard]] std::uint64_t counter(ctl::ControllerCounter which) {
    return controller().counters().get(which);
  }

  void report(const std::string& name, std::uint64_t done, Phase phase) {
    const double elapsed = static_cast<double>(phase.elapsed.ns) / 1e9;
    const double busy = static_cast<double>(phase.ticks.busy().ns) / 1e9;
    const double each = busy * 1e6 / static_cast<double>(done);
    const double worst = static_cast<double>(phase.ticks.worst().us()) / 1e3;
    const double p999 = static_cast<double>(phase.ticks.p999().us()) / 1e3;
    const double rate = static_cast<double>(done) / elapsed;
    const std::size_t heap = mallinfo2().uordblks + mallinfo2().hblkhd;
    fmt::print("{:<22} {:>9} {:>9.2f} {:>10.0f} {:>10.2f} {:>10.3f} {:>9.3f} {:>9}{}\n", name, done,
               elapsed, rate, each, worst, p999, heap >> 20, phase.ended ? "" : "   NOT ENDED");
    std::fflush(stdout);
    json_["phases"].push_back({{"name", name},
                               {"done", done},
                               {"ended", phase.ended},
                               {"seconds", elapsed},
                               {"busy_seconds", busy},
                               {"per_second", rate},
                               {"us_each", each},
                               {"ticks", phase.ticks.count()},
                               {"worst_tick_ms", worst},
                               {"p999_tick_ms", p999},
                               {"events", phase.events},
                               {"steps_without_command", phase.without_command},
                               {"heap_bytes", heap},
                               {"resident_bytes", resident_bytes()}});
    all_ended_ = all_ended_ && phase.ended;
    worst_ = std::max(worst_, worst);
  }

  void create() {
    // A job is polled twice, and no more wait than those below the depth at which a cookie is asked for.
    const Arrivals hellos{
        .count = options_.sessions, .over = {}, .at_once = 30, .make = [this](std::uint64_t i) {
          return stage_.clients().hello(static_cast<std::uint32_t>(i));
        }};
    Phase phase =
        stage_.run(hellos, [this] { return attached() == options_.sessions; }, seconds(300));
    report("creation", attached(), std::move(phase));
  }

  /// Heartbeats themselves never reach the controller; what they tell does. Five of a thousand paths fall silent each
  /// second and are heard again four seconds later; each is then proved anew in place.
  void unrest() {
    const std::uint64_t each_second = options_.sessions / 200;
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
    Phase phase =
        stage_.run(edges, [this] { return attached() == options_.sessions; }, seconds(60));
    report("unrest: transitions", counter(ctl::ControllerCounter::kTransitions) - before,
           std::move(phase));
  }

  void jumps(const std::string& name, std::uint32_t first, Duration over) {
    const std::uint32_t half = options_.sessions / 2;
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
    report(name, stage_.clients().acknowledged() - before, std::move(phase));
  }
  void storm() { jumps("storm, half in 10 s", options_.sessions / 2, seconds(10)); }
  void as_fast_as_possible() { jumps("jumps, all at once", 0, {}); }

  void strict_policy() {
    session::Policy next = controller().policies().base;
    next.volatility.heartbeat_interval = milliseconds(400);
    apply(next);
    Phase phase = stage_.run({}, [this] { return !controller().policy_sweeping(); }, seconds(120));
    report("strict policy", options_.sessions, std::move(phase));
  }

  void mass_expiry() {
    session::Policy next = controller().policies().base;
    next.session.max_lifetime = seconds(60);
    next.session.transport_lost_ttl = seconds(60);
    apply(next);
    const std::uint32_t before = controller().session_count();
    Phase phase =
        stage_.run({}, [this] { return controller().session_count() == 0; }, seconds(240));
    report("mass expiry, 60 s", before - controller().session_count(), std::move(phase));
  }

  void apply(const session::Policy& next) {
    const Duration began = cpu_time();
    const auto applied = controller().apply_policy({.base = next}, "benchmark",
                                                   ctl::PolicyApplication::kStrict, stage_.now());
    if (!applied) fmt::print(stderr, "engine: {}\n", applied.error());
    fmt::print("{:<22} {:>9} us to apply it\n", "", (cpu_time() - began).us());
  }

  [[nodiscard]] std::uint64_t attached() { return controller().views().attached(); }

  int write() {
    json_["sessions"] = options_.sessions;
    json_["commit"] = options_.commit;
    json_["worst_tick_ms"] = worst_;
    json_["session_bytes"] = ctl::SessionStore::footprint(1, 1'000'000) / 1'000'000;
    if (!options_.output.empty()) {
      std::ofstream out(options_.output);
      out << json_.dump(1) << '\n';
      if (!out) {
        fmt::print(stderr, "engine: can not write {}\n", options_.output);
        return 1;
      }
    }
    if (all_ended_) return 0;
    fmt::print(stderr, "engine: a phase did not end\n");
    return 1;
  }

  const Options& options_;
  Stage stage_;
  nlohmann::ordered_json json_;
  bool all_ended_{true};
  double worst_{0};
};

/// False: something else stands there.
bool read_options(std::span<char*> arguments, Options& options) {
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const std::string_view name = arguments[i];
    if (i + 1 == arguments.size()) return false;
    const char* value = arguments[i + 1];
    if (name == "--sessions") {
      options.sessions = static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10));
    } else if (name == "--commit") {
      options.commit = value;
    } else if (name == "--output") {
      options.output = value;
    } else {
      return false;
    }
  }
  return options.sessions >= 1'000 && options.sessions <= 1'000'000;
}

}  // namespace
}  // namespace jumpgate::bench

int main(int argc, char** argv) {
  jumpgate::bench::Options options;
  if (!jumpgate::bench::read_options(std::span(argv, static_cast<std::size_t>(argc)), options)) {
    std::fputs("usage: engine [--sessions 1000..1000000] [--commit TEXT] [--output FILE]\n",
               stderr);
    return 2;
  }
  if (sodium_init() < 0) return 1;
  return jumpgate::bench::Program(options).run();
}
