#include "data/commands.hpp"

#include <algorithm>
#include <bit>
#include <variant>

#include "data/heartbeat.hpp"
#include "data/meters.hpp"
#include "data/path_probe.hpp"
#include "data/pipeline.hpp"
#include "data/reporting.hpp"
#include "session/epoch_slots.hpp"

namespace jumpgate::data {
namespace {

using bus::WorkerCounter;

struct Apply {
  Shard& shard;
  bus::SessionRef ref;

  SlotIds& ids() { return shard.sessions.ids(ref.slot); }
  SlotRecord& record() { return shard.sessions.record(ref.slot); }
  SlotBinding& binding() { return shard.sessions.binding(ref.slot); }
  Epoch& current() { return shard.sessions.current(ref.slot); }

  Epoch* with_role(EpochRole role) {
    for (Epoch& epoch : shard.sessions.epochs(ref.slot))
      if (epoch.role == role) return &epoch;
    return nullptr;
  }

  static session::LivenessTimers timers(const bus::LivenessPolicy& policy) {
    return {.interval = policy.interval,
            .idle_interval = policy.idle_interval,
            .silence_floor = policy.silence_floor};
  }

  /// The keys fit: a suite we have, a number above the current one, a phase that no live epoch but
  /// `replaced` has.
  bool acceptable(const bus::EpochKeys& keys, const Epoch* replaced) {
    if (keys.suite != Suite::kAes256Gcm && keys.suite != Suite::kChaCha20Poly1305) return false;
    for (const Epoch& live : shard.sessions.epochs(ref.slot)) {
      if (live.role == EpochRole::kFree || &live == replaced) continue;
      if (live.number >= keys.epoch || live.phase() == (keys.epoch & wire::kFlagPhaseMask))
        return false;
    }
    return true;
  }

  /// A window, if need be that of our own draining epoch.
  std::uint32_t take_window() {
    const std::uint32_t index = shard.windows.take(ref.slot);
    if (index != WindowPool::kNone || with_role(EpochRole::kPrevious) == nullptr) return index;
    cut_drain();
    return shard.windows.take(ref.slot);
  }
  void cut_drain() {
    if (with_role(EpochRole::kPrevious) == nullptr) return;
    shard.counters.add(WorkerCounter::kDrainsCut);
    release_previous(shard, ref.slot);
  }

  void fill(Epoch& epoch, const bus::EpochKeys& keys, EpochRole role, ConnectionId receive_cid,
            std::uint32_t window_index) {
    epoch = Epoch{};
    epoch.window_index = window_index;
    epoch.window = shard.windows.window(window_index, record().replay_packets);
    epoch.number = keys.epoch;
    epoch.generation = keys.generation;
    epoch.suite = keys.suite;
    epoch.receive = keys.receive;
    epoch.send = keys.send;
    epoch.receive_cid = receive_cid;
    epoch.role = role;
    epoch.key_id = shard.next_key_id;
    shard.next_key_id += 2;
    shard.sessions.publish(ref.slot);
  }

  /// Receive keys beside the current ones, in place of a former `role`; false: nothing has changed.
  bool install_next(const bus::EpochKeys& keys, EpochRole role, ConnectionId receive_cid) {
    Epoch* replaced = with_role(role);
    if (!acceptable(keys, replaced)) return false;
    if (replaced != nullptr) drop_next(*replaced);
    Epoch* place = with_role(EpochRole::kFree);
    if (place == nullptr) {  // previous, current and one next: never a fourth
      stop_inconsistent(shard, ref.slot);
      return false;
    }
    const std::uint32_t window = take_window();
    if (window == WindowPool::kNone) return false;
    fill(*place, keys, role, receive_cid, window);
    return true;
  }
  void drop_next(Epoch& epoch) {
    if (epoch.role == EpochRole::kProposed) drop_held(shard, ref.slot);
    wipe_epoch(shard, ref.slot, epoch);
  }

  /// `next` becomes what is sent in, the current epoch drains.
  void promote(Epoch& next) {
    cut_drain();
    SlotRecord& slot = record();
    const Duration jitter = slot.rtt.has_sample() ? slot.rtt.variation() : Duration{};
    slot.drain_until = shard.now + session::drain_time(slot.rtt.smoothed(), jitter);
    current().role = EpochRole::kPrevious;
    next.role = EpochRole::kCurrent;
    shard.sessions.publish(ref.slot);
    slot.owed = static_cast<std::uint8_t>(slot.owed & ~SlotRecord::kOwesHeard);
  }

