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
#include "phases.hpp"

namespace jumpgate::bench {
namespace {

/// No tick is to hold up the controller for longer. A figure of a shared machine, so a miss is said
/// and fails nothing; what fails is a count (work_test.cpp).
constexpr double kBoundMs = 10;

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

class Program {
 public:
  explicit Program(const Options& options)
      : options_(options),
        stage_(options.sessions, policy_of_the_day()),
        phases_(stage_, options.sessions) {}

  int run() {
    fmt::print("{:<26} {:>9} {:>9} {:>10} {:>10} {:>10} {:>9} {:>9} {:>9}  {}\n", "phase", "done",
               "seconds", "per s", "us each", "worst ms", "p99.9 ms", "looks", "heap MiB",
               fmt::format("within {} ms", kBoundMs));
    report("creation", phases_.create());
    report("unrest: transitions", phases_.unrest());
    report("storm, half in 10 s", phases_.storm());
    report("jumps, all at once", phases_.jumps_at_once());
    report("rekey storm, half in 10 s", phases_.rekey_storm());
    report("link flap", phases_.link_flaps());
    report("reload, none changed", phases_.reload_unchanged());
    report("reload, all changed", phases_.reload_changed());
    report("strict policy", phases_.strict_policy());
    report("mass expiry, 60 s", phases_.mass_expiry());
    for (const Part& part : measure_parts()) {
      fmt::print("{:<26} {:>12.0f} a second {:>10.1f} ns each\n", part.name, part.per_second,
                 part.nanoseconds);
      json_["parts"].push_back(
          {{"name", part.name}, {"per_second", part.per_second}, {"ns", part.nanoseconds}});
    }
    return write();
  }

 private:
  void report(const std::string& name, Phase phase) {
    const std::uint64_t done = phase.done;
    const double elapsed = static_cast<double>(phase.elapsed.ns) / 1e9;
    const double busy = static_cast<double>(phase.ticks.busy().ns) / 1e9;
    const double each = busy * 1e6 / static_cast<double>(done);
    const double worst = static_cast<double>(phase.ticks.worst().us()) / 1e3;
    const double p999 = static_cast<double>(phase.ticks.p999().us()) / 1e3;
    const double rate = static_cast<double>(done) / elapsed;
    const std::size_t heap = mallinfo2().uordblks + mallinfo2().hblkhd;
    fmt::print("{:<26} {:>9} {:>9.2f} {:>10.0f} {:>10.2f} {:>10.3f} {:>9.3f} {:>9} {:>9}  {}{}\n",
               name, done, elapsed, rate, each, worst, p999, phase.most.looks, heap >> 20,
               worst <= kBoundMs ? "yes" : "NO", phase.ended ? "" : "   NOT ENDED");
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
                               {"bound_ms", kBoundMs},
                               {"within_bound", worst <= kBoundMs},
                               {"p999_tick_ms", p999},
                               {"most_work_in_a_tick",
                                {{"looks_at_sessions", phase.most.looks},
                                 {"looks_at_peers", phase.most.peers},
                                 {"commands", phase.most.commands},
                                 {"datagrams", phase.most.datagrams},
                                 {"events", phase.most.events}}},
                               {"events", phase.events},
                               {"steps_without_command", phase.without_command},
                               {"heap_bytes", heap},
                               {"resident_bytes", resident_bytes()}});
    all_ended_ = all_ended_ && phase.ended;
    worst_ = std::max(worst_, worst);
  }

  int write() {
    json_["sessions"] = options_.sessions;
    json_["commit"] = options_.commit;
    json_["worst_tick_ms"] = worst_;
    json_["bound_ms"] = kBoundMs;
    json_["within_bound"] = worst_ <= kBoundMs;
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
  Phases phases_;
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
