// jumpgated: the gateway. Options -> configuration -> plan -> EAL -> Gateway -> run.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <sodium.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "app/jumpgated/footprint.hpp"
#include "app/jumpgated/gateway.hpp"
#include "app/jumpgated/plan.hpp"
#include "app/memory.hpp"
#include "app/standard_streams.hpp"
#include "config/gateway_config.hpp"
#include "ethdev/eal.hpp"

namespace {

using namespace jumpgate;

// What users and service managers are told by the exit status.
constexpr int kFailed = 1;  // the machine lacks something: the message says what and how to mend it
constexpr int kBadConfig =
    2;  // the configuration or the command line is wrong; nothing was started

spdlog::level::level_enum level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::kError:
      return spdlog::level::err;
    case config::LogLevel::kWarning:
      return spdlog::level::warn;
    case config::LogLevel::kInfo:
      return spdlog::level::info;
    case config::LogLevel::kDebug:
      return spdlog::level::debug;
  }
  return spdlog::level::info;
}

ethdev::EalOptions eal_options(const config::GatewayConfig& config, const app::Plan& plan) {
  ethdev::EalOptions options;
  options.program = "jumpgated";
  options.lcores = plan.placement.lcores();
  options.huge = config.eal.huge;
  options.memory_mib = config.eal.huge ? 0 : config.eal.memory_mib;
  options.pages = plan.pages_needed;
  for (const config::PortConfig& port : config.ports)
    options.pci = options.pci || port.driver == config::PortDriver::kPci;
  options.file_prefix = config.eal.file_prefix;
  options.debug_log = config.log_level == config::LogLevel::kDebug;
  options.extra = config.eal.extra;
  return options;
}

// SIGTERM and SIGINT stop, SIGHUP reloads. All threads inherit the block; one waits.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
      sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    app::outlive_readers();
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() {
    if (!thread_.joinable()) return;
    ending_ = true;
    // The thread waits for this very signal, which is blocked in all others.
    pthread_kill(thread_.native_handle(), SIGTERM);  // NOLINT(bugprone-bad-signal-to-kill-thread)
    thread_.join();
  }

  void serve(app::Gateway& gateway) {
    thread_ = std::thread([this, &gateway] { wait(gateway); });
  }
  [[nodiscard]] const std::atomic<bool>& stop() const { return stop_; }

 private:
  void wait(app::Gateway& gateway) {
    int signal = 0;
    while (!ending_ && sigwait(&set_, &signal) == 0) {
      if (signal == SIGHUP) {
        spdlog::info("reload: {}", gateway.reload());
        continue;
      }
      // Before the sessions are told, which may take a while.
      sd_notify(0, "STOPPING=1");
      stop_ = true;
      return;
    }
  }

  sigset_t set_{};
  std::atomic<bool> stop_{false};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

int serve(std::shared_ptr<const config::GatewayConfig> config, Signals& signals) {
  auto gateway = app::Gateway::create(std::move(config));
  if (!gateway) {
    spdlog::error("{}", gateway.error());
    return kFailed;
  }
  // Workers' keys lie in hugepages; roots, control keys and our own do not.
  if (!app::lock_memory())
    spdlog::warn("memory is not locked (RLIMIT_MEMLOCK): keys may reach swap");
  signals.serve(**gateway);
  (*gateway)->run(signals.stop(), [] {
    spdlog::info("ready");
    sd_notify(0, "READY=1");
  });
  spdlog::info("stopped");
  return 0;
}

std::expected<app::Plan, app::Refusal> plan_here(const config::GatewayConfig& config) {
  const auto machine = app::this_machine();
  if (!machine) return std::unexpected(app::Refusal{.text = machine.error()});
  std::vector<int> nodes(config.ports.size());
  std::ranges::transform(config.ports, nodes.begin(),
                         [](const config::PortConfig& port) { return app::port_node(port); });
  return app::make_plan(config, *machine, std::move(nodes), ethdev::hugepages());
}

enum class Task : std::uint8_t { kServe, kCheck, kPlan, kPlanAsJson };

int start(std::shared_ptr<const config::GatewayConfig> config, const app::Plan& plan) {
  for (const std::string& warning : plan.warnings)
    spdlog::warn("{}", warning);
  // Before any thread is made, so that all inherit the blocked signals.
  Signals signals;
  if (const auto started = ethdev::start_eal(eal_options(*config, plan)); !started) {
    spdlog::error("{}", started.error());
    return kFailed;
  }
  const int status = serve(std::move(config), signals);
  ethdev::stop_eal();
  return status;
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  if (app::output_is_whole()) return 0;
  app::complain("jumpgated", "standard output does not take what is printed");
  return kFailed;
}

int run(const std::string& path, Task task) {
  app::forbid_core_dumps();
  // First of all: without root the key is not even read, and "Permission denied" would not say what mends it.
  if (task == Task::kServe && geteuid() != 0) {
    spdlog::error("jumpgated needs root for its ports and hugepages: sudo jumpgated --config {}",
                  path);
    return kFailed;
  }
  auto loaded = config::load_gateway(path);
  if (!loaded) {
    std::fputs(loaded.error().text().c_str(), stderr);
    return kBadConfig;
  }
  const auto config = std::make_shared<const config::GatewayConfig>(std::move(*loaded));
  spdlog::set_level(level_of(config->log_level));
  std::fputs(config->warnings.text().c_str(), stderr);
  if (task == Task::kCheck) return print(app::to_text(app::footprint(*config)));
  const auto plan = plan_here(*config);
  if (!plan) {
    spdlog::error("{}", plan.error().text);
    return plan.error().configured ? kBadConfig : kFailed;
  }
  const std::string text = task == Task::kPlanAsJson ? app::to_json(*plan, *config)
                           : task == Task::kPlan     ? app::to_text(*plan, *config)
                                                     : app::to_text(plan->memory);
  const int printed = print(text);
  return task == Task::kServe ? start(config, *plan) : printed;
}

}  // namespace

int main(int argc, char** argv) try {
  app::hold_standard_streams();
  spdlog::set_default_logger(spdlog::stderr_logger_mt("jumpgated"));
  spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  CLI::App app{"jumpgated: the jumpgate VPN gateway"};
  std::string path{"/etc/jumpgate/jumpgated.toml"};
  bool check = false;
  bool json = false;
  std::string planned;
  app.add_option("--config", path, "configuration file")->capture_default_str();
  app.add_flag("--check", check,
               "check the configuration, print the memory it takes, and start nothing");
  auto* plan = app.add_option("--plan", planned,
                              "print which cpu does what, ports, memory and warnings, and start "
                              "nothing; FILE instead of --config's")
                   ->expected(0, 1)
                   ->type_name("[FILE]");
  app.add_flag("--json", json, "the plan as JSON")->needs(plan);
  app.set_version_flag("--version", JUMPGATE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadConfig;
  }
  if (sodium_init() < 0) {
    std::fputs("jumpgated: libsodium can not start: no source of randomness\n", stderr);
    return kFailed;
  }
  const Task task = plan->count() != 0 ? (json ? Task::kPlanAsJson : Task::kPlan)
                    : check            ? Task::kCheck
                                       : Task::kServe;
  return run(planned.empty() ? path : planned, task);
} catch (const std::exception& error) {
  std::fprintf(stderr, "jumpgated: %s\n", error.what());
  return kFailed;
}
