/// What one worker has done: one list from which fields, names and documentation are made, and one
/// counter for each drop reason.
///
/// Owner thread: written by that worker; read by anyone. Bound: fixed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <jumpgate/drops.hpp>

#include "bus/counter.hpp"

namespace jumpgate::bus {

// X(enumerator, stable name, documentation)
#define JG_WORKER_COUNTERS(X)                                                                    \
  X(kRounds, "rounds", "Turns of the loop.")                                                     \
  X(kIdleRounds, "idle_rounds", "Turns that found no packet, command or frame.")                 \
  X(kSleeps, "sleeps", "Turns after which it slept, for want of work.")                          \
  X(kRxPackets, "rx_packets", "Packets taken from ports.")                                       \
  X(kRxBytes, "rx_bytes", "Bytes taken from ports.")                                             \
  X(kTxPackets, "tx_packets", "Packets the ports took.")                                         \
  X(kTxBytes, "tx_bytes", "Bytes the ports took.")                                               \
  X(kReassembled, "reassembled", "Outer datagrams put together from fragments.")                 \
  X(kFragmentsJoined, "fragments_joined", "Fragments that they were made of.")                   \
  X(kOpened, "opened", "Traffic messages opened and accepted: DATA, HEARTBEAT and CLOSE.")       \
  X(kSealed, "sealed", "Inner packets sealed as DATA.")                                          \
  X(kHairpinned, "hairpinned", "Opened packets sealed again for another peer.")                  \
  X(kInnerCut, "inner_cut", "Inner IPv4 packets cut into fragments to fit.")                     \
  X(kInnerPieces, "inner_pieces", "Fragments that they became.")                                 \
  X(kInnerParted, "inner_parted", "Inner packets sealed in two parts to fit.")                   \
  X(kInnerJoined, "inner_joined", "Inner packets put together from two parts.")                  \
  X(kHandedOff, "handed_off", "Packets given to the worker that owns their session.")            \
  X(kTakenOver, "taken_over", "Packets received from other workers.")                            \
  X(kHeartbeatsIn, "heartbeats_in", "Heartbeats opened.")                                        \
  X(kHeartbeatsOut, "heartbeats_out", "Heartbeats sealed.")                                      \
  X(kClosesIn, "closes_in", "CLOSE opened.")                                                     \
  X(kClosesOut, "closes_out", "CLOSE sealed.")                                                   \
  X(kPathProbes, "path_probes", "Path MTU probes sealed; heartbeats_out has them too.")          \
  X(kHeld, "held", "DATA of proposed epochs held until their commit.")                           \
  X(kHeldReleased, "held_released", "Held DATA let through at the commit.")                      \
  X(kControlOpened, "control_opened", "Authentic control messages given to the controller.")     \
  X(kPunts, "punts", "Frames given to the controller.")                                          \
  X(kReports, "reports", "Reports the controller's ring took.")                                  \
  X(kReportsLost, "reports_lost", "Reports the controller's ring had no room for.")              \
  X(kFramesOut, "frames_out", "Frames of the controller, for ports.")                            \
  X(kOwnInner, "own_inner", "Inner packets of the controller's own, for tunnels.")               \
  X(kCommands, "commands", "Commands applied.")                                                  \
  X(kCommandsRefused, "commands_refused", "Commands that did not fit the slot's life or state.") \
  X(kKeyCacheHits, "key_cache_hits", "Expanded keys found in the cache.")                        \
  X(kKeyCacheMisses, "key_cache_misses", "Expanded keys made again.")                            \
  X(kDrainsCut, "drains_cut", "Drains ended early: no slot or window was left for them.")

enum class WorkerCounter : std::uint8_t {
#define X(e, name, doc) e,
  JG_WORKER_COUNTERS(X)
#undef X
};

inline constexpr std::array kAllWorkerCounters{
#define X(e, name, doc) WorkerCounter::e,
    JG_WORKER_COUNTERS(X)
#undef X
};

constexpr std::string_view to_string(WorkerCounter counter) {
  switch (counter) {
#define X(e, name, doc)  \
  case WorkerCounter::e: \
    return name;
    JG_WORKER_COUNTERS(X)
#undef X
  }
  return "?";
}

constexpr std::string_view describe(WorkerCounter counter) {
  switch (counter) {
#define X(e, name, doc)  \
  case WorkerCounter::e: \
    return doc;
    JG_WORKER_COUNTERS(X)
#undef X
  }
  return "?";
}

class alignas(64) WorkerCounters {
 public:
  static constexpr std::size_t footprint() { return sizeof(WorkerCounters); }

  void add(WorkerCounter counter, std::uint64_t amount = 1) {
    values_[static_cast<std::size_t>(counter)].add(amount);
  }
  void drop(DropReason reason, std::uint64_t amount = 1) {
    drops_[static_cast<std::size_t>(reason)].add(amount);
  }
  [[nodiscard]] std::uint64_t get(WorkerCounter counter) const {
    return values_[static_cast<std::size_t>(counter)].get();
  }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const {
    return drops_[static_cast<std::size_t>(reason)].get();
  }

 private:
  std::array<Counter<std::uint64_t>, kAllWorkerCounters.size()> values_;
  std::array<Counter<std::uint64_t>, kDropReasonCount> drops_;
};

}  // namespace jumpgate::bus
