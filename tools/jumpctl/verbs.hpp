/// What the verbs share: the options of the command line, and where answers and complaints go.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/error.hpp"
#include "tools/jumpctl/jumpctl.hpp"

namespace jumpgate::jumpctl {

struct Options {
  std::string socket{kDefaultSocket};
  bool json{false};
  bool follow{false};
  bool grace{false};
  bool events{false};
  std::uint64_t count{0};     // events to show, 0: until the end
  std::uint64_t packets{20};  // of a trace
  std::uint64_t seconds{10};  // that it lasts
  std::string target;         // a session, a policy document or a recording
  std::optional<std::uint32_t> worker;
  std::vector<std::string> files;  // event logs, oldest first
};

struct Output {
  std::ostream& out;
  std::ostream& err;
};

/// Says it, and what to do; returns the exit status.
int fail(const Output& output, const api::Error& error);

/// JSON for people and programs alike: indented, one newline at the end.
[[nodiscard]] std::string to_text(const nlohmann::json& json);

}  // namespace jumpgate::jumpctl