  bool usable(const bus::OuterPath& path) const {
    return path.port < shard.ports.size() && path.remote.address.family != IpFamily::kNone &&
           path.remote.address.family == path.local.address.family;
  }
  void bind(const bus::OuterPath& path) {
    const WorkerPort& port = shard.ports[path.port];
    SlotBinding& bound = binding();
    bound.outer = make_outer_template(path, port.mac, port.mtu);
    bound.remote = path.remote;
    record().next_hop = path.next_hop;
    bound.last_traffic = shard.now;
    restart_path_mtu(shard, ref.slot);
    record().reported_path = {};
    record().reported_path_at = {};
    record().path_told = record().path_untold = 0;
  }
  void heartbeat_now() {
    send_heartbeat(shard, ref.slot);
    arm_timer(shard, ref.slot);
  }

  bool operator()(const bus::InstallSession& command) {
    const std::uint32_t packets = command.replay_window_packets;
    if (ids().state != SlotState::kFree || ref.life <= ids().life) return false;
    if (!std::has_single_bit(packets) || packets < 64 || packets > shard.windows.packets())
      return false;
    if (!acceptable(command.epoch, nullptr)) return false;
    const auto id = shard.shared.cids.decode(command.gateway_cid);
    if (!id) return false;
    const std::uint32_t window = shard.windows.take(ref.slot);
    if (window == WindowPool::kNone) return false;
    ids().life = ref.life;
    ids().peer = command.peer;
    ids().state = SlotState::kBirth;
    ids().first_generation = id->generation;
    SlotRecord& slot = record();
    for (const ConnectionId jump : command.jump_ids)
      if (const auto jump_id = shard.shared.cids.decode(jump))
        ids().first_generation = std::min(ids().first_generation, jump_id->generation);
    slot.jump_ids[0] = command.jump_ids;
    slot.control[0] = command.control;
    slot.control_live[0] = true;
    slot.policy = command.liveness;
    slot.replay_packets = packets;
    slot.liveness = session::Liveness(timers(command.liveness), shard.now);
    binding().client_cid = command.client_cid;
    fill(shard.sessions.epochs(ref.slot)[0], command.epoch, EpochRole::kCurrent,
         command.gateway_cid, window);
    start_counters();
    set_carried(shard, ref.slot, command.carried);
    return true;
  }
  void start_counters() {
    bus::SessionCounters& counters = shard.session_counters[ref.slot];
    counters.rx_packets.set(0);
    counters.rx_bytes.set(0);
    counters.tx_packets.set(0);
    counters.tx_bytes.set(0);
    counters.last_heard.set(0);
    counters.srtt_us.set(0);
    counters.loss_permille.set(0);
    counters.drops.set(0);
    counters.path_mtu.set(0);
    counters.life.set(ref.life);
  }

  bool operator()(const bus::Attach& command) {
    if (ids().state != SlotState::kBirth || !usable(command.path)) return false;
    ids().state = SlotState::kBound;
    bind(command.path);
    record().liveness.restart(shard.now, shard.now);
    heartbeat_now();
    return true;
  }

  bool operator()(const bus::ProposeEpoch& command) {
    if (ids().state != SlotState::kBound || with_role(EpochRole::kRenewed) != nullptr) return false;
    return install_next(command.epoch, EpochRole::kProposed, command.gateway_cid);
  }

  bool operator()(const bus::Commit& command) {
    Epoch* next = with_role(EpochRole::kProposed);
    if (ids().state != SlotState::kBound || next == nullptr || next->number != command.epoch ||
        !usable(command.path))
      return false;
    promote(*next);
    bind(command.path);
    binding().client_cid = command.client_cid;
    SlotRecord& slot = record();
    slot.jump_ids[1] = slot.jump_ids[0];
    slot.jump_ids[0] = command.jump_ids;
    slot.fresh_path = true;
    slot.liveness.restart(shard.now, shard.now);
    slot.quality.restart();
    slot.volatile_for = Reason::kNone;
    constexpr std::uint8_t kOfThePath =
        SlotRecord::kOwesSilence | SlotRecord::kOwesAlive | SlotRecord::kOwesVolatile;
    slot.owed = static_cast<std::uint8_t>(slot.owed & ~kOfThePath);
    heartbeat_now();
    Batch<InnerPacket> inner;
    for (bool more = true; more;) {
      more = release_held(shard, ref.slot, inner);
      forward(shard, inner);
    }
    return true;
  }

