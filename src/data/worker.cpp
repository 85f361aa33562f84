#include "data/worker.hpp"

#include <array>
#include <bit>
#include <span>
#include <utility>

#include <rte_pause.h>
#include <rte_prefetch.h>

#include "data/commands.hpp"
#include "data/heartbeat.hpp"
#include "data/joining.hpp"
#include "data/pipeline.hpp"

namespace jumpgate::data {
namespace {

using bus::WorkerCounter;

std::expected<void, std::string> check(const WorkerSetup& setup) {
  const WorkerLimits& limits = setup.limits;
  if (limits.slots == 0 || limits.slots > limits::kMaxSlotsPerWorker)
    return std::unexpected(std::string("slots out of range"));
  if (!std::has_single_bit(limits.replay_window_packets) || limits.replay_window_packets < 64)
    return std::unexpected(std::string("replay window: a power of two, at least 64"));
  if (!std::has_single_bit(limits.source_buckets))
    return std::unexpected(std::string("source buckets: a power of two"));
  if (setup.ports.size() > limits::kMaxPorts) return std::unexpected(std::string("too many ports"));
  for (const WorkerPort& port : setup.ports)
    if (port.port->queues() <= setup.worker)
      return std::unexpected("port " + std::string(port.port->name()) +
                             " has no queue for worker " + std::to_string(setup.worker));
  if (setup.aes == nullptr || setup.chacha == nullptr || setup.pool == nullptr)
    return std::unexpected(std::string("a worker needs both AEADs and a packet pool"));
  if (setup.session_counters.size() < limits.slots)
    return std::unexpected(std::string("fewer session counters than slots"));
  return {};
}

/// nullptr: it concerns no peer.
template <class Image>
const Image* in_force(const net::Published<Image>* published) {
  const Image* image = published == nullptr ? nullptr : published->get();
  return image != nullptr && image->any() ? image : nullptr;
}

/// A packet's headers, and its last bytes: what is read of all of them before any cipher runs.
void prefetch(rte_mbuf* frame) {
  const std::uint8_t* data = bytes_of(frame);
  rte_prefetch0(data);
  rte_prefetch0(data + RTE_CACHE_LINE_SIZE);
  rte_prefetch0(data + frame->data_len - 1);
}

}  // namespace

std::vector<FootprintLine> Worker::footprint(const WorkerLimits& limits) {
  std::vector<FootprintLine> lines{
      {"sessions", SessionTable::footprint(limits.slots)},
      {"replay windows",
       WindowPool::footprint(limits.slots, limits.extra_windows, limits.replay_window_packets)},
      {"expanded keys", ExpandedKeys::footprint(limits.expanded_keys)},
      {"held packets", HeldPackets::footprint(limits.held_packets), true},
      {"waiting parts", WaitingParts::footprint(), true},
      {"token buckets", Admission::footprint(limits), true},
      {"rates", MeterTable::footprint(limits.slots)},
      {"timers", std::size_t{limits.slots} * 24 + 37'000, true},
      {"worker", sizeof(Shard), true},
  };
  if (limits.outer_reassembly) lines.push_back({"outer fragments", Reassembly::footprint()});
  return lines;
}

std::expected<std::unique_ptr<Worker>, std::string> Worker::create(WorkerSetup setup, MonoNs now) {
  if (const auto fine = check(setup); !fine) return std::unexpected(fine.error());
  const WorkerLimits& limits = setup.limits;
  auto sessions = SessionTable::create(setup.worker, limits.slots, limits.socket);
  if (!sessions) return std::unexpected(sessions.error());
  auto windows = WindowPool::create(setup.worker, limits.slots, limits.extra_windows,
                                    limits.replay_window_packets, limits.socket);
  if (!windows) return std::unexpected(windows.error());
  auto keys = ExpandedKeys::create(setup.worker, limits.expanded_keys, limits.socket);
  if (!keys) return std::unexpected(keys.error());
  auto meters = MeterTable::create(setup.worker, limits.slots, limits.socket);
  if (!meters) return std::unexpected(meters.error());
  std::unique_ptr<Reassembly> reassembly;
  if (limits.outer_reassembly) {
    auto made = Reassembly::create(setup.random, limits.socket);
    if (!made) return std::unexpected(made.error());
    reassembly = std::move(*made);
  }
  for (WorkerPort& port : setup.ports) {
    port.offloads = port.port->offloads();
    port.mac = port.port->mac();
    port.mtu = port.port->mtu();
  }
  const Duration idle_sleep = limits.idle_sleep;  // `setup` moves on
  std::unique_ptr<Shard> shard(new Shard(std::move(setup), std::move(*sessions),
                                         std::move(*windows), std::move(*keys), std::move(*meters),
                                         std::move(reassembly), now));
  return std::unique_ptr<Worker>(new Worker(std::move(shard), idle_sleep));
}

Worker::~Worker() {
  for (std::uint32_t slot = 0; slot < shard_->sessions.size(); ++slot)
    drop_held(*shard_, slot);
  drop_parts(*shard_);
}

void Worker::online() {
  shard_->shared.quiescence.online(shard_->worker);
}
void Worker::offline() {
  shard_->shared.quiescence.offline(shard_->worker);
}
void Worker::pause() {
  rte_pause();
}

bool Worker::owes() const {
  return shard_->tx.backlogged() || shard_->timers.next_wake() <= shard_->now;
}

std::size_t Worker::poll_frames() {
  std::array<rte_mbuf*, limits::kBurst> frames;
  const std::size_t count = shard_->frames.pop_burst(frames);
  Batch<InnerPacket> inner;
  for (rte_mbuf* frame : std::span(frames).first(count)) {
    const bool into_tunnel = frame->port == bus::kIntoTunnel;
    shard_->counters.add(into_tunnel ? WorkerCounter::kOwnInner : WorkerCounter::kFramesOut);
    if (into_tunnel)
      // Our own packets: no hop has been made.
      inner.push({.mbuf = frame, .from_slot = kNoSlot, .counted = true});
    else if (frame->port < shard_->ports.size())
      shard_->tx.send_control(static_cast<std::uint8_t>(frame->port), frame);
    else
      shard_->drops.drop(frame, DropReason::kTxError);
  }
  if (!inner.empty()) forward(*shard_, inner);
  return count;
}

std::size_t Worker::poll_hand_offs() {
  if (shard_->mesh == nullptr) return 0;
  std::size_t total = 0;
  for (unsigned from = 0; from < shard_->mesh->workers(); ++from) {
    std::array<HandOff, limits::kBurst> taken;
    const std::size_t count = shard_->mesh->pop(from, shard_->worker, taken.data(), taken.size());
    if (count == 0) continue;
    Batch<rte_mbuf*> frames;
    Batch<Routed> routed;
    for (const HandOff& item : std::span(taken).first(count)) {
      if (item.kind == HandOff::Kind::kFrame)
        frames.push(item.mbuf);
      else
        routed.push({item.mbuf, item.session});
    }
    shard_->counters.add(WorkerCounter::kTakenOver, count);
    if (!frames.empty()) run_frames(*shard_, frames);
    if (!routed.empty()) {
      Batch<Outgoing> outgoing;
      find_sender(*shard_, routed, outgoing);
      seal_and_send(*shard_, outgoing);
    }
    total += count;
  }
  return total;
}

std::size_t Worker::poll_port(std::uint16_t index) {
  Batch<rte_mbuf*> frames;
  const std::size_t count = frames.fill([&](std::span<rte_mbuf*> room) {
    return shard_->ports[index].port->rx_burst(shard_->worker, room);
  });
  if (count == 0) return 0;
  std::uint64_t bytes = 0;
  for (rte_mbuf* frame : frames) {
    frame->port = index;
    bytes += frame->pkt_len;
    prefetch(frame);
  }
  shard_->counters.add(WorkerCounter::kRxPackets, count);
  shard_->counters.add(WorkerCounter::kRxBytes, bytes);
  run_frames(*shard_, frames);
  return count;
}

bool Worker::poll_once(MonoNs now) {
  shard_->now = now;
  shard_->tracer.begin_round(
      now, [this](std::uint32_t slot) { return shard_->sessions.ids(slot).life; });
  shard_->routes = shard_->shared.routes.get();
  shard_->filters = in_force(shard_->shared.inner.filters);
  shard_->rates = in_force(shard_->shared.inner.rates);
  std::size_t done = run_commands(*shard_);
  done += poll_frames();
  done += poll_hand_offs();
  if (shard_->reassembly) shard_->reassembly->expire(now, shard_->drops);
  expire_parts(*shard_);
  const auto ports = static_cast<std::uint16_t>(shard_->ports.size());
  for (std::uint16_t index = 0; index < ports; ++index)
    done += poll_port(index);
  run_timers(*shard_);
  flush_own(*shard_);
  shard_->tx.flush_all();
  shard_->tracer.end_round();
  shard_->drops.flush();
  shard_->counters.add(WorkerCounter::kRounds);
  if (done == 0) shard_->counters.add(WorkerCounter::kIdleRounds);
  shard_->routes = nullptr;
  shard_->filters = nullptr;
  shard_->rates = nullptr;
  shard_->shared.quiescence.quiescent(shard_->worker);
  return done != 0;
}

}  // namespace jumpgate::data
