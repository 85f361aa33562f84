/// An event log in memory, made as the gateway makes it, and the damage that may be done to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <jumpgate/time.hpp>

#include "audit/event.hpp"
#include "audit/json_line.hpp"
#include "audit/log_files.hpp"

namespace jumpgate::audit {

class LogText {
 public:
  std::vector<std::string> lines;

  /// The next event: a millisecond after the one before, with the next number.
  void add(Event event) {
    event.seq = ++seq_;
    event.mono = MonoNs{} + milliseconds(static_cast<std::int64_t>(++millisecond_));
    event.policy_version = event.policy_version == 0 ? 1 : event.policy_version;
    lines.push_back(to_json_line(event, "7", 1'700'000'000'000));
    lines.back().pop_back();
  }
  void of(unsigned session, std::uint64_t state_version, EventType type, Reason reason,
          EventDetail detail) {
    Event event;
    event.type = type;
    event.reason = reason;
    event.session.bytes = {0xab, static_cast<std::uint8_t>(session)};
    event.peer = ShortName(session == 1 ? "alice" : "bob");
    event.state_version = state_version;
    event.detail = detail;
    add(event);
  }
  void change(unsigned session, std::uint64_t state_version, State previous, Trigger trigger,
              State now, Reason reason) {
    of(session, state_version, EventType::kSessionStateChange, reason,
       StateChangeDetail{previous, now, trigger});
  }
  /// BIRTH to ATTACHED: four events.
  void attach(unsigned session) {
    of(session, 1, EventType::kSessionCreated, Reason::kNone,
       AttachDetail{.remote = {}, .local = {}, .epoch = 1});
    change(session, 2, State::kBirth, Trigger::kAttachOk, State::kAttached,
           Reason::kAttachedToTransport);
    of(session, 2, EventType::kTransportAttached, Reason::kAttachedToTransport,
       AttachDetail{.remote = {}, .local = {}, .binding_version = 1, .epoch = 1});
    of(session, 2, EventType::kKeyInstalled, Reason::kEpochInstalled, KeyDetail{.epoch = 1});
  }
  /// A planned jump of a session in ATTACHED at `version`: seven events.
  void jump(unsigned session, std::uint64_t version, std::uint64_t binding) {
    of(session, version, EventType::kReattachAttempt, Reason::kTransportRetiring,
       ReattachDetail{.from = {}, .jump_seq = 1, .binding_version = binding});
    change(session, version + 1, State::kAttached, Trigger::kInstability, State::kVolatile,
           Reason::kTransportRetiring);
    change(session, version + 2, State::kVolatile, Trigger::kSwitchStart, State::kRecovering,
           Reason::kPolicyForcedRecovery);
    of(session, version + 3, EventType::kReattachResult, Reason::kReattachSuccess,
       ReattachDetail{.from = {}, .jump_seq = 1, .binding_version = binding + 1});
    change(session, version + 3, State::kRecovering, Trigger::kReattachOk, State::kAttached,
           Reason::kReattachSuccess);
    of(session, version + 3, EventType::kTransportSwitch, Reason::kTransportRetiring,
       SwitchDetail{.from = {},
                    .to = {},
                    .jump_seq = 1,
                    .binding_version = binding + 1,
                    .epoch = binding + 1});
    of(session, version + 3, EventType::kKeyInstalled, Reason::kEpochInstalled,
       KeyDetail{.epoch = binding + 1});
  }
  /// The end of a session in ATTACHED at `version`: three events.
  void end(unsigned session, std::uint64_t version, Reason reason = Reason::kPeerClosed) {
    change(session, version + 1, State::kAttached, Trigger::kTerminate, State::kTerminated, reason);
    of(session, version + 1, EventType::kSessionTerminated, reason, TerminatedDetail{});
    of(session, version + 1, EventType::kKeyExpired, Reason::kSessionEnded, KeyDetail{.epoch = 1});
  }
  /// Numbers that no line will have.
  void skip(std::uint64_t numbers) { seq_ += numbers; }
  /// What the log says of the numbers from `first` to `last` that found no room.
  void loss(std::uint64_t first, std::uint64_t last, std::uint64_t count) {
    Event event;
    event.type = EventType::kEventsLost;
    event.detail = LostDetail{.count = count, .first_seq = first, .last_seq = last};
    add(event);
  }
  /// The program starts again.
  void restart() { seq_ = 0; }

  /// Replaces `from` in line `number` (from 1) by `to`; its check is made anew when `reseal`.
  void edit(std::size_t number, std::string_view from, std::string_view to, bool reseal) {
    std::string& line = lines.at(number - 1);
    line.replace(line.find(from), from.size(), to);
    if (!reseal) return;
    const std::size_t check = line.find(",\"check\":");
    const std::string body = line.substr(0, check) + "}";
    line = line.substr(0, check) + ",\"check\":\"" + line_check(body) + "\"}";
  }

  template <class Reader>
  void feed(Reader& reader) const {
    std::uint64_t number = 0;
    for (const std::string& line : lines)
      reader.on_line(LogLine{.text = line, .at = {.file = 0, .line = ++number}});
  }

 private:
  std::uint64_t seq_{0};
  std::uint64_t millisecond_{0};
};

}  // namespace jumpgate::audit
