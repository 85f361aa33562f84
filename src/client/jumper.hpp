/// The client's side of a jump (spec/jump.md "What the client does"): REATTACH, CHALLENGE,
/// RESPONSE, commit; refusals; and the checks that the gateway starts.
///
///              start/heal           CHALLENGE              ACK or first packet of the new epoch
///     idle ---------------> requesting -------> responding --------------------------------> idle
///      ^   (wait: cooldown,   ^ |  unanswered          |  unanswered
///      |    no candidate)     +-+----------------------+  new jump_seq, next candidate
///      +------------------------+----------------------+  window over, refused
///
/// Owner thread: the client's loop. Bound: one exchange, one proposal kept; 3 s for each of the two
/// answers that an attempt waits for; answers to repeated challenges as limits::kMaxAnswerRepeats
/// says. Failure: DEGRADED, and tried again
/// while the session lives.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "client/session_core.hpp"

namespace jumpgate::client {

/// A REATTACH without CHALLENGE is given up after it, and so is a RESPONSE without commit
/// (spec/jump.md "Unanswered").
inline constexpr Duration kAttemptTimeout = seconds(3);
/// An uplink that failed is tried again after those that did not.
inline constexpr Duration kFailedUplinkPause = kAttemptTimeout * 2;
/// While another uplink is still untried, a message is repeated so often and no more.
inline constexpr unsigned kRepeatsWithAlternative = 2;
/// Retransmissions of control messages start no faster, and grow by half each time.
inline constexpr Duration kMinRetransmit = milliseconds(200);
/// After a failed recovery the next one begins no sooner.
inline constexpr Duration kMinRecoveryPause = seconds(1);

/// max(1.5 x RTT, 200 ms), then growing by half: the pace of everything that is repeated.
struct RetransmitTimer {
  MonoNs at{kNever};
  Duration interval{};
  unsigned sent{0};

  void start(Duration rtt, MonoNs now);
  void sent_again(MonoNs now);
  void stop() { at = kNever; }
};

class Jumper {
 public:
  explicit Jumper(SessionCore& core);

  /// The session has left ATTACHED (or goes on without it): find a candidate. `target` for a
  /// planned move.
  void start(std::optional<UplinkId> target, MonoNs now);
  /// Authentic traffic on the retained binding while VOLATILE or DEGRADED.
  void on_healed(MonoNs now);
  void on_uplink_up(MonoNs now);
  void on_uplink_down(UplinkId uplink, MonoNs now);
  /// The record's own deadline is over, of RECOVERING or of VOLATILE: the transition, and what
  /// follows.
  void on_deadline(const session::DueTransition& due, MonoNs now);

  /// An authentic PATH_CHALLENGE. True when it is a new one and its binding is now the proposed one.
  [[nodiscard]] bool on_challenge(const wire::PathChallenge& challenge, const Arrival& arrival,
                                  MonoNs now);
  void on_refusal(const wire::Refusal& refusal, const Arrival& arrival, MonoNs now);
  /// True when the ACK or the packet of the proposed epoch committed it.
  bool on_ack(const wire::Ack& ack, const Arrival& arrival, MonoNs now);
  bool on_proposed_epoch(MonoNs now);

  void tick(MonoNs now);
  [[nodiscard]] MonoNs next_deadline() const;

  [[nodiscard]] bool pending() const { return phase_ != Phase::kIdle; }
  [[nodiscard]] bool owns(ConnectionId client_cid) const {
    return phase_ == Phase::kRequesting && client_cid == attempt_.client_cid;
  }
  /// The gateway is at a binding that we have no keys for: only a new session helps.
  [[nodiscard]] bool wants_new_session() const { return wants_new_session_; }
  /// A quick heartbeat leaves: one more RESPONSE goes with it while the ACK is out.
  void on_heartbeat_sent(MonoNs now);
  /// Compares in constant time with the tokens of the ids that this exchange sends to.
  [[nodiscard]] bool matches_reset(const ResetToken& token) const;

 private:
  enum class Phase : std::uint8_t { kIdle, kRequesting, kResponding };

