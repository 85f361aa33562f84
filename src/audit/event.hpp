/// One event: what happened to a session, or to the node, and why (spec/events.md).
///
/// Purpose: the unit that the controller publishes and the audit thread writes out.
/// Owner thread: a value. Bound: fixed size, trivially copyable, no pointer in it.
/// Failure: a peer's name that is too long is cut at kMaxNameBytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>

#include <jumpgate/limits.hpp>
#include <jumpgate/reasons.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>

namespace jumpgate::audit {

/// Schema version of the JSON lines; rises when a field changes its meaning or goes.
inline constexpr unsigned kSchema = 1;

/// A name of at most kMaxNameBytes bytes, held by value.
class ShortName {
 public:
  ShortName() = default;
  ShortName(std::string_view text)  // NOLINT(google-explicit-constructor): text is what it is
      : size_(static_cast<std::uint8_t>(std::min(text.size(), limits::kMaxNameBytes))) {
    std::copy_n(text.begin(), size_, bytes_.begin());
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::uint8_t size_{0};
  std::array<char, limits::kMaxNameBytes> bytes_{};
};

// ---- What only some types carry
// ------------------------------------------------------------------

/// SessionStateChange.
struct StateChangeDetail {
  State previous{};
  State now{};
  Trigger trigger{};
};

/// TransitionRejected: what was asked for, and the state that forbids it.
struct RejectedDetail {
  State state{};
  Trigger trigger{};
  std::uint64_t count{1};
};

/// SessionCreated, TransportAttached: where the session is reached, under which suite.
struct AttachDetail {
  Endpoint remote;
  Endpoint local;
  std::uint64_t binding_version{0};
  std::uint64_t epoch{0};
  Suite suite{Suite::kNone};
};

/// TransportSwitch, and TransportSwitchDenied and -Failed with what is known of it.
struct SwitchDetail {
  Endpoint from;
  Endpoint to;
  std::uint64_t jump_seq{0};  // 0: started by the gateway
  std::uint64_t binding_version{0};
  std::uint64_t epoch{0};
  std::uint32_t candidates{0};     // addresses challenged for it
  std::uint32_t loss_permille{0};  // of the path left
  Duration latency{};              // smoothed round trip, or from CHALLENGE to RESPONSE
};

/// ReattachAttempt, ReattachResult (the verdict is the event's reason).
struct ReattachDetail {
  Endpoint from;
  std::uint64_t jump_seq{0};
  std::uint64_t binding_version{0};
  Duration elapsed{};  // result: from the first REATTACH of this jump_seq
};

/// SessionTerminated.
struct TerminatedDetail {
  Duration age{};
  Duration transportless{};
  std::uint64_t rx_packets{0};
  std::uint64_t rx_bytes{0};
  std::uint64_t tx_packets{0};
  std::uint64_t tx_bytes{0};
  Reason peer_reason{Reason::kNone};  // of the peer's CLOSE, when that ended it
};

/// KeyInstalled, KeyRotated, KeyExpired, RekeyDenied.
struct KeyDetail {
  std::uint64_t epoch{0};
  std::uint32_t generation{0};
};

/// Security*: where the last of them came from; `count` sums what is not reported one by one.
struct SecurityDetail {
  Endpoint from;
  std::uint64_t count{1};
};

/// PolicyApplied, PolicyRejected.
struct PolicyDetail {
  std::uint64_t previous_version{0};
  ShortName field;  // rejected: the field at fault
};

/// OwnershipChanged.
struct OwnershipDetail {
  std::uint32_t previous_node{0};
  std::uint32_t now_node{0};
  std::uint64_t owner_epoch{0};
};

/// QuotaReached: so much of the peer's quota is used up, by all its sessions together.
struct QuotaDetail {
  std::uint8_t percent{0};
  std::uint64_t quota_bytes{0};
};

/// EventsLost: the events first_seq..last_seq, all of them, are in no line.
struct LostDetail {
  std::uint64_t count{0};
  std::uint64_t first_seq{0};
  std::uint64_t last_seq{0};
};

using EventDetail =
    std::variant<std::monostate, StateChangeDetail, RejectedDetail, AttachDetail, SwitchDetail,
                 ReattachDetail, TerminatedDetail, KeyDetail, SecurityDetail, PolicyDetail,
                 OwnershipDetail, QuotaDetail, LostDetail>;

struct Event {
  std::uint64_t seq{0};  // given by EventLog
  MonoNs mono{};
  EventType type{};
  Reason reason{Reason::kNone};
  SessionId session{};  // all zero: about the node
  std::uint64_t state_version{0};
  std::uint64_t policy_version{0};
  ShortName peer;
  EventDetail detail;
};

static_assert(std::is_trivially_copyable_v<Event>);
static_assert(sizeof(Event) <= 256, "16384 of them are 4 MiB");

}  // namespace jumpgate::audit
