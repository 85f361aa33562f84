/// The sessions of one worker: an array of slots that a connection id indexes.
///
/// Purpose: what each packet needs to find its keys lies in one cache line a slot (SlotIds), what
/// only the chosen direction needs beside it, what timers and commands need apart.
/// Owner thread: the worker reads and writes everything here; the controller reaches it by
/// commands. Bound: `slots` records, taken once, in locked memory since they hold keys. Failure: an
/// id that names nothing is a drop reason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include <rte_common.h>
#include <rte_prefetch.h>

#include <jumpgate/drops.hpp>
#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "base/rtt_estimator.hpp"
#include "bus/messages.hpp"
#include "bus/zone.hpp"
#include "data/epoch.hpp"
#include "data/held_packets.hpp"
#include "data/outer_template.hpp"
#include "net/topology.hpp"
#include "session/liveness.hpp"
#include "session/path_mtu.hpp"
#include "session/path_quality.hpp"

namespace jumpgate::data {

enum class SlotState : std::uint8_t {
  kFree,
  kBirth,     // control messages only, nothing is sent
  kBound,     // has a binding: data both ways
  kDraining,  // superseded: DATA is still taken, nothing is sent
  kStopped,   // found inconsistent: nothing any more, waits for RemoveSession
};

/// Hot: one line, read for each packet that names the slot. Written by commands, but for one memo.
struct alignas(64) SlotIds {
  std::uint32_t life{0};
  std::uint32_t peer{0};
  std::uint32_t first_generation{
      0};  // of this life's connection ids; lower ones are of earlier lives
  // The last IPv4 source (as it stands in the header) that the image of routes with this serial
  // allowed the peer; written by inner_input.
  std::uint32_t allowed_by{0};
  std::uint32_t allowed_source{0};
  SlotState state{SlotState::kFree};
  std::uint8_t current{0};  // index of the epoch that is sent in
  std::array<EpochRole, limits::kMaxEpochs> roles{};
  std::array<std::uint8_t, limits::kMaxEpochs> phases{};
  std::array<ConnectionId, limits::kMaxEpochs> cids{};
  // The peer's set of rates, as the image of rates with this serial says; written by meter().
  std::uint32_t rates_by{0};
  std::uint16_t rates{net::kNoRates};
};
static_assert(sizeof(SlotIds) == 64);

/// The binding: read for each packet sealed and after each packet opened.
struct alignas(64) SlotBinding {
  OuterTemplate outer;      // written by Attach and Commit
  ConnectionId client_cid;  // written by InstallSession and Commit
  Endpoint remote;          // the bound address; never moved by a packet
  MonoNs last_traffic{};    // DATA either way; written by both directions
};
static_assert(sizeof(SlotBinding) == 128);

/// Everything else.
struct alignas(64) SlotRecord {
  static constexpr std::uint8_t kOwesSilence = 1;
  static constexpr std::uint8_t kOwesAlive = 2;
  static constexpr std::uint8_t kOwesHeard = 4;
  static constexpr std::uint8_t kOwesClosed = 8;
  static constexpr std::uint8_t kOwesReleased = 16;
  static constexpr std::uint8_t kOwesStopped = 32;
  static constexpr std::uint8_t kOwesVolatile = 64;

