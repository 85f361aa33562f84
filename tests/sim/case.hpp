/// One world and what happens to it: all that is needed to see a finding again.
///
/// Owner thread: any; a value. Bound: a script's length. Failure: a file that holds no case names its fault.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "script.hpp"

namespace jumpgate::sim {

struct Case {
  std::uint32_t seed{1};
  std::uint8_t policy{0};  // of policy_variant()
  Script script;

  /// The world as it was played, to its end or to its first finding.
  [[nodiscard]] std::unique_ptr<World> play() const;
  bool operator==(const Case&) const = default;
};

/// JSON, a line for each action; `sim --case FILE` plays it again.
std::string to_json(const Case& one);
std::expected<Case, std::string> read_case(const std::string& path);

}  // namespace jumpgate::sim
