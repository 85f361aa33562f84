/// A pass over all sessions, a slice a tick: news that concerns many reaches each within a pass.
///
/// Owner thread: the controller. Bound: the slots asked for each time. Failure: none; begin() during a
/// pass lengthens it, so that every slot is looked at once more and none waits longer than a pass.
#pragma once

#include <cstdint>

#include "ctl/session_store.hpp"

namespace jumpgate::ctl {

class Sweep {
 public:
  explicit Sweep(SessionStore& sessions) : sessions_(sessions) {}

  void begin() { left_ = sessions_.slots(); }
  [[nodiscard]] bool under_way() const { return left_ > 0; }
  /// Slots looked at since the start; the pass that begins now ends at `end`.
  [[nodiscard]] std::uint64_t looked() const { return looked_; }
  [[nodiscard]] std::uint64_t end() const { return looked_ + sessions_.slots(); }

  /// Calls `visit` for the sessions in the next `slots` slots, as far as the pass goes.
  template <class Visit>
  void slice(std::uint32_t slots, Visit&& visit) {
    for (; slots > 0 && left_ > 0; --slots, --left_, ++looked_) {
      Session* session = sessions_.at(cursor_);
      cursor_ = (cursor_ + 1) % sessions_.slots();
      if (session != nullptr) visit(*session);
    }
  }

 private:
  SessionStore& sessions_;
  SlotHandle cursor_{0};
  std::uint32_t left_{0};
  std::uint64_t looked_{0};
};

}  // namespace jumpgate::ctl
