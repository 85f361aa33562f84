/// The two checks that the gateway itself starts (spec/jump.md "In place", "Rebinding"): the
/// retained path has healed, or authentic traffic comes from a new address. Neither moves egress by
/// itself.
///
/// Owner thread: the controller. Bound: one check a session at a time, kMaxAnswerRepeats
/// repetitions, to a new address never more than three times the bytes it sent. Failure: without a
/// command the check starts a tick later; a spent switch rate puts an in-place check off until it
/// allows one.
#pragma once

#include "ctl/core.hpp"
#include "ctl/exchange.hpp"
#include "ctl/rekey.hpp"

namespace jumpgate::ctl {

class PathChecks {
 public:
  PathChecks(Core& core, Exchanges& exchanges, Rekeys& rekeys)
      : core_(core), exchanges_(exchanges), rekeys_(rekeys) {}

  /// The bound path has been silent beyond its threshold: declared lost.
  void on_silence(Session& session, MonoNs now);
  /// Authentic traffic on the bound path again.
  void on_alive(Session& session, MonoNs now);
  /// A figure of the bound path went beyond its threshold, `reason` as the worker numbers it; or all
  /// are within theirs again.
  void on_volatile(Session& session, std::uint64_t reason, MonoNs now);
  void on_stable(Session& session, MonoNs now);
  /// The link that the bound path leaves by went down, or came up again.
  void on_link(Session& session, bool up, MonoNs now);
  /// An authentic, fresh datagram of `bytes` from an unknown address. Nothing starts before its bytes
  /// have paid for a challenge.
  void on_new_path(Session& session, const Endpoint& from, const Endpoint& to, std::uint64_t bytes,
                   MonoNs now);
  /// Starts the in-place check of a path that has healed, when it is due.
  void consider(Session& session, MonoNs now);

 private:
  void heal(Session& session, MonoNs now);

  Core& core_;
  Exchanges& exchanges_;
  Rekeys& rekeys_;
};

}  // namespace jumpgate::ctl
