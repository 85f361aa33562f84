// jumpgen: options -> peers' file, or rig -> sessions -> trials -> report.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sodium.h>

#include "tools/jumpgen/peers_file.hpp"
#include "tools/jumpgen/rate_search.hpp"
#include "tools/jumpgen/report.hpp"
#include "tools/jumpgen/rig.hpp"

namespace {

using namespace jumpgate;
using namespace jumpgate::jumpgen;

volatile std::sig_atomic_t stopping = 0;

int fail(const std::string& what) {
  fmt::print(stderr, "jumpgen: {}\n", what);
  return kFailed;
}

int write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  return file ? kDone : fail(fmt::format("cannot write {}", path));
}

int write_peers(const Options& options) {
  const auto plan = ClientPlan::make(options.plan);
  if (!plan) return fail(plan.error());
  const std::string text = peer_tables(*plan);
  if (!options.peers_file.empty()) return write_file(options.peers_file, text);
  std::cout << text;
  return kDone;
}

// HELLO counters rise from one run to the next, since the wall clock does.
std::uint64_t hello_base() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

void search(Player& player, const Options& options, Report& report) {
  RateSearch rates(options.highest, options.step);
  for (auto rate = rates.next(); rate && stopping == 0; rate = rates.next()) {
    Load load = options.load;
    load.rate = *rate;
    report.trials.push_back(player.run(load, options.sizes));
    const TrialResult& trial = report.trials.back();
    const bool passed = trial.lost() == 0 && trial.kept_up();
    if (passed) report.best_trial = report.trials.size() - 1;
    rates.report(*rate, passed);
  }
  report.no_drop_rate = rates.best();
}

int measure(const Options& options) {
  auto rig = Rig::open(options, hello_base());
  if (!rig) return fail(rig.error());
  Player player = (*rig)->player([] { return stopping != 0; });
  Report report;
  report.size = options.size;
  report.suite = to_string(options.suite);
  report.opening = player.open(options.open_rate);
  if (!report.opening.gateway_answers)
    return fail("the gateway does not answer ARP on both links: are its ports the other ends?");
  if (report.opening.attached < report.opening.wanted)
    return fail(
        fmt::format("{} of {} sessions attached; do the gateway's peers come from the same "
                    "`jumpgen peers`, and are its limits large enough?",
                    report.opening.attached, report.opening.wanted));
  report.attach_time = (*rig)->ground().attach_time;
  if (options.command == Command::kSearch) {
    search(player, options, report);
  } else {
    report.trials.push_back(player.run(options.load, options.sizes));
  }
  player.close();
  report.drops = (*rig)->swarm().drops();
  report.misdirected = (*rig)->swarm().misdirected();
  report.refused = (*rig)->refused();
  fmt::print("{}", to_text(report));
  return options.json_file.empty() ? kDone
                                   : write_file(options.json_file, to_json(report).dump(2) + "\n");
}

}  // namespace

int main(int argc, char** argv) try {
  if (sodium_init() < 0) return fail("libsodium can not start: no source of randomness");
  const auto options = parse(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
  if (!options) return options.error();
  if (options->command == Command::kPeers) return write_peers(*options);
  for (const int signal : {SIGINT, SIGTERM})
    std::signal(signal, [](int) { stopping = 1; });
  return measure(*options);
} catch (const std::exception& fault) {
  return fail(fault.what());
}
