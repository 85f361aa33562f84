/// `jump status|down|to`: calls to a running `jump up` over its control socket.
///
/// Owner thread: main. Bound: one call. Failure: one line on stderr, exit status 1.
#pragma once

#include <string>

namespace jumpgate::jump {

/// Where the running program listens: `socket` if given, else by the tunnel's name (a bare name, or
/// a configuration file), else the only one that runs.
struct Target {
  std::string name;
  std::string socket;
};

[[nodiscard]] int show_status(const Target& target, bool json);
[[nodiscard]] int take_down(const Target& target);
[[nodiscard]] int move_to(const Target& target, const std::string& uplink);

/// NAME -> /etc/jumpgate/NAME.toml; anything with a slash or ending in .toml is a path already.
[[nodiscard]] std::string config_path(const std::string& name_or_file);

}  // namespace jumpgate::jump
