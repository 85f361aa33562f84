#include "audit/timeline.hpp"

#include <utility>

#include "base/text.hpp"

namespace jumpgate::audit {

Timeline::Timeline(const std::string& target) {
  if (const auto id = base::parse_session_id(target)) {
    id_ = *id;
  } else {
    peer_ = target;
  }
}

void Timeline::on_line(const LogLine& line) {
  const auto event = line.too_long ? std::unexpected(std::string{}) : parse_event(line.text);
  if (!event) {
    ++unreadable_;
    return;
  }
  number(*event);
  if (!wanted(*event)) return;
  if (Track* track = track_of(*event); track != nullptr) add(*track, *event, line.text);
}

std::vector<SessionTimeline> Timeline::sessions() const {
  std::vector<SessionTimeline> all;
  all.reserve(tracks_.size());
  for (const Track& track : tracks_)
    all.push_back(track.told);
  return all;
}

void Timeline::number(const LoggedEvent& event) {
  const bool loss = event.type == EventType::kEventsLost;
  const std::uint64_t first = loss ? event.lost_first : event.seq;
  if (first == 1 && next_seq_ > 1) {
    for (Track& track : tracks_) {
      track.told.cut_off = track.told.cut_off || (!track.over && !track.life.ended());
      track.over = true;
    }
    next_seq_ = 1;
  }
  // Where the log begins, what was before counts as missing only for sessions met in mid-life.
  if (next_seq_ == 0) next_seq_ = first;
  if (first > next_seq_) missing_ += first - next_seq_;
  if (loss) missing_ += event.lost_count;
  if (event.seq >= next_seq_) next_seq_ = event.seq + 1;
}

bool Timeline::wanted(const LoggedEvent& event) const {
  if (!event.session) return false;
  if (id_) return *event.session == *id_;
  if (event.peer == peer_) return true;
  // A client's own events name the uplink, which changes within a session.
  for (const Track& track : tracks_) {
    if (!track.over && track.told.id == *event.session) return true;
  }
  return false;
}

Timeline::Track* Timeline::track_of(const LoggedEvent& event) {
  for (Track& track : tracks_) {
    if (!track.over && track.told.id == *event.session) return &track;
  }
  if (tracks_.size() >= kMaxTimelineSessions) {
    if (event.type == EventType::kSessionCreated) ++sessions_left_out_;
    return nullptr;
  }
  Track& track = tracks_.emplace_back();
  track.told.id = *event.session;
  track.told.peer = event.peer;
  track.told.node_id = event.node_id;
  track.told.from_birth = event.type == EventType::kSessionCreated;
  track.told.began_ns = event.mono_ns;
  track.told.last_ns = event.mono_ns;
  track.missing_seen = missing_;
  return &track;
}

void Timeline::add(Track& track, const LoggedEvent& event, std::string_view line) {
  SessionTimeline& told = track.told;
  const std::uint64_t missing = missing_ - track.missing_seen;
  const bool joins = !told.from_birth && !told.state && told.entries.empty();
  if (told.state && event.mono_ns > told.last_ns)
    told.in_state_ns[static_cast<std::size_t>(*told.state)] += event.mono_ns - told.last_ns;
  Faults faults;
  track.life.on_event(event, missing > 0 || joins, faults);
  track.missing_seen = missing_;
  told.faults += faults.size();
  told.state = track.life.state();
  told.last_ns = event.mono_ns;
  if (event.type == EventType::kTransportSwitch) ++told.switches;
  if (event.type == EventType::kTransportSwitchDenied) ++told.switches_denied;
  if (event.type == EventType::kTransportSwitchFailed) ++told.switches_failed;
  if (event.type == EventType::kKeyRotated) ++told.rekeys;
  if (track.life.ended() && !told.end_reason) told.end_reason = event.reason;
  if (kept_ >= kMaxTimelineEvents) {
    ++told.left_out;
    return;
  }
  ++kept_;
  told.entries.push_back(
      {.event = event, .line = std::string(line), .state = told.state, .missing_before = missing});
}

}  // namespace jumpgate::audit
