#include "session/epoch_slots.hpp"

namespace jumpgate::session {

namespace {
bool shares_phase(std::uint64_t number, std::optional<std::uint64_t> live) {
  return live && phase_of(number) == phase_of(*live);
}
}  // namespace

std::uint64_t EpochSlots::next_number() const {
  // Three live epochs take three of the four phases at most: this ends within four steps.
  std::uint64_t number = highest_ + 1;
  while (shares_phase(number, current_) || shares_phase(number, previous_) ||
         shares_phase(number, next_)) {
    ++number;
  }
  return number;
}

std::uint64_t EpochSlots::propose() {
  next_ = next_number();
  highest_ = *next_;
  return *next_;
}

bool EpochSlots::install(std::uint64_t number) {
  if (number <= highest_) return false;
  if (shares_phase(number, current_) || shares_phase(number, previous_)) return false;
  next_ = number;
  highest_ = number;
  return true;
}

bool EpochSlots::commit(std::uint64_t number, MonoNs drain_until) {
  if (next_ != number) return false;
  previous_ = current_;
  current_ = number;
  next_.reset();
  drain_deadline_ = drain_until;
  return true;
}

std::optional<std::uint64_t> EpochSlots::expire(MonoNs now) {
  if (!previous_ || now < drain_deadline_) return std::nullopt;
  const std::uint64_t number = *previous_;
  release(number);
  return number;
}

void EpochSlots::release(std::uint64_t number) {
  if (previous_ != number) return;
  previous_.reset();
  drain_deadline_ = kNever;
}

std::optional<std::uint64_t> EpochSlots::by_phase(std::uint8_t phase) const {
  if (phase_of(current_) == phase) return current_;
  if (previous_ && phase_of(*previous_) == phase) return previous_;
  if (next_ && phase_of(*next_) == phase) return next_;
  return std::nullopt;
}

}  // namespace jumpgate::session
