#include "data/session_table.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "base/invariant.hpp"
#include "base/secret.hpp"

namespace jumpgate::data {
namespace {

template <typename T>
std::span<T> carve(std::uint8_t*& at, std::size_t count) {
  static_assert(std::is_trivially_destructible_v<T>);
  T* first = reinterpret_cast<T*>(at);
  for (std::size_t i = 0; i < count; ++i)
    ::new (static_cast<void*>(first + i)) T{};
  // Zones and all parts lie on cache lines.
  at += (count * sizeof(T) + 63) & ~std::size_t{63};
  return {first, count};
}

template <typename T>
void reset(T& value) {
  static_assert(std::is_trivially_destructible_v<T>);
  base::wipe(&value, sizeof(T));
  ::new (static_cast<void*>(&value)) T{};
}

bool holds(const SlotRecord& record, ConnectionId cid) {
  return std::ranges::any_of(
      record.jump_ids, [cid](const auto& set) { return std::ranges::find(set, cid) != set.end(); });
}

}  // namespace

std::size_t SessionTable::footprint(std::size_t slots) {
  return slots * (sizeof(SlotIds) + sizeof(SlotBinding) + sizeof(SlotRecord) +
                  limits::kMaxEpochs * sizeof(Epoch)) +
         64;
}

std::expected<SessionTable, std::string> SessionTable::create(unsigned worker, std::uint32_t slots,
                                                              int socket) {
  auto zone =
      bus::Zone::create("jg_sessions" + std::to_string(worker), footprint(slots), socket, true);
  if (!zone) return std::unexpected(zone.error());
  SessionTable table;
  table.zone_ = std::move(*zone);
  auto* at = static_cast<std::uint8_t*>(table.zone_.data());
  table.ids_ = carve<SlotIds>(at, slots);
  table.bindings_ = carve<SlotBinding>(at, slots);
  table.records_ = carve<SlotRecord>(at, slots);
  table.epochs_ = carve<Epoch>(at, slots * limits::kMaxEpochs);
  return table;
}

std::expected<const bus::ControlReceiveKey*, DropReason> SessionTable::find_control(
    std::uint32_t slot, wire::Type type, ConnectionId cid, std::uint8_t phase) {
  const SlotIds& hot = ids_[slot];
  const SlotRecord& record = records_[slot];
  // Jump ids address REATTACH and nothing else (spec/wire.md "Connection ids").
  bool lives = false;
  if (type == wire::Type::kReattach) {
    lives = holds(record, cid);
  } else {
    for (std::size_t i = 0; i < limits::kMaxEpochs; ++i)
      lives = lives || (hot.roles[i] != EpochRole::kFree && hot.cids[i] == cid);
  }
  if (!lives) return std::unexpected(DropReason::kCidUnknown);
  for (std::size_t i = 0; i < record.control.size(); ++i)
    if (record.control_live[i] && (record.control[i].generation & wire::kFlagPhaseMask) == phase)
      return &record.control[i];
  return std::unexpected(DropReason::kEpochUnknown);
}

void SessionTable::publish(std::uint32_t slot) {
  SlotIds& hot = ids_[slot];
  const auto live = epochs(slot);
  for (std::size_t i = 0; i < live.size(); ++i) {
    hot.roles[i] = live[i].role;
    hot.phases[i] = live[i].phase();
    hot.cids[i] = live[i].receive_cid;
    if (live[i].role == EpochRole::kCurrent) hot.current = static_cast<std::uint8_t>(i);
  }
}

void SessionTable::clear(std::uint32_t slot) {
  const std::uint32_t life = ids_[slot].life;
  for (Epoch& epoch : epochs(slot))
    reset(epoch);
  reset(records_[slot]);
  reset(bindings_[slot]);
  reset(ids_[slot]);
  ids_[slot].life = life;
}

}  // namespace jumpgate::data