  struct Attempt {
    std::uint64_t jump_seq{0};
    UplinkId uplink{kNoUplink};
    Endpoint gateway;
    std::size_t jump_id{0};
    ConnectionId client_cid;
    MonoNs started;
    bool open{false};  // its ReattachResult is still to come
  };
  /// The binding a CHALLENGE proposes, kept until it is committed or replaced.
  struct Proposal {
    wire::PathChallenge challenge;
    std::uint8_t id_key_phase{0};
    UplinkId uplink{kNoUplink};
    Endpoint gateway;
    ConnectionId client_cid;
    unsigned answers{0};
    bool adopted{false};
  };

  void begin(MonoNs now);
  void begin_attempt(UplinkId uplink, MonoNs now);
  void try_next(MonoNs now);
  [[nodiscard]] std::optional<UplinkId> pick(MonoNs now) const;
  /// An uplink that is neither the retained one nor `busy`, untried or long since tried.
  [[nodiscard]] std::optional<UplinkId> untried(std::optional<UplinkId> busy, MonoNs now) const;
  /// When none is untried: the one whose failure is the longest ago.
  [[nodiscard]] std::optional<UplinkId> failed_first(MonoNs now) const;
  [[nodiscard]] bool candidate(const session::CandidatePath& path, MonoNs now) const;
  [[nodiscard]] bool unanswered(MonoNs now) const;
  void give_up_attempt(MonoNs now);
  void cool_down_attempted(MonoNs now);
  [[nodiscard]] std::optional<std::size_t> jump_id_for(UplinkId uplink) const;
  [[nodiscard]] bool policy_allows(UplinkId uplink, MonoNs now);
  void send_reattach();
  void respond(const wire::PathChallenge& challenge, MonoNs now);
  /// What is wrong with a CHALLENGE that is no repetition; nothing when it may be taken.
  [[nodiscard]] std::optional<DropReason> fault(const wire::PathChallenge& challenge,
                                                const Arrival& arrival) const;
  /// What is wrong with an ACK of the proposal, which is awaited.
  [[nodiscard]] std::optional<DropReason> fault(const wire::Ack& ack, const Arrival& arrival) const;
  /// What is wrong with a REFUSAL; nothing when it may be taken.
  [[nodiscard]] std::optional<DropReason> fault(const wire::Refusal& refusal,
                                                const Arrival& arrival) const;
  [[nodiscard]] bool repeats(const wire::PathChallenge& challenge, UplinkId uplink) const;
  [[nodiscard]] bool enter_recovering(Reason cause, Reason start, MonoNs now);
  void take_proposal(MonoNs now);
  void commit(MonoNs now);
  /// What a TransportSwitch tells of the path that is left: before take_proposal().
  [[nodiscard]] audit::SwitchDetail path_left() const;
  /// The events of a binding that was taken, and of its keys.
  void emit_switch(audit::SwitchDetail left, Reason why, MonoNs now);
  void adopt_or_give_up(const wire::Refusal& refusal, MonoNs now);
  void fail(Reason reason, MonoNs now);
  /// The events of a refusal, and with `failure` the end of RECOVERING that it means.
  void conclude(const wire::Refusal& refusal, std::optional<Reason> failure, MonoNs now);
  void reset_exchange();
  /// The one ReattachResult of the attempt that is out; nothing when it was told already.
  [[nodiscard]] std::optional<SessionCore::Preface> result_of_attempt(Reason reason, MonoNs now);
  void after_failure(Reason reason, MonoNs now);
  [[nodiscard]] Reason start_reason(UplinkId uplink) const;
  [[nodiscard]] bool keeps_old_path(const wire::PathChallenge& challenge) const;

  SessionCore& core_;
  Phase phase_{Phase::kIdle};
  std::uint64_t jump_seq_{0};
  std::uint64_t last_challenge_seq_{0};
  std::optional<UplinkId> target_;
  bool in_place_wanted_{false};
  bool in_place_failed_{false};  // in the last window, which it had to itself
  Attempt attempt_;
  std::optional<Proposal> proposal_;
  RetransmitTimer timer_;
  MonoNs give_up_at_{kNever};
  /// A RESPONSE of this recovery went unanswered: the new path is not trusted before its commit.
  bool wary_{false};
  /// Uplinks that the gateway's policy has ruled out for this recovery.
  std::array<bool, limits::kMaxUplinks> denied_{};
  MonoNs recovery_began_;
  MonoNs retry_at_{kNever};
  bool retry_same_{false};
  bool wants_new_session_{false};
  /// Which uplink has used which jump id of the current set.
  std::array<UplinkId, limits::kMaxJumpIds> jump_id_user_;
};

}  // namespace jumpgate::client
