#include "session/path_mtu.hpp"

#include <algorithm>

#include "session/liveness.hpp"

namespace jumpgate::session {

std::uint32_t probe_time_us(MonoNs now) {
  return wire_time_us(now) | 1U;
}

void PathMtu::restart(std::uint16_t largest, MonoNs now) {
  *this = {};
  largest_ = std::max(largest, kBasePathMtu);
  too_big_ = static_cast<std::uint16_t>(largest_ + 1);
  ready_at_ = now;
  search_from_ = now;
  confirmed_at_ = now;
  first_ = searching();
}

bool PathMtu::searching() const {
  // The link's own size is worth a probe however near it is.
  if (mtu_ < largest_ && too_big_ > largest_) return true;
  return too_big_ - mtu_ > kSearchStep;
}

std::uint16_t PathMtu::candidate() const {
  if (hint_ > mtu_ && hint_ < too_big_) return hint_;
  if (too_big_ > largest_) return largest_;
  return static_cast<std::uint16_t>((mtu_ + too_big_) / 2);
}

MonoNs PathMtu::confirm_at(MonoNs busy_until) const {
  if (mtu_ == kBasePathMtu) return kNever;
  if (doubted_) return ready_at_;
  const MonoNs due = confirmed_at_ + kConfirmInterval;
  return due < busy_until ? due : kNever;
}

MonoNs PathMtu::next_due(MonoNs busy_until) const {
  if (probe_ != 0) return ready_at_;
  // An idle session looks for its first size, and then for no more.
  const bool search = searching() || search_from_ < busy_until;
  const MonoNs due = std::min(confirm_at(busy_until), search ? search_from_ : kNever);
  return due == kNever ? kNever : std::max(due, ready_at_);
}

std::optional<std::uint16_t> PathMtu::poll(MonoNs now, MonoNs busy_until) {
  if (now < next_due(busy_until)) return std::nullopt;
  if (probe_ != 0) on_lost(now);
  if (confirm_at(busy_until) <= now) return mtu_;
  if (now < search_from_) return std::nullopt;
  if (!searching()) {
    if (search_from_ >= busy_until) return std::nullopt;
    if (largest_ == mtu_) {
      search_from_ = kNever;
      return std::nullopt;
    }
    // The last search ended with what its time could show.
    too_big_ = static_cast<std::uint16_t>(largest_ + 1);
    hint_ = 0;
  }
  return candidate();
}

void PathMtu::sent(std::uint16_t size, std::uint32_t time_us, Duration round_trip, MonoNs now) {
  probe_ = size;
  probe_time_us_ = time_us;
  ready_at_ = now + std::max(size > mtu_ ? kProbeTimer : kConfirmTimer, round_trip * 4);
  doubted_ = false;
}

void PathMtu::on_lost(MonoNs now) {
  const std::uint16_t size = probe_;
  probe_ = 0;
  first_ = false;
  if (size > mtu_) {
    if (++search_losses_ < kMaxPathProbes) return;
    search_losses_ = 0;
    too_big_ = size;
  } else {
    if (++confirm_losses_ < kMaxPathProbes) return;
    // A black hole (RFC 8899 section 4.3).
    confirm_losses_ = search_losses_ = 0;
    too_big_ = mtu_;
    mtu_ = kBasePathMtu;
    search_from_ = now;
  }
  if (!searching()) search_from_ = now + kRaiseInterval;
}

bool PathMtu::on_echo(std::uint32_t time_us, MonoNs now) {
  if (probe_ == 0 || time_us != probe_time_us_) return false;
  const std::uint16_t size = probe_;
  probe_ = 0;
  first_ = false;
  ready_at_ = now + kProbeSpacing;
  confirmed_at_ = now;
  confirm_losses_ = 0;
  if (size <= mtu_) return true;
  mtu_ = size;
  search_losses_ = 0;
  if (!searching()) search_from_ = now + kRaiseInterval;
  return true;
}

void PathMtu::hint(std::uint16_t size, MonoNs now) {
  if (size < kBasePathMtu || size >= largest_) return;
  hint_ = size;
  if (size < mtu_ && probe_ == 0 && now - confirmed_at_ >= kConfirmInterval) doubted_ = true;
}

}  // namespace jumpgate::session
