#include "bus/session_counters.hpp"

#include <utility>

namespace jumpgate::bus {

std::expected<std::unique_ptr<SessionCounterTable>, std::string> SessionCounterTable::create(
    unsigned worker, std::size_t slots, int socket) {
  auto zone = Zone::create("jg_sessctr" + std::to_string(worker), footprint(slots), socket, false);
  if (!zone) return std::unexpected(zone.error());
  auto table = std::make_unique<SessionCounterTable>();
  table->zone_ = std::move(*zone);
  table->slots_ = table->zone_.objects<SessionCounters>(slots);
  return table;
}

}  // namespace jumpgate::bus