  bool operator()(const bus::CancelEpoch& command) {
    Epoch* next = with_role(EpochRole::kProposed);
    if (next == nullptr || next->number != command.epoch) return false;
    drop_next(*next);
    return true;
  }

  bool operator()(const bus::InstallGeneration& command) {
    if (ids().state != SlotState::kBound || with_role(EpochRole::kProposed) != nullptr)
      return false;
    if (command.control.generation != command.epoch.generation) return false;
    SlotRecord& slot = record();
    if (!install_next(command.epoch, EpochRole::kRenewed, current().receive_cid)) return false;
    for (std::size_t i = 0; i < slot.control.size(); ++i) {
      if (slot.control_live[i]) continue;
      slot.control[i] = command.control;
      slot.control_live[i] = true;
      return true;
    }
    // At most one control key a live epoch, and the new epoch had a place.
    stop_inconsistent(shard, ref.slot);
    return false;
  }

  bool operator()(const bus::ConfirmGeneration& command) {
    Epoch* next = with_role(EpochRole::kRenewed);
    if (ids().state != SlotState::kBound || next == nullptr || next->number != command.epoch)
      return false;
    promote(*next);
    record().liveness.begin_epoch(shard.now);
    record().quality.begin_epoch();
    heartbeat_now();
    return true;
  }

  bool operator()(const bus::CancelGeneration& command) {
    Epoch* next = with_role(EpochRole::kRenewed);
    if (next == nullptr || next->generation != command.generation) return false;
    drop_next(*next);
    return true;
  }

  bool operator()(const bus::SetLiveness& command) {
    SlotRecord& slot = record();
    slot.policy = command.policy;
    slot.reattach_wanted = command.reattach_wanted;
    slot.rekey_wanted = command.rekey_wanted;
    // Its limits of the keys are looked at again at the next packet.
    for (Epoch& epoch : shard.sessions.epochs(ref.slot))
      epoch.notice_packets = 0;
    slot.liveness.set_timers(timers(command.policy));
    slot.liveness.set_quick(command.quick, shard.now);
    set_carried(shard, ref.slot, command.carried);
    arm_timer(shard, ref.slot);
    return true;
  }

  bool operator()(const bus::DrainSession& /*command*/) {
    if (ids().state != SlotState::kBound) return false;
    if (Epoch* proposed = with_role(EpochRole::kProposed)) drop_next(*proposed);
    ids().state = SlotState::kDraining;
    record().owed = 0;
    arm_timer(shard, ref.slot);
    return true;
  }

  bool operator()(const bus::RemoveSession& command) {
    if (ids().state == SlotState::kBound && command.send_close)
      send_close(shard, ref.slot, command.reason);
    drop_held(shard, ref.slot);
    for (Epoch& epoch : shard.sessions.epochs(ref.slot))
      wipe_epoch(shard, ref.slot, epoch);
    shard.timers.cancel(ref.slot);
    shard.sessions.clear(ref.slot);
    return true;
  }
};

bool apply(Shard& shard, const bus::Command& command) {
  if (command.session.slot >= shard.sessions.size()) return false;
  const SlotIds& ids = shard.sessions.ids(command.session.slot);
  if (!std::holds_alternative<bus::InstallSession>(command.body) &&
      (ids.state == SlotState::kFree || ids.life != command.session.life))
    return false;
  const bool applied = std::visit(Apply{shard, command.session}, command.body);
  // What the command queued refers to the epochs as they are now.
  flush_own(shard);
  return applied;
}

}  // namespace

std::size_t run_commands(Shard& shard) {
  std::size_t count = 0;
  for (; count < limits::kCommandsPerRound; ++count) {
    bus::Command* command = shard.commands.receive();
    if (command == nullptr) break;
    command->applied = apply(shard, *command);
    shard.counters.add(command->applied ? WorkerCounter::kCommands
                                        : WorkerCounter::kCommandsRefused);
    shard.commands.acknowledge(command);
  }
  return count;
}

}  // namespace jumpgate::data
