#include "ctl/lifetime.hpp"

namespace jumpgate::ctl {

bool Lifetimes::expire(Session& session, MonoNs now) {
  if (session.record.state() == State::kTerminated) return false;
  const auto due = session.record.due(now);
  if (!due) return session.doom == Reason::kNone;
  if (due->trigger == Trigger::kTerminate) {
    closing_.terminate(session, due->reason, now);
    return false;
  }
  if (due->trigger == Trigger::kRecoveryFailed) {
    exchanges_.run_out(session, due->reason, now);
  } else {
    core_.transition(session, due->trigger, due->reason, now);
  }
  // What is to end as soon as a command is free keeps its times and takes nothing in.
  return session.doom == Reason::kNone;
}

void Lifetimes::on_timer(Session& session, MonoNs now) {
  session.retry_at = kNever;
  const bus::SessionRef ref = session.ref;
  closing_.retry(session, now);
  Session* alive = core_.sessions.find(ref);
  if (alive == nullptr || !expire(*alive, now)) return;
  if (alive->binding && now >= alive->record.rekey_at()) alive->want_rekey(Reason::kTimeElapsed);
  handshakes_.retry(*alive, now);
  rekeys_.retry(*alive, now);
  exchanges_.on_timer(*alive, now);
}

}  // namespace jumpgate::ctl
