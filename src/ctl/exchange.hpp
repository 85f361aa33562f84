/// The exchange that proves a path and moves the binding to it: proposal, challenges, response,
/// commit (spec/jump.md). Jumps, in-place checks and rebinding checks begin one; from there on they
/// are the same.
///
///   begin -> ProposeEpoch -> worker has the keys -> CHALLENGE(s) -> RESPONSE -> policy -> commit
///   -> worker has moved -> ACK                                              | else fail:
///   RECOVERING -> DEGRADED
///
/// Owner thread: the controller. Bound: one exchange a session, two addresses, 1 +
/// kMaxAnswerRepeats challenges each. Failure: without a free command the commit is tried again
/// each tick until the recovery window ends; whatever fails leaves the retained binding as it was.
#pragma once

#include <optional>
#include <span>

#include <jumpgate/wire.hpp>

#include "ctl/closing.hpp"
#include "ctl/core.hpp"
#include "session/policy.hpp"

namespace jumpgate::ctl {

/// Where a challenge goes; `allowed` challenges at most until the address has answered.
struct Candidate {
  Endpoint remote;
  Endpoint local;
  std::uint8_t allowed{1 + limits::kMaxAnswerRepeats};
};

class Exchanges {
 public:
  Exchanges(Core& core, Closing& closing) : core_(core), closing_(closing) {}

  /// What begin() needs, taken before the transition, so that nothing can fail after it.
  struct Reservation {
    bus::Command* command{nullptr};
    ConnectionId gateway_cid;
    std::array<ConnectionId, limits::kMaxJumpIds> jump_ids{};
  };
  enum class Lack : std::uint8_t { kCommand, kIds };
  [[nodiscard]] std::expected<Reservation, Lack> reserve(Session& session, MonoNs now);

  struct Start {
    wire::ChallengeKind kind{};
    std::uint64_t jump_seq{0};
    ConnectionId client_cid;
    Reason cause{Reason::kNone};
  };
  /// The session is RECOVERING; takes the place of a pending exchange.
  void begin(Session& session, const Reservation& reservation, const Start& start,
             std::span<const Candidate> candidates, MonoNs now);
  /// The pending exchange is over for another one; no transition.
  void abandon(Session& session, MonoNs now);
  /// RECOVERING -> DEGRADED for `state_reason`; `verdict` says what went wrong.
  void fail(Session& session, Reason state_reason, Reason verdict, MonoNs now);

  /// The recovery window is over. A client that waits for an answer is told, since its own may go on.
  void run_out(Session& session, Reason state_reason, MonoNs now);

  /// A second address for the same jump_seq; false when two were challenged.
  bool add_candidate(Session& session, const Candidate& candidate, MonoNs now);
  /// Sends, or repeats, the challenge to one address; nothing beyond its bounds.
  void challenge(Session& session, std::uint8_t index, MonoNs now);

  void on_proposed(Session& session, std::uint64_t epoch, MonoNs now);
  /// The worker has no room for the proposed epoch.
  void on_proposal_refused(Session& session, std::uint64_t epoch, MonoNs now);
  /// `generation`: the one whose key opened it.
  void on_response(Session& session, const wire::PathResponse& message, std::uint32_t generation,
                   const Endpoint& from, const Endpoint& to, MonoNs now);
  void on_committed(Session& session, std::uint64_t epoch);
  /// Repetitions, the probe's end, and what waited for a command.
  void on_timer(Session& session, MonoNs now);

  /// Seals and sends a REFUSAL, and keeps it for repetitions.
  void refuse(Session& session, std::uint64_t jump_seq, Reason reason, Duration retry_after,
              ConnectionId client_cid, const Endpoint& local, const Endpoint& remote);
  void repeat_refusal(Session& session);
  /// What policy says of a commit to this address now.
  [[nodiscard]] session::SwitchVerdict judge(const Session& session, IpFamily family, bool exempt,
                                             bool count_attempts, MonoNs now) const;

 private:
  [[nodiscard]] bool answer_again(Session& session, const wire::PathResponse& message,
                                  const Endpoint& from);
  /// Verdict 9 over an answer to the challenge that `address` got, the ones before it once more.
  [[nodiscard]] Reason judge_answer(const Session& session, const wire::PathResponse& message,
                                    const Challenged& address, const Endpoint& from,
                                    MonoNs now) const;
  void decide(Session& session, std::uint8_t index, MonoNs now);
  void commit(Session& session, std::uint8_t index, MonoNs now);
  /// An exchange that may not go on, or lacks something: says so to a client that asked, and fails.
  void turn_down(Session& session, const Challenged& address, Reason state_reason,
                 const session::SwitchVerdict& verdict, MonoNs now);
  /// Binding version, epoch and state, together; what TransportSwitch tells. Nothing: the record
  /// contradicts itself, and the session must not go on.
  [[nodiscard]] std::optional<audit::SwitchDetail> change_record(Session& session,
                                                                 const Challenged& address,
                                                                 MonoNs now);
  void bind(Session& session, const Challenged& address, const bus::OuterPath& path, MonoNs now);
  void tell_of_commit(Session& session, const audit::SwitchDetail& detail, bool in_place,
                      MonoNs now);
  void cancel_epoch(Session& session, std::uint64_t epoch, MonoNs now);
  void acknowledge(Session& session);
  [[nodiscard]] audit::SwitchDetail switch_detail(const Session& session, const Endpoint& to) const;

  Core& core_;
  Closing& closing_;
};

}  // namespace jumpgate::ctl
