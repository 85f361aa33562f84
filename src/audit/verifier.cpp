#include "audit/verifier.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "audit/json_line.hpp"

namespace jumpgate::audit {

void Verifier::on_line(const LogLine& line) {
  ++lines_;
  at_ = line.at;
  current_ = nullptr;
  if (!line.ended) fault("the last line has no newline: the file is cut short");
  if (line.too_long) {
    fault(fmt::format("longer than the {} bytes a line may have", kMaxLine));
    ++unread_;
    return;
  }
  const auto event = parse_event(line.text);
  if (!event) {
    fault(event.error());
    ++unread_;
    return;
  }
  current_ = &*event;
  if (!event->intact) fault("the line's check does not fit its content: damaged or edited");
  number(*event);
  node(*event);
  // What stands in the wrong place tells nothing about the session at this place.
  if (in_order_ && event->session) session(*event);
  current_ = nullptr;
}

void Verifier::number(const LoggedEvent& event) {
  const bool loss = event.type == EventType::kEventsLost;
  const std::uint64_t first = loss ? event.lost_first : event.seq;
  in_order_ = true;
  if (!begun_ || (first == 1 && expected_ != 1)) begin_run(event);
  if (event.seq < expected_) {
    in_order_ = false;
    fault(fmt::format("number {} after number {}: repeated or out of order", event.seq,
                      expected_ - 1));
    return;
  }
  const std::uint64_t missing = first > expected_ ? first - expected_ : 0;
  if (missing > unread_) {
    fault(missing == 1
              ? fmt::format("number {} is missing, and no EventsLost tells of it", expected_)
              : fmt::format("numbers {} to {} are missing, and no EventsLost tells of them",
                            expected_, first - 1));
  }
  if (missing > 0 || unread_ > 0) ++gaps_;
  unread_ = 0;
  if (loss) told_loss(event);
  expected_ = event.seq + 1;
}

// Told by the ring, the EventsLost has a number of its own behind the range; told for a sink, it
// stands at the range's last.
void Verifier::told_loss(const LoggedEvent& event) {
  ++gaps_;
  const bool range = event.lost_first >= expected_ && event.lost_last >= event.lost_first &&
                     event.lost_count == event.lost_last - event.lost_first + 1 &&
                     (event.seq == event.lost_last || event.seq == event.lost_last + 1);
  if (!range) {
    fault(fmt::format("EventsLost counts {} events, numbers {} to {}, which does not fit its place",
                      event.lost_count, event.lost_first, event.lost_last));
    return;
  }
  told_lost_ += event.lost_count;
  note(fmt::format("events lost, and told: {}, numbers {} to {}", event.lost_count,
                   event.lost_first, event.lost_last));
}

void Verifier::begin_run(const LoggedEvent& event) {
  const std::uint64_t first = event.type == EventType::kEventsLost ? event.lost_first : event.seq;
  if (begun_) {
    end_run();
  } else if (first > 1) {
    note(
        fmt::format("the log begins with number {}: what was before is not in these files", first));
  }
  begun_ = true;
  expected_ = first;
  unread_ = 0;
  mono_ns_ = 0;
  policy_version_ = 0;
  // Sessions older than the log are taken as they are found.
  gaps_ = first > 1 ? 1 : 0;
}

// No session outlives the program. They are remembered like ended ones: one that shows up again
// tells that files or lines stand in the wrong order.
void Verifier::end_run() {
  std::uint64_t open = 0;
  for (auto& [id, life] : lives_) {
    if (!life.of_earlier_run && !life.life.ended()) ++open;
    life.of_earlier_run = true;
    remember_ended(id, life);
  }
  note(fmt::format("the program started again; {} session(s) have no end in the log", open));
  keep_ended_bounded();
}

void Verifier::node(const LoggedEvent& event) {
  if (node_id_.empty()) node_id_ = event.node_id;
  if (event.node_id != node_id_) {
    fault(fmt::format("node_id is '{}', the lines before are of '{}'", event.node_id, node_id_));
  }
  if (const auto reason = only_reason(event.type); reason && *reason != event.reason) {
    fault(fmt::format("{} has reason {}, must have {}", to_string(event.type),
                      to_string(event.reason), to_string(*reason)));
  }
  if (!event.session && event.state_version != 0)
    fault("an event about the node has state_version 0");
  if (!in_order_) return;
  if (event.mono_ns < mono_ns_) {
    fault(fmt::format("mono_ns goes back from {} to {}", mono_ns_, event.mono_ns));
  }
  mono_ns_ = event.mono_ns;
  if (event.type != EventType::kPolicyApplied) return;
  const bool known = policy_version_ != 0;
  if (event.policy_version != event.previous_policy + 1 ||
      (known && event.previous_policy != policy_version_)) {
    fault(fmt::format("policy_version goes from {} to {}, must rise by one",
                      known ? policy_version_ : event.previous_policy, event.policy_version));
  }
  policy_version_ = event.policy_version;
}

void Verifier::session(const LoggedEvent& event) {
  Life* entry = life_of(event);
  if (entry == nullptr) return;
  Faults faults;
  const bool known_before = entry->of_earlier_run;
  if (known_before) {
    faults.emplace_back("the session is older than the start of the program before this line");
    entry->of_earlier_run = false;
    entry->life = SessionLife{};
  }
  entry->life.on_event(event, known_before || entry->gap != gaps_, faults);
  entry->gap = gaps_;
  for (std::string& what : faults)
    fault(std::move(what));
  if (!entry->life.ended() || entry->remembered) return;
  entry->ended_at = at_;
  remember_ended(*event.session, *entry);
  keep_ended_bounded();
}

Verifier::Life* Verifier::life_of(const LoggedEvent& event) {
  const auto found = lives_.find(*event.session);
  if (found != lives_.end()) return &found->second;
  if (lives_.size() - ended_.size() >= kMaxLives) {
    if (!full_)
      fault(fmt::format("more than {} sessions at once: new ones are not followed", kMaxLives));
    full_ = true;
    return nullptr;
  }
  ++sessions_;
  Life& life = lives_[*event.session];
  return &life;
}

void Verifier::remember_ended(const SessionId& id, Life& life) {
  if (life.remembered) return;
  life.remembered = true;
  ended_.push_back(id);
}

void Verifier::keep_ended_bounded() {
  for (; ended_.size() > kMaxEnded; ended_.pop_front())
    forget(ended_.front());
}

void Verifier::forget(const SessionId& id) {
  const auto found = lives_.find(id);
  if (found == lives_.end()) return;
  if (found->second.life.ended() && !found->second.life.closed() && found->second.gap == gaps_) {
    at_ = found->second.ended_at;
    const Finding finding{
        .at = at_, .session = id, .what = "the session ended without a SessionTerminated"};
    ++faults_;
    report_(finding);
  }
  lives_.erase(found);
}

void Verifier::finish() {
  const LineAt last = at_;
  for (const SessionId& id : ended_) {
    // The last line's own session may have been caught between two lines of its end.
    if (lives_.at(id).ended_at != last) forget(id);
  }
  ended_.clear();
}

void Verifier::tell(Finding::Kind kind, std::string what) {
  Finding finding{.kind = kind, .at = at_, .what = std::move(what)};
  if (current_ != nullptr) finding.seq = current_->seq;
  if (kind == Finding::Kind::kFault) {
    ++faults_;
    if (current_ != nullptr) finding.session = current_->session;
  }
  report_(finding);
}

}  // namespace jumpgate::audit
