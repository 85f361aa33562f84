/// What the controller has done: one list from which fields, names and documentation are made, and
/// one counter for each drop reason and for each reason of a transition.
///
/// Owner thread: the controller writes; anyone reads. Bound: fixed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <jumpgate/drops.hpp>
#include <jumpgate/reasons.hpp>

#include "bus/counter.hpp"

namespace jumpgate::ctl {

// X(enumerator, stable name, documentation)
#define JG_CONTROLLER_COUNTERS(X)                                                                 \
  X(kHellos, "hellos", "HELLOs that reached the controller.")                                     \
  X(kHellosQueued, "hellos_queued", "HELLOs given to a handshake thread.")                        \
  X(kCookieReplies, "cookie_replies", "Cookies answered under load.")                             \
  X(kVersionRefusals, "version_refusals", "Version refusals answered.")                           \
  X(kHelloRefusals, "hello_refusals", "HELLOs refused with a sealed reason.")                     \
  X(kWelcomes, "welcomes", "WELCOMEs answered.")                                                  \
  X(kSessionsCreated, "sessions_created", "Sessions that began (BIRTH).")                         \
  X(kSessionsAttached, "sessions_attached", "Sessions whose handshake was confirmed.")            \
  X(kSessionsTerminated, "sessions_terminated", "Sessions that ended.")                           \
  X(kTransitions, "transitions", "State transitions applied.")                                    \
  X(kTransitionsRejected, "transitions_rejected", "State transitions that the table forbids.")    \
  X(kControlIn, "control_in", "Authentic control messages judged.")                               \
  X(kControlOut, "control_out", "Control messages sent.")                                         \
  X(kReattachAttempts, "reattach_attempts", "Fresh REATTACHes judged.")                           \
  X(kReattachRepeats, "reattach_repeats", "Repeated REATTACHes answered again.")                  \
  X(kReattachRefused, "reattach_refused", "REATTACHes refused or ignored.")                       \
  X(kChallenges, "challenges", "Path challenges sent, repetitions included.")                     \
  X(kResponsesIgnored, "responses_ignored", "PATH_RESPONSEs that match no pending exchange.")     \
  X(kCommits, "commits", "Bindings committed after the first.")                                   \
  X(kCommitsInPlace, "commits_in_place", "Of them, on the same path.")                            \
  X(kCommitsRebound, "commits_rebound", "Of them, after a rebinding check.")                      \
  X(kRekeys, "rekeys", "Root generations confirmed.")                                             \
  X(kRekeysRefused, "rekeys_refused", "REKEYs refused.")                                          \
  X(kResets, "resets", "Stateless resets sent.")                                                  \
  X(kResetsSuppressed, "resets_suppressed", "Stateless resets not sent: rate limit.")             \
  X(kCommandsUnavailable, "commands_unavailable",                                                 \
    "A worker's command pool was empty; tried again.")                                            \
  X(kCommandsRefused, "commands_refused", "Commands that the worker did not apply.")              \
  X(kSendFailed, "send_failed", "Datagrams that did not leave: no route, no buffer, full ring.")  \
  X(kNoPath, "no_path", "No route to an address that was to be bound.")                           \
  X(kReportsStale, "reports_stale", "Reports about an earlier life of a slot.")                   \
  X(kSlotsRetired, "slots_retired", "Slots whose connection ids are used up.")                    \
  X(kPolicySweeps, "policy_sweeps", "Sessions to which a new policy was applied.")                \
  X(kReloads, "reloads", "Configurations applied.")                                               \
  X(kReloadsRefused, "reloads_refused", "Configurations refused.")                                \
  X(kOperatorRequests, "operator_requests", "Requests of the control socket answered.")           \
  X(kNeighbourRequests, "neighbour_requests", "ARP requests and neighbour solicitations sent.")   \
  X(kNeighbourAnswers, "neighbour_answers", "ARP requests and neighbour solicitations answered.") \
  X(kNeighboursResolved, "neighbours_resolved", "Neighbours that became known.")                  \
  X(kNeighboursFailed, "neighbours_failed", "Neighbours that did not answer.")                    \
  X(kNeighboursRefused, "neighbours_refused", "Neighbours for which the table had no place.")     \
  X(kNeighbourFramesReplaced, "neighbour_frames_replaced",                                        \
    "Frames lost to newer ones while they waited for a neighbour.")

enum class ControllerCounter : std::uint8_t {
#define X(e, name, doc) e,
  JG_CONTROLLER_COUNTERS(X)
#undef X
};

inline constexpr std::array kAllControllerCounters{
#define X(e, name, doc) ControllerCounter::e,
    JG_CONTROLLER_COUNTERS(X)
#undef X
};

constexpr std::string_view to_string(ControllerCounter counter) {
  switch (counter) {
#define X(e, name, doc)      \
  case ControllerCounter::e: \
    return name;
    JG_CONTROLLER_COUNTERS(X)
#undef X
  }
  return "?";
}

constexpr std::string_view describe(ControllerCounter counter) {
  switch (counter) {
#define X(e, name, doc)      \
  case ControllerCounter::e: \
    return doc;
    JG_CONTROLLER_COUNTERS(X)
#undef X
  }
  return "?";
}

class Counters {
 public:
  void add(ControllerCounter counter, std::uint64_t amount = 1) {
    values_[static_cast<std::size_t>(counter)].add(amount);
  }
  void set(ControllerCounter counter, std::uint64_t value) {
    values_[static_cast<std::size_t>(counter)].set(value);
  }
  void transition(Reason reason) {
    add(ControllerCounter::kTransitions);
    transitions_[static_cast<std::size_t>(reason)].add(1);
  }
  void drop(DropReason reason) { drops_[static_cast<std::size_t>(reason)].add(1); }
  [[nodiscard]] std::uint64_t get(ControllerCounter counter) const {
    return values_[static_cast<std::size_t>(counter)].get();
  }
  [[nodiscard]] std::uint64_t transitions(Reason reason) const {
    return transitions_[static_cast<std::size_t>(reason)].get();
  }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const {
    return drops_[static_cast<std::size_t>(reason)].get();
  }

 private:
  std::array<bus::Counter<std::uint64_t>, kAllControllerCounters.size()> values_;
  // By number: the table allows no reason beyond the last.
  std::array<bus::Counter<std::uint64_t>,
             static_cast<std::size_t>(std::ranges::max(kAllReasons)) + 1>
      transitions_;
  std::array<bus::Counter<std::uint64_t>, kDropReasonCount> drops_;
};

}  // namespace jumpgate::ctl
