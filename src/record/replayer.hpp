/// A recording played to the same core that was recorded: it must do the same again, byte for byte.
///
/// Owner thread: one. Bound: the tables that the recorded settings ask for, one record at a time.
/// Failure: the first difference, or what is wrong with the file, is named with its record.
/// Secrets that the gateway had are zero here, since none is recorded: what is sealed with them is
/// not compared, what is decided is.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>

#include "record/entries.hpp"

namespace jumpgate::record {

struct Replayed {
  std::uint64_t inputs{0};
  std::uint64_t exchanges{0};  // with the ports, all of them as recorded
  std::uint64_t events{0};     // of these
  std::uint64_t sessions{0};   // alive at the end
  bool whole{false};           // the recorder ended it; else its program ended without a word
};

struct ReplayFault {
  enum class Kind : std::uint8_t {
    kFile,        // no whole recording of this version
    kDifference,  // the core does something else
  };
  Kind kind{};
  std::string text;
};

/// `event` gets each line that the core publishes again, unnumbered, without wall clock.
[[nodiscard]] std::expected<Replayed, ReplayFault> replay(
    const std::string& path, const std::function<void(std::string_view)>& event);

}  // namespace jumpgate::record
