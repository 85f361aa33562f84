/// How much the log says; one scale for gateway and client.
#pragma once

#include <cstdint>

namespace jumpgate::config {

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

}  // namespace jumpgate::config
