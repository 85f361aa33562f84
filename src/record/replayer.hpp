/// A recording played to the same core that was recorded: it must do the same again, byte for byte.
///
/// Owner thread: one. Bound: the tables that the recorded settings ask for, one record at a time.
/// Failure: the first difference, or what is wrong with the file, is named with its record. Inputs
/// that no gateway gets and answers that no port gives are the file's: the core is spared them.
/// Secrets that the gateway had are zero here, since none is recorded: what is sealed with them is
/// not compared, what is decided is.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "record/replayed.hpp"

namespace jumpgate::record {

/// `event` gets each line that the core publishes again, unnumbered, without wall clock.
[[nodiscard]] std::expected<Replayed, ReplayFault> replay(
    const std::string& path, const std::function<void(std::string_view)>& event);

}  // namespace jumpgate::record
