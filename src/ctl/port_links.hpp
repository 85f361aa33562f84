/// The gateway's own links as a signal on the paths that leave by them (spec/heartbeat.md "Links").
///
/// Owner thread: the controller. Bound: limits::kMaxPorts bits; a change reaches the sessions
/// kSweepSlice slots a tick. Failure: none; a port that flaps lengthens the pass and starves nobody.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "ctl/sweep.hpp"

namespace jumpgate::ctl {

class PortLinks {
 public:
  explicit PortLinks(SessionStore& sessions) : sweep_(sessions) {}

  void set(std::uint8_t port, bool up) {
    if (down_[port] == !up) return;
    down_[port] = !up;
    news_until_[port] = sweep_.end();
    sweep_.begin();
  }
  [[nodiscard]] bool sweeping() const { return sweep_.under_way(); }
  /// Calls `changed(session, up)` for each session of a slice to which its port's link is news.
  template <class Changed>
  void sweep_slice(Changed&& changed) {
    sweep_.slice(kSweepSlice, [&](Session& session) {
      if (!session.binding) return;
      const std::uint8_t port = session.binding->path.port;
      if (sweep_.looked() >= news_until_[port]) return;  // this pass is another port's
      if (session.link_down != down_[port]) changed(session, !down_[port]);
    });
  }

 private:
  /// Mostly a look and no more: some ten microseconds a tick.
  static constexpr std::uint32_t kSweepSlice = 1024;

  Sweep sweep_;
  std::bitset<limits::kMaxPorts> down_;
  /// Each session hears of a change once, in the pass that the change begins: a proof since then stands.
  std::array<std::uint64_t, limits::kMaxPorts> news_until_{};
};

}  // namespace jumpgate::ctl
