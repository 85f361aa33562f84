/// Everything that crosses between the planes, typed. Commands go down from the controller to the
/// owning worker and come back as acknowledgements in the same object; reports go up. Plain values:
/// no pointer into either plane's state crosses here, except mbufs, whose ownership moves with the
/// message.
///
/// Bounds: each worker has one command pool and two rings of its size (down, back up), so a command
/// that was obtained from the pool can always be sent and always be returned: holding one is the
/// ring credit. Reports use a bounded ring; a full one is counted by the worker (`punt_queue_full`)
/// and edges are reported again later.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <variant>

#include <jumpgate/drops.hpp>
#include <jumpgate/limits.hpp>
#include <jumpgate/reasons.hpp>
#include <jumpgate/time.hpp>
#include <jumpgate/types.hpp>
#include <jumpgate/wire.hpp>

#include "session/signals.hpp"

struct rte_mbuf;

namespace jumpgate::bus {

/// Names one life of one slot; messages of an earlier life of the slot are recognised and ignored.
struct SessionRef {
  std::uint8_t worker{0};
  std::uint32_t slot{0};
  std::uint32_t life{0};  // rises each time the controller reuses the slot
  constexpr bool operator==(const SessionRef&) const = default;
};

/// Where sealed packets of a binding leave: chosen by the controller from routes, read by the
/// worker for its header template. `neighbour` indexes the shared neighbour table, where the worker
/// finds the MAC at each burst.
struct OuterPath {
  Endpoint remote;
  Endpoint local;
  std::uint8_t port{0};
  std::uint32_t neighbour{0};
  IpAddress next_hop;  // whose entry that is: named in kResolve while it is unresolved
};

/// Both directions of one epoch, as the worker needs them.
struct EpochKeys {
  std::uint64_t epoch{0};
  std::uint32_t generation{0};
  Suite suite{};
  TrafficKey receive;
  TrafficKey send;
};

/// Control keys of one root generation: the worker only opens, the controller seals.
struct ControlReceiveKey {
  std::uint32_t generation{0};
  ControlKey key{};
};

/// The worker's part of the policy, per session.
struct LivenessPolicy {
  Duration interval{};       // between heartbeats while traffic flows or the state is not ATTACHED
  Duration idle_interval{};  // otherwise
  Duration silence_floor{};  // threshold is the larger of this and four times the peer's announced
                             // interval
  session::PathTolerance tolerance{};
  std::uint64_t rekey_packets{limits::kRekeyAfterPackets};
  std::uint64_t rekey_blocks{limits::kRekeyAfterBlocks};
};

// ---- Commands
// ------------------------------------------------------------------------------------------------------

/// A BIRTH: keys and ids are ready, only control messages are accepted, nothing is sent.
struct InstallSession {
  SessionId id;
  std::uint32_t peer{0};  // index in the peer table
  ConnectionId gateway_cid;
  ConnectionId client_cid;
  std::array<ConnectionId, limits::kMaxJumpIds> jump_ids{};
  ControlReceiveKey control;
  EpochKeys epoch;
  LivenessPolicy liveness;
  std::uint32_t replay_window_packets{0};
  std::uint64_t carried{0};  // bytes of the peer's sessions before it, of its quota
};

/// CONFIRM was accepted: the first binding; data may flow both ways.
struct Attach {
  OuterPath path;
};

/// Receive keys of a proposed epoch (jump, in place, rebinding). Its DATA is held until Commit.
/// Replaces an earlier proposal and drops the previous epoch when the slots for epochs are used up.
struct ProposeEpoch {
  EpochKeys epoch;
  ConnectionId gateway_cid;
};

/// The swap: from here on everything is sent in `epoch`, to `client_cid`, over `path`; held packets
/// are released; the old epoch is receive-only for its drain (the worker knows the RTT), then wiped
/// and reported. A heartbeat in the new epoch follows at once.
struct Commit {
  std::uint64_t epoch{0};
  OuterPath path;
  ConnectionId client_cid;
  std::array<ConnectionId, limits::kMaxJumpIds> jump_ids{};  // the former set stays valid beside it
};

/// The proposal is over; its keys are wiped, held packets dropped.
struct CancelEpoch {
  std::uint64_t epoch{0};
};

/// Rekey: receive keys of the next generation (control, and traffic under the same ids).
struct InstallGeneration {
  ControlReceiveKey control;
  EpochKeys epoch;
};

/// The next generation is confirmed: send in it; the old epoch drains, the old control key goes
/// with it.
struct ConfirmGeneration {
  std::uint64_t epoch{0};
};

/// An unconfirmed next generation is over.
struct CancelGeneration {
  std::uint32_t generation{0};
};

/// How the session is to be kept alive now, and what of its quota is used up by others.
struct SetLiveness {
  LivenessPolicy policy;
  bool quick{false};  // the quick interval whatever the traffic
  bool reattach_wanted{false};
  bool rekey_wanted{false};
  std::uint64_t carried{0};  // as in InstallSession
};

/// Superseded: nothing is sent any more and nothing but DATA is taken, of the epochs in force, until
/// RemoveSession. A proposal is over.
struct DrainSession {};

/// The end: an authenticated CLOSE is sent first when `send_close`; keys and windows are wiped
/// before the acknowledgement, so the slot may be reused from then on.
struct RemoveSession {
  Reason reason{Reason::kNone};
  bool send_close{false};
};

using CommandBody =
    std::variant<InstallSession, Attach, ProposeEpoch, Commit, CancelEpoch, InstallGeneration,
                 ConfirmGeneration, CancelGeneration, SetLiveness, DrainSession, RemoveSession>;

/// A body with keys in it is built within its Command, in locked memory, and nowhere else.
template <class Body>
concept CarriesKeys = requires(Body body) {
  { body.epoch.send } -> std::same_as<TrafficKey&>;
};

/// One command; the same object comes back with `applied` set. Lives in locked hugepage memory
/// since it holds keys; the worker wipes the body before it returns it.
struct Command {
  SessionRef session;
  std::uint64_t tag{0};  // the controller's, returned untouched
  bool applied{false};   // false: the slot lives another life or the command does not fit its state
  CommandBody body;
};

// ---- Reports
// -------------------------------------------------------------------------------------------------------

enum class ReportKind : std::uint8_t {
  kHandshake,  // mbuf data: a HELLO, datagram only (no outer headers); from
  kControl,  // mbuf data: the 232-byte plaintext of an authentic control message; type, generation,
             // cid, from
  kFrame,    // mbuf data: a whole frame for the controller (ARP, ND, ICMP to us); port
  kResolve,  // mbuf data: a whole frame whose next hop is unresolved; port = egress, address = next
             // hop
  kUnknownCid,      // cid, from: candidate for a stateless reset; `value` = length of what came
  kSilence,         // the bound path has been silent beyond the threshold; `value` = silence in ns
  kAlive,           // authentic traffic again on the bound path after kSilence
  kVolatile,        // a figure of the bound path is beyond its threshold; `value` = reason number
  kStable,          // every figure is within its threshold again after kVolatile
  kNewPath,         // authentic, fresh, above the highest counter, from another address: from
  kEpochConfirmed,  // first authentic packet of epoch `value`
  kPeerClosed,      // authentic CLOSE; `value` = reason number
  kKeyUsage,  // rekey limit (value 0), hard limit (1), failed opens (2) of the sending or receiving
              // key
  kEpochReleased,  // epoch `value` has drained, its keys are wiped
  kInnerLocal,     // mbuf data: an inner IP packet out of the tunnel to the gateway itself; session
  kInnerRefused,   // mbuf data: an inner IP packet that was dropped and may be answered by ICMP:
                   // reason, mtu
  kQuota,          // `value` percent of the peer's quota are used up: 80 or 100
  kInconsistent,   // the worker found its own record of the session broken and stopped it
};

/// One report; the mbuf, if any, belongs to the receiver.
struct Report {
  ReportKind kind{};
  wire::Type type{};            // kControl
  std::uint8_t worker{0};       // that reports
  std::uint8_t port{0};         // where it came in, or should go out (kResolve)
  std::uint32_t generation{0};  // kControl: root generation of the key that opened it
  SessionRef session;
  ConnectionId cid;      // kControl, kUnknownCid: addressed id; edges: our id of their binding
  Endpoint from;         // outer source
  Endpoint to;           // outer destination: our address it was sent to
  IpAddress address;     // kResolve
  DropReason reason{};   // kInnerRefused
  std::uint16_t mtu{0};  // kInnerRefused, inner_too_big: what would fit
  std::uint64_t value{0};
  std::uint64_t epoch{0};  // kKeyUsage: whose key
  rte_mbuf* mbuf{nullptr};
};

}  // namespace jumpgate::bus
