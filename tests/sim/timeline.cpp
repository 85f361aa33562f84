#include "timeline.hpp"

#include <algorithm>
#include <cstdio>

#include "session/fsm.hpp"

namespace jumpgate::sim {

std::string short_id(const SessionId& id) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%02x%02x%02x%02x", id.bytes[0], id.bytes[1], id.bytes[2],
                id.bytes[3]);
  return text.data();
}

void Timeline::report(Rule rule, const audit::Event& event, const std::string& text) {
  findings_.add(rule, event.mono,
                name_ + " " + short_id(event.session) + ": " + text + " (" +
                    std::string(to_string(event.type)) + ", " +
                    std::string(to_string(event.reason)) + ")");
}

void Timeline::on_event(const audit::Event& event) {
  if (side_ == Side::kGateway && event.seq != next_seq_) {
    report(Rule::kEventLost, event,
           "event " + std::to_string(event.seq) + " follows " + std::to_string(next_seq_ - 1));
  }
  next_seq_ = event.seq + 1;
  if (event.type == EventType::kEventsLost) report(Rule::kEventLost, event, "events lost");
  if (event.mono < last_) report(Rule::kInvalidTransition, event, "time goes backwards");
  last_ = event.mono;
  if (event.session == SessionId{}) return;
  if (event.type == EventType::kSessionCreated) return begin(event);

  const auto found = alive_.find(event.session);
  if (found == alive_.end()) {
    // Keys of an ended session are wiped when the worker has let go of it.
    if (!knew(event.session)) report(Rule::kInvalidTransition, event, "no such session");
    if (event.type == EventType::kSessionStateChange)
      report(Rule::kInvalidTransition, event, "a transition after the end");
    return;
  }
  Life& life = found->second;
  if (const auto* step = std::get_if<audit::StateChangeDetail>(&event.detail)) {
    change(life, event, *step);
  } else if (event.state_version != life.state_version &&
             event.state_version != life.state_version + 1) {
    report(Rule::kInvalidTransition, event, "another state_version than its session");
  }
  if (event.type == EventType::kTransportAttached)
    bind(life, event, std::get<audit::AttachDetail>(event.detail).binding_version);
  if (event.type == EventType::kTransportSwitch) {
    ++switches_;
    bind(life, event, std::get<audit::SwitchDetail>(event.detail).binding_version);
  }
  if (event.type == EventType::kSessionTerminated) {
    if (life.state != State::kTerminated)
      report(Rule::kInvalidTransition, event, "SessionTerminated without its transition");
    ended_.insert(alive_.extract(found));
  }
}

void Timeline::begin(const audit::Event& event) {
  const bool fresh = !knew(event.session) && !alive_.contains(event.session);
  if (!fresh) report(Rule::kInvalidTransition, event, "a SessionID is used again");
  if (event.state_version != 1)
    report(Rule::kInvalidTransition, event, "does not begin with state_version 1");
  alive_[event.session] = {
      .peer = std::string(event.peer.view()), .created = event.mono, .entered = event.mono};
}

void Timeline::change(Life& life, const audit::Event& event, const audit::StateChangeDetail& step) {
  if (step.previous != life.state)
    report(Rule::kInvalidTransition, event,
           "leaves " + std::string(to_string(step.previous)) + " but was in " +
               std::string(to_string(life.state)));
  if (event.state_version != life.state_version + 1)
    report(Rule::kInvalidTransition, event,
           "state_version " + std::to_string(event.state_version) + " after " +
               std::to_string(life.state_version));
  if (session::next_state(step.previous, step.trigger, event.reason) != step.now)
    report(Rule::kInvalidTransition, event,
           std::string(to_string(step.previous)) + " -> " + std::string(to_string(step.now)));
  if (late(life, event.mono)) report(Rule::kInvalidTransition, event, "RECOVERING ended late");
  life.state = step.now;
  life.state_version = event.state_version;
  life.entered = event.mono;
}

void Timeline::bind(Life& life, const audit::Event& event, std::uint64_t version) {
  if (version != life.binding_version + 1)
    report(Rule::kInvalidTransition, event,
           "binding_version " + std::to_string(version) + " after " +
               std::to_string(life.binding_version));
  life.binding_version = version;
}

bool Timeline::late(const Life& life, MonoNs now) const {
  return life.state == State::kRecovering &&
         now > std::max(life.entered + window_, excused_until_) + kTimerSlack;
}

void Timeline::check_deadlines(MonoNs now) {
  for (const auto& [id, life] : alive_) {
    if (late(life, now))
      findings_.add(Rule::kInvalidTransition, now,
                    name_ + " " + short_id(id) + ": stays RECOVERING");
  }
}

const Life* Timeline::find(const SessionId& id) const {
  if (const auto found = alive_.find(id); found != alive_.end()) return &found->second;
  const auto found = ended_.find(id);
  return found == ended_.end() ? nullptr : &found->second;
}

}  // namespace jumpgate::sim
