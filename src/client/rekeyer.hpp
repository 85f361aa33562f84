/// The client's side of a rekey (spec/keys.md "Rekey").
///
/// Purpose: when to start one, REKEY repeated until the reply, the new generation installed, and
/// heartbeats in it until the gateway answers in it.
/// Owner thread: the client's loop. Bound: one exchange, 5 s each, 4 confirming heartbeats.
/// Failure: a refused or unanswered exchange is tried again after 5 s; the keys' own end
/// (reject_after) is the session's.
#pragma once

#include <cstdint>
#include <optional>

#include <jumpgate/time.hpp>
#include <jumpgate/wire.hpp>

#include "client/jumper.hpp"
#include "client/session_core.hpp"
#include "crypto/x25519.hpp"

namespace jumpgate::client {

/// An unanswered REKEY is given up after it, and the next begins no sooner.
inline constexpr Duration kRekeyTimeout = seconds(5);

class Rekeyer {
 public:
  explicit Rekeyer(SessionCore& core) : core_(core) {}

  /// DATA or a HEARTBEAT is about to leave: starts a rekey if the keys' age or use asks for it.
  void on_send(bool jump_pending, MonoNs now);
  /// The gateway asks for one.
  void on_wanted(bool jump_pending, MonoNs now);
  /// What is wrong with a reply; nothing when it answers the REKEY that is out, for the first time.
  [[nodiscard]] std::optional<DropReason> fault(const wire::RekeyReply& reply,
                                                const Arrival& arrival) const;
  /// One without fault. True when a new generation is installed: a heartbeat must go out in it.
  [[nodiscard]] bool on_reply(const wire::RekeyReply& reply, MonoNs now);
  /// Authentic traffic of the new epoch, or control of the new generation: it is confirmed. False
  /// when nothing was to confirm.
  bool on_confirmed(MonoNs now);
  /// A jump begins: an ephemeral without reply is forgotten.
  void cancel_unanswered();

  /// What a tick asks its session for.
  enum class Want : std::uint8_t {
    kNothing,
    kConfirmation,  // a heartbeat in the new epoch
    kProbe,         // nobody has answered: the path may be dead
  };
  [[nodiscard]] Want tick(bool jump_pending, MonoNs now);
  [[nodiscard]] MonoNs next_deadline() const;
  /// The next epoch is a rekey's, not yet heard from the gateway.
  [[nodiscard]] bool unconfirmed() const { return unconfirmed_; }
  [[nodiscard]] std::uint64_t completed() const { return completed_; }

 private:
  [[nodiscard]] bool may_start(bool jump_pending, MonoNs now) const;
  void start(Reason reason, MonoNs now);
  void send_rekey();

  SessionCore& core_;
  std::optional<crypto::KeyPair> ephemeral_;
  wire::Rekey request_;
  std::uint64_t rekey_seq_{0};
  MonoNs started_;
  MonoNs not_before_{};
  MonoNs again_at_{kNever};  // one that came to nothing begins anew, traffic or not
  RetransmitTimer timer_;
  bool unconfirmed_{false};
  RetransmitTimer confirm_timer_;
  std::uint64_t completed_{0};
};

}  // namespace jumpgate::client
