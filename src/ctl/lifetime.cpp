#include "ctl/lifetime.hpp"

namespace jumpgate::ctl {

bool Lifetimes::expire(Session& session, MonoNs now) {
  // What is to end as soon as a command is free keeps its times and takes nothing in.
  if (session.record.state() == State::kTerminated || session.doom != Reason::kNone) return false;
  const auto due = session.record.due(now);
  if (!due) return true;
  if (due->trigger == Trigger::kTerminate) {
    closing_.terminate(session, due->reason, now);
    return false;
  }
  if (due->trigger != Trigger::kRecoveryFailed)
    return core_.transition(session, due->trigger, due->reason, now);
  exchanges_.run_out(session, due->reason, now);
  return session.doom == Reason::kNone;
}

void Lifetimes::on_timer(Session& session, MonoNs now) {
  session.retry_at = kNever;
  if (session.record.state() == State::kTerminated) return closing_.end_drain(session, now);
  if (!expire(session, now)) return;
  if (session.binding && now >= session.record.rekey_at()) session.want_rekey(Reason::kTimeElapsed);
  handshakes_.retry(session, now);
  rekeys_.retry(session, now);
  exchanges_.on_timer(session, now);
}

}  // namespace jumpgate::ctl
