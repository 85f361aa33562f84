#include "audit/session_life.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "session/fsm.hpp"

namespace jumpgate::audit {

void SessionLife::on_event(const LoggedEvent& event, bool lines_missing, Faults& faults) {
  if (event.type == EventType::kSessionCreated) return created(event, faults);
  if (!begun_ && !lines_missing)
    faults.emplace_back("no SessionCreated of this session stands before it");
  if (!begun_ || lines_missing) catch_up(event, faults);
  if (event.policy_version < policy_version_) {
    faults.push_back(
        fmt::format("policy_version falls from {} to {}", policy_version_, event.policy_version));
  }
  policy_version_ = event.policy_version;
  if (event.type == EventType::kSessionStateChange) return state_change(event, faults);
  if (ended()) return after_the_end(event, faults);
  of_the_step(event, faults);
  own_fields(event, faults);
}

// What the missing lines may have held is taken from the event itself.
void SessionLife::catch_up(const LoggedEvent& event, Faults& faults) {
  announced_ = false;
  binding_.sure = false;
  if (begun_ && event.state_version < state_version_) {
    faults.push_back(
        fmt::format("state_version falls from {} to {}", state_version_, event.state_version));
  }
  if (!begun_ || event.state_version != state_version_) {
    state_.reset();
    state_version_ = event.state_version;
  }
  begun_ = true;
}

void SessionLife::created(const LoggedEvent& event, Faults& faults) {
  if (begun_) faults.emplace_back("the session is created a second time");
  if (event.state_version != 1) {
    faults.push_back(
        fmt::format("a session begins with state_version 1, not {}", event.state_version));
  }
  *this = SessionLife{};
  begun_ = true;
  state_ = State::kBirth;
  state_version_ = event.state_version;
  policy_version_ = event.policy_version;
}

void SessionLife::state_change(const LoggedEvent& event, Faults& faults) {
  announced_ = false;
  if (state_ && *state_ != event.previous) {
    faults.push_back(fmt::format("the session is {}, the event says it was {}", to_string(*state_),
                                 to_string(event.previous)));
  }
  const bool fits =
      state_ ? event.state_version == state_version_ + 1 : event.state_version >= state_version_;
  if (!fits) {
    faults.push_back(fmt::format("state_version goes from {} to {}, must rise by one",
                                 state_version_, event.state_version));
  }
  const auto next = session::next_state(event.previous, event.trigger, event.reason);
  if (!next) {
    faults.push_back(fmt::format("illegal transition: {} with trigger {} and reason {} ({})",
                                 to_string(event.previous), to_string(event.trigger),
                                 to_string(event.reason), session::to_string(next.error())));
  } else if (*next != event.now) {
    faults.push_back(fmt::format("illegal transition: {} by {} leads to {}, not to {}",
                                 to_string(event.previous), to_string(event.trigger),
                                 to_string(*next), to_string(event.now)));
  }
  state_ = event.now;
  state_version_ = event.state_version;
  end_reason_ = event.reason;
}

// Not a transition: it shares the version of the step it belongs to. Of these only a ReattachResult
// may stand before its transition, with the transition's version (spec/events.md "Order").
void SessionLife::of_the_step(const LoggedEvent& event, Faults& faults) {
  const bool follows = event.state_version == state_version_;
  if (announced_) {
    faults.emplace_back("the transition that the ReattachResult before it belongs to is missing");
    announced_ = false;
    state_.reset();
    state_version_ = event.state_version;
    return;
  }
  if (follows) return;
  if (event.type == EventType::kReattachResult && event.state_version == state_version_ + 1) {
    announced_ = true;
    return;
  }
  faults.push_back(fmt::format("state_version jumps from {} to {} without a SessionStateChange",
                               state_version_, event.state_version));
  state_.reset();
  state_version_ = event.state_version;
}

void SessionLife::own_fields(const LoggedEvent& event, Faults& faults) {
  const auto must_be = [&](State state) {
    if (state_ && *state_ != state) {
      faults.push_back(fmt::format("{} in {}, belongs to {}", to_string(event.type),
                                   to_string(*state_), to_string(state)));
    }
  };
  switch (event.type) {
    case EventType::kTransportAttached:
    case EventType::kTransportSwitch:
      must_be(State::kAttached);
      next_version(binding_, event.binding_version, "binding_version", faults);
      return;
    case EventType::kKeyInstalled:
      if (event.epoch <= newest_epoch_) {
        faults.push_back(fmt::format("keys of epoch {} are installed after those of epoch {}",
                                     event.epoch, newest_epoch_));
      }
      newest_epoch_ = std::max(newest_epoch_, event.epoch);
      return;
    case EventType::kSessionTerminated:
      must_be(State::kTerminated);
      return;
    default:
      return;
  }
}

// The end's own events: SessionTerminated, once, and the wiping of the keys.
void SessionLife::after_the_end(const LoggedEvent& event, Faults& faults) {
  if (event.state_version != state_version_) {
    faults.push_back(fmt::format("state_version goes from {} to {} after the session's end",
                                 state_version_, event.state_version));
  }
  if (event.type == EventType::kKeyExpired) return;
  if (event.type != EventType::kSessionTerminated || closed_) {
    faults.push_back(fmt::format("{} after the session's end", to_string(event.type)));
    return;
  }
  closed_ = true;
  if (event.reason != end_reason_) {
    faults.push_back(fmt::format("the session ended with reason {}, its SessionTerminated says {}",
                                 to_string(end_reason_), to_string(event.reason)));
  }
}

void SessionLife::next_version(Version& version, std::uint64_t told, const char* what,
                               Faults& faults) {
  const bool fits = version.sure ? told == version.value + 1 : told > version.value;
  if (!fits) {
    faults.push_back(
        fmt::format("{} goes from {} to {}, must rise by one", what, version.value, told));
  }
  version = {.value = told, .sure = true};
}

}  // namespace jumpgate::audit
