/// The gateway's own links as a signal on the paths that leave by them (spec/heartbeat.md "Links").
///
/// Owner thread: the controller. Bound: limits::kMaxPorts bits; a change reaches the sessions
/// kSweepSlice slots a tick. Failure: none; a change during a sweep starts it anew.
#pragma once

#include <bitset>

#include "ctl/core.hpp"
#include "ctl/path_checks.hpp"

namespace jumpgate::ctl {

class PortLinks {
 public:
  PortLinks(Core& core, PathChecks& checks)
      : core_(core), checks_(checks), cursor_(core.sessions.slots()) {}

  void set(std::uint8_t port, bool up) {
    if (down_[port] == !up) return;
    down_[port] = !up;
    cursor_ = 0;
  }
  /// Sessions are still to learn of a change.
  [[nodiscard]] bool sweeping() const { return cursor_ < core_.sessions.slots(); }
  /// A slice of the sessions learns what became of its port; calls `touched` for each to which
  /// that is news.
  template <class Touched>
  void sweep_slice(MonoNs now, Touched&& touched) {
    for (std::uint32_t i = 0; i < kSweepSlice && cursor_ < core_.sessions.slots(); ++i) {
      Session* session = core_.sessions.at(cursor_++);
      if (session == nullptr || !session->binding) continue;
      const bool down = down_[session->binding->path.port];
      if (session->link_down == down) continue;
      checks_.on_link(*session, !down, now);
      touched(*session);
    }
  }

 private:
  static constexpr std::uint32_t kSweepSlice = 1024;

  Core& core_;
  PathChecks& checks_;
  SlotHandle cursor_;
  std::bitset<limits::kMaxPorts> down_;
};

}  // namespace jumpgate::ctl
