// The Linux client's command line.
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <sodium/core.h>
#include <unistd.h>

#include "app/jump/daemon.hpp"
#include "app/jump/key_commands.hpp"
#include "app/jump/program.hpp"
#include "app/jump/remote.hpp"
#include "app/memory.hpp"
#include "app/standard_streams.hpp"
#include "config/client_config.hpp"

namespace {

using namespace jumpgate;

struct Options {
  jump::Target target;
  std::string uplink;
  bool daemon{false};
  bool json{false};
};

int bring_up(const Options& options) {
  app::outlive_readers();
  (void)app::lock_memory();  // the program says so when it can not
  auto config = config::load_client(jump::config_path(options.target.name));
  if (!config) {
    std::fputs(config.error().text().c_str(), stderr);
    if (::geteuid() != 0) app::complain("jump", "jump up needs root");
    return jump::kExitBadConfig;
  }
  if (!options.target.socket.empty()) config->control_socket = options.target.socket;
  if (options.daemon) {
    return jump::run_as_daemon([&config](const jump::Announce& announce) {
      return jump::Program(std::move(*config), announce).run();
    });
  }
  return jump::Program(std::move(*config),
                       [](bool up, const std::string& line) {
                         if (!up) return app::complain("jump", line);
                         // Nobody who reads it is no reason to end.
                         std::fprintf(stdout, "%s\n", line.c_str());
                         std::fflush(stdout);
                       })
      .run();
}

void add_target(CLI::App& command, Options& options) {
  command.add_option("name", options.target.name,
                     "the tunnel's name or its configuration file; not needed when one is up");
  command.add_option("--socket", options.target.socket, "its control socket");
}

int run(int argc, char** argv) {
  CLI::App app{"jump: a VPN client whose session outlives its transport", "jump"};
  app.set_version_flag("--version", JUMPGATE_VERSION);
  app.require_subcommand(1);
  Options options;

  auto* up = app.add_subcommand("up", "make the tunnel and keep it up (needs root)");
  up->add_option("name", options.target.name,
                 "a configuration file, or NAME for /etc/jumpgate/NAME.toml")
      ->required();
  up->add_flag("--daemon", options.daemon, "return when the tunnel is up, go on in the background");
  up->add_option("--socket", options.target.socket,
                 "the control socket, in place of the configured");

  auto* down = app.add_subcommand("down", "end a tunnel");
  add_target(*down, options);

  auto* status = app.add_subcommand("status", "show a tunnel's state");
  add_target(*status, options);
  status->add_flag("--json", options.json, "as JSON");

  auto* to = app.add_subcommand("to", "move to another uplink, losing nothing");
  to->add_option("uplink", options.uplink, "the uplink's name")->required();
  add_target(*to, options);

  auto* genkey = app.add_subcommand("genkey", "write a new private key to standard output");
  app.add_subcommand("pubkey", "read a private key, write its public key");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? jump::kExitOk : jump::kExitBadConfig;
  }
  if (sodium_init() < 0) {
    app::complain("jump", "libsodium does not start");
    return jump::kExitFailed;
  }
  if (up->parsed()) return bring_up(options);
  const int done = down->parsed()     ? jump::take_down(options.target)
                   : status->parsed() ? jump::show_status(options.target, options.json)
                   : to->parsed()     ? jump::move_to(options.target, options.uplink)
                   : genkey->parsed() ? jump::generate_key()
                                      : jump::public_key();
  if (app::output_is_whole()) return done;
  app::complain("jump", "standard output does not take what is printed");
  return jump::kExitFailed;
}

}  // namespace

int main(int argc, char** argv) {
  app::hold_standard_streams();
  app::forbid_core_dumps();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    app::complain("jump", error.what());
    return jump::kExitFailed;
  }
}
