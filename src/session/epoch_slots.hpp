/// Which epochs of a session are live: previous (draining, receive-only), current, next (proposed).
///
/// Purpose: numbers and lifetimes of epochs; the keys themselves are kept elsewhere under the same
/// numbers (spec/keys.md "Epochs"). Used by the gateway's controller and by the client.
/// Owner thread: the owner of the session. Bound: three epochs, a fourth never exists.
/// Failure: an epoch that does not fit is refused with false, and nothing has changed.
#pragma once

#include <cstdint>
#include <optional>

#include <jumpgate/limits.hpp>
#include <jumpgate/time.hpp>

namespace jumpgate::session {

/// How long a replaced epoch is still received: clamp(2 x smoothed RTT + jitter, 250 ms, 3 s).
[[nodiscard]] constexpr Duration drain_time(Duration smoothed_rtt, Duration jitter) {
  const Duration wanted = smoothed_rtt * 2 + jitter;
  if (wanted < limits::kDrainMin) return limits::kDrainMin;
  if (wanted > limits::kDrainMax) return limits::kDrainMax;
  return wanted;
}

/// The bits of an epoch number that stand in a traffic header.
[[nodiscard]] constexpr std::uint8_t phase_of(std::uint64_t epoch) {
  return static_cast<std::uint8_t>(epoch & 3U);
}

class EpochSlots {
 public:
  /// `first` is the session's first epoch, current at once.
  explicit EpochSlots(std::uint64_t first) : current_(first), highest_(first) {}

  [[nodiscard]] std::uint64_t current() const { return current_; }
  [[nodiscard]] std::optional<std::uint64_t> previous() const { return previous_; }
  [[nodiscard]] std::optional<std::uint64_t> next() const { return next_; }
  /// End of the previous epoch's drain; kNever when none drains.
  [[nodiscard]] MonoNs drain_deadline() const { return drain_deadline_; }

  /// The number a new proposal gets: above every number used so far, its phase unlike that of any
  /// live epoch. A pending proposal counts as live: its keys may be in use at the other side.
  [[nodiscard]] std::uint64_t next_number() const;

  /// Makes next_number() the proposal, in place of a former one; returns it.
  std::uint64_t propose();

  /// The other side chose the number: false unless it is above every number used so far and its
  /// phase is unlike those of the previous and the current epoch. Replaces a former proposal.
  [[nodiscard]] bool install(std::uint64_t number);

  /// The proposal becomes current, the current one drains until `drain_until`, an older draining
  /// one is dropped. False when `number` is not the proposal.
  [[nodiscard]] bool commit(std::uint64_t number, MonoNs drain_until);

  /// Drops the proposal, if any; its number is never used again.
  void cancel() { next_.reset(); }

  /// Drops the previous epoch if its drain is over; returns its number, whose keys are to be wiped.
  std::optional<std::uint64_t> expire(MonoNs now);

  /// Drops the previous epoch if it is `number` (the worker reports it released).
  void release(std::uint64_t number);

  /// The live epoch a header's phase names, if any.
  [[nodiscard]] std::optional<std::uint64_t> by_phase(std::uint8_t phase) const;

 private:
  std::uint64_t current_;
  std::uint64_t highest_;
  std::optional<std::uint64_t> previous_;
  std::optional<std::uint64_t> next_;
  MonoNs drain_deadline_{kNever};
};

}  // namespace jumpgate::session