  IpAddress next_hop;  // of the binding, for whoever has to resolve it
  std::array<std::array<ConnectionId, limits::kMaxJumpIds>, limits::kJumpIdSets> jump_ids{};
  std::array<bus::ControlReceiveKey, limits::kMaxEpochs> control{};
  std::array<bool, limits::kMaxEpochs> control_live{};
  bus::LivenessPolicy policy;
  session::Liveness liveness{{}, {}};
  session::PathQuality quality;
  Reason volatile_for{Reason::kNone};  // the signal that stands, told or owed
  base::RttEstimator rtt;
  session::PathMtu path_mtu;
  bool fresh_path{false};  // the next round-trip sample replaces the former path's estimate
  bool reattach_wanted{false};
  bool rekey_wanted{false};
  MonoNs drain_until{kNever};  // of the previous epoch
  HeldQueue held;
  Endpoint reported_path;  // last new path told to the controller
  MonoNs reported_path_at{};
  // Bytes from it, for its challenge; that they come round harms nothing: more is never told than came.
  std::uint32_t path_told{0};
  std::uint32_t path_untold{0};
  std::uint64_t released_epoch{0};  // owed report
  std::uint16_t close_reason{0};    // owed report
  std::uint8_t owed{0};             // edges that the full report ring did not take
  std::uint8_t quota_told{0};       // percent of its quota that the controller was told of
  std::uint32_t replay_packets{0};
  std::uint64_t carried{0};  // bytes of the peer's sessions before this one
};

class SessionTable {
 public:
  static std::size_t footprint(std::size_t slots);
  static std::expected<SessionTable, std::string> create(unsigned worker, std::uint32_t slots,
                                                         int socket);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(ids_.size()); }
  SlotIds& ids(std::uint32_t slot) { return ids_[slot]; }
  SlotBinding& binding(std::uint32_t slot) { return bindings_[slot]; }
  SlotRecord& record(std::uint32_t slot) { return records_[slot]; }
  std::span<Epoch, limits::kMaxEpochs> epochs(std::uint32_t slot) {
    return std::span<Epoch, limits::kMaxEpochs>(&epochs_[slot * limits::kMaxEpochs],
                                                limits::kMaxEpochs);
  }
  Epoch& current(std::uint32_t slot) { return epochs(slot)[ids_[slot].current]; }

  // With many sessions each packet finds its slot cold: a stage asks for the lines of the whole
  // burst before it looks at the first. The second needs what the first has brought.
  void prefetch_ids(std::uint32_t slot) const { rte_prefetch0(&ids_[slot]); }
  void prefetch_rest(std::uint32_t slot) const {
    prefetch_lines(&epochs_[slot * limits::kMaxEpochs + ids_[slot].current], sizeof(Epoch));
    prefetch_lines(&bindings_[slot], sizeof(SlotBinding));
    prefetch_lines(&records_[slot].liveness, sizeof(session::Liveness));
  }

  /// The epoch that a traffic message's id and phase name.
  [[nodiscard]] std::expected<Epoch*, DropReason> find_epoch(std::uint32_t slot, ConnectionId cid,
                                                             std::uint8_t phase) {
    const SlotIds& hot = ids_[slot];
    bool id_lives = false;
    for (std::size_t i = 0; i < limits::kMaxEpochs; ++i) {
      if (hot.roles[i] == EpochRole::kFree || hot.cids[i] != cid) continue;
      if (hot.phases[i] == phase) return &epochs(slot)[i];
      id_lives = true;
    }
    return std::unexpected(id_lives ? DropReason::kEpochUnknown : DropReason::kCidUnknown);
  }
  /// The control key for a control message's type, id and phase.
  [[nodiscard]] std::expected<const bus::ControlReceiveKey*, DropReason> find_control(
      std::uint32_t slot, wire::Type type, ConnectionId cid, std::uint8_t phase);

  /// Copies roles, phases and ids of the epochs to the hot line; after each change of an epoch.
  void publish(std::uint32_t slot);
  /// Wipes everything but the life.
  void clear(std::uint32_t slot);

 private:
  static void prefetch_lines(const void* object, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(object);
    for (std::size_t offset = 0; offset < size; offset += RTE_CACHE_LINE_SIZE)
      rte_prefetch0(first + offset);
  }

  bus::Zone zone_;
  std::span<SlotIds> ids_;
  std::span<SlotBinding> bindings_;
  std::span<SlotRecord> records_;
  std::span<Epoch> epochs_;
};

}  // namespace jumpgate::data
