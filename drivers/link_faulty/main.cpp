// link_faulty: a bad wire between two interfaces of one network namespace. A tool of tests and of
// the demo.
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sys/types.h>
#include <unistd.h>

#include "link_faulty/control.hpp"
#include "link_faulty/relay.hpp"

namespace {

using namespace jumpgate;
using namespace jumpgate::link_faulty;

// One option a fault; the key is the one of the control socket.
struct FaultOption {
  const char* flag;
  const char* key;
  const char* help;
};
constexpr FaultOption kFaultOptions[] = {
    {"delay", "delay_ms", "one-way delay, ms"},
    {"jitter", "jitter_ms", "uniform jitter around the delay, +- ms; keeps the order"},
    {"loss", "loss", "probability of loss, 0..1"},
    {"duplicate", "duplicate", "probability that a frame arrives twice, 0..1"},
    {"reorder", "reorder", "probability that a frame is held back, 0..1"},
    {"reorder-ms", "reorder_ms", "how long it is held back, ms (10)"},
    {"rate", "rate_mbit", "rate limit, Mbit/s (0: none)"},
    {"rate-queue", "rate_queue_ms", "longest wait for the rate limit, ms (200)"},
};

using Values = std::map<std::string, double>;

void add_fault_options(CLI::App& app, const std::string& prefix, const std::string& where,
                       Values& values) {
  for (const FaultOption& option : kFaultOptions) {
    app.add_option_function<double>(
        "--" + prefix + option.flag,
        [&values, key = option.key](double value) { values[key] = value; },
        std::string(option.help) + where);
  }
}

std::string request(const std::string& direction, const Values& values) {
  nlohmann::json out{{"direction", direction}};
  for (const auto& [key, value] : values) {
    out[key] = value;
  }
  return out.dump();
}

// The rules for settings stand in one place, the control requests: the command line is three of
// them.
bool apply(const std::string& direction, const Values& values, Direction& ab, Direction& ba) {
  const std::string answer = handle_request(request(direction, values), ab, ba);
  if (nlohmann::json::parse(answer).at("ok").get<bool>()) {
    return true;
  }
  std::fprintf(stderr, "link_faulty: %s\n", answer.c_str());
  return false;
}

int fail(const std::string& error) {
  std::fprintf(stderr, "link_faulty: %s\n", error.c_str());
  return 1;
}

struct RunOptions {
  std::string a;
  std::string b;
  std::string control;
  std::uint64_t seed{1};
  // 16384 full-size frames are 600 ms at 300 Mbit/s, in 32 MiB a direction.
  std::size_t capacity{16384};
  std::size_t frame_bytes{2048};
  Values both;
  Values ab;
  Values ba;
};

int run(const RunOptions& options) {
  Direction ab({}, options.seed, options.capacity, options.frame_bytes);
  // The two directions draw from different sequences, else they would lose the same frames.
  Direction ba({}, options.seed + 0x9e3779b97f4a7c15U, options.capacity, options.frame_bytes);
  if (!apply("both", options.both, ab, ba) || !apply("ab", options.ab, ab, ba) ||
      !apply("ba", options.ba, ab, ba)) {
    return 2;
  }
  auto a = PacketSocket::open(options.a, options.frame_bytes);
  if (!a) {
    return fail(a.error());
  }
  auto b = PacketSocket::open(options.b, options.frame_bytes);
  if (!b) {
    return fail(b.error());
  }
  int control_fd = -1;
  if (!options.control.empty()) {
    const auto opened = open_control(options.control);
    if (!opened) {
      return fail(opened.error());
    }
    control_fd = *opened;
  }
  std::printf("ready\n");
  std::fflush(stdout);
  const auto end = Relay(*a, *b, ab, ba, control_fd).run();
  if (control_fd >= 0) {
    ::close(control_fd);
    ::unlink(options.control.c_str());
  }
  std::printf("%s\n", counters_json(ab, ba).c_str());
  return end ? 0 : fail(end.error());
}

int set(const std::string& control, const std::string& direction, const Values& values) {
  const auto answer = ask(control, request(direction, values));
  if (!answer) {
    return fail(answer.error());
  }
  std::printf("%s\n", answer->c_str());
  return nlohmann::json::parse(*answer).at("ok").get<bool>() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"A link with faults between two interfaces of this network namespace"};
  app.require_subcommand(1);

  RunOptions options;
  CLI::App* run_command =
      app.add_subcommand("run", "relay frames between interfaces A and B until SIGTERM");
  run_command->add_option("a", options.a, "interface A")->required();
  run_command->add_option("b", options.b, "interface B")->required();
  run_command->add_option("--seed", options.seed, "the same seed makes the same faults")
      ->capture_default_str();
  run_command->add_option("--control", options.control, "path of the control socket (none)");
  run_command->add_option("--queue", options.capacity, "frames on their way in each direction")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  run_command->add_option("--frame-bytes", options.frame_bytes, "longest frame")
      ->check(CLI::Range(64, 65536))
      ->capture_default_str();
  add_fault_options(*run_command, "", ", both ways", options.both);
  add_fault_options(*run_command, "ab-", ", from A to B", options.ab);
  add_fault_options(*run_command, "ba-", ", from B to A", options.ba);

  std::string control;
  std::string direction{"both"};
  Values values;
  CLI::App* set_command =
      app.add_subcommand("set", "change a running link; prints its counters as JSON");
  set_command->add_option("--control", control, "path of the control socket")->required();
  set_command->add_option("--direction", direction, "ab, ba or both")->capture_default_str();
  add_fault_options(*set_command, "", "", values);

  CLI::App* stats_command =
      app.add_subcommand("stats", "print the counters of a running link as JSON");
  stats_command->add_option("--control", control, "path of the control socket")->required();

  CLI11_PARSE(app, argc, argv);
  return run_command->parsed() ? run(options) : set(control, direction, values);
} catch (const std::exception& error) {
  std::fprintf(stderr, "link_faulty: %s\n", error.what());
  return 1;
}
