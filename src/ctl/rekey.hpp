/// Root generations: REKEY, its reply, the confirmation, and the ends of keys (spec/keys.md
/// "Rekey", "Limits").
///
///   REKEY -> thread does X25519 -> worker has control and traffic keys of g+1 -> REKEY_REPLY
///         -> first authentic message under g+1 -> root g is wiped, worker sends in g+1 ->
///         KeyRotated; g's last epoch drains
///
/// Owner thread: the controller. Bound: one pending rekey a session, 1 + kMaxAnswerRepeats replies
/// for one rekey_seq. Failure: a reply with the reason, or silence when no job is free (the client
/// repeats); the session's present keys are untouched until the confirmation.
#pragma once

#include <expected>
#include <string>

#include <jumpgate/wire.hpp>

#include "ctl/closing.hpp"
#include "ctl/core.hpp"

namespace jumpgate::ctl {

class Rekeys {
 public:
  Rekeys(Core& core, Closing& closing) : core_(core), closing_(closing) {}

  void on_rekey(Session& session, const wire::Rekey& message, std::uint32_t generation, MonoNs now);
  void on_job(HandshakeJob* job, MonoNs now);
  void on_installed(Session& session, std::uint64_t epoch, MonoNs now);
  /// The worker has no room for the next epoch.
  void on_install_refused(Session& session, std::uint64_t epoch, MonoNs now);
  /// An authentic message of generation `generation` or of epoch `epoch` came: is it the pending
  /// one?
  void on_generation_used(Session& session, std::uint32_t generation, MonoNs now);
  void on_epoch_used(Session& session, std::uint64_t epoch, MonoNs now);
  /// Another change needs the way: a jump cancels at once, a check only what no client can still be
  /// using, heard as it was within that time. False: not cancelled (no command, or a client may have
  /// switched already).
  [[nodiscard]] bool cancel_for_jump(Session& session, MonoNs now);
  [[nodiscard]] bool cancel_for_check(Session& session, Duration heard_within, MonoNs now);
  /// A limit of the keys of `epoch` is reached; `kind` as in bus/messages.hpp.
  void on_key_usage(Session& session, std::uint64_t epoch, std::uint64_t kind, MonoNs now);
  /// By the operator's order: why the client is asked for new keys from now on (an urgent reason that
  /// stood already stays), or why it can not be.
  [[nodiscard]] std::expected<Reason, std::string> ask(Session& session);
  void on_epoch_released(Session& session, std::uint64_t epoch, MonoNs now);
  /// Tries again what found no free command.
  void retry(Session& session, MonoNs now);

 private:
  void install(Session& session, MonoNs now);
  void confirm(Session& session, MonoNs now);
  void deny(Session& session, const wire::Rekey& message, Reason reason, MonoNs now);
  void reply(Session& session);
  [[nodiscard]] bool cancel(Session& session, Reason reason, MonoNs now);

  Core& core_;
  Closing& closing_;
};

}  // namespace jumpgate::ctl
