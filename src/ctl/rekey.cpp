#include "ctl/rekey.hpp"

#include "wire/control.hpp"

namespace jumpgate::ctl {
namespace {

/// A client takes a reply for 5 s after its REKEY; twice that is beyond doubt.
constexpr Duration kReplyTaken = seconds(10);

}  // namespace

void Rekeys::on_rekey(Session& session, const wire::Rekey& message, std::uint32_t generation,
                      MonoNs now) {
  if (!session::may_have_binding(session.record.state()) || !session.binding) {
    core_.counters.drop(DropReason::kSessionStateForbids);
    return;
  }
  KeptRekeyReply& kept = session.rekey_reply;
  if (generation != session.record.root_generation()) {
    core_.counters.drop(DropReason::kControlWrongGeneration);
    return;
  }
  if (message.rekey_seq < kept.rekey_seq) {
    core_.counters.drop(DropReason::kControlStale);
    return;
  }
  if (message.rekey_seq == kept.rekey_seq) {
    if (!kept.ready) return;  // the first reply is on its way
    if (kept.repeats >= limits::kMaxAnswerRepeats) {
      core_.counters.drop(DropReason::kControlStale);
      return;
    }
    ++kept.repeats;
    reply(session);
    return;
  }
  // Whoever asks anew takes no reply to what it asked before.
  if (session.rekey && !cancel(session, Reason::kRekeyPending, now)) return;
  if (message.binding_version != session.record.binding_version())
    return deny(session, message, Reason::kStaleBindingVersion, now);
  if (message.generation != session.record.root_generation() + 1)
    return deny(session, message, Reason::kWrongGeneration, now);
  if (session.exchange) return deny(session, message, Reason::kRekeyPending, now);
  HandshakeJob* job = core_.ports.handshakes.obtain();
  if (job == nullptr) {
    core_.counters.drop(DropReason::kHelloQueueFull);  // the client repeats
    return;
  }
  kept = KeptRekeyReply{.rekey_seq = message.rekey_seq, .reply = {}, .ready = false, .repeats = 0};
  PendingRekey& pending = session.rekey.emplace();
  pending.generation = message.generation;
  // A client that was asked can not say why it was.
  const bool asked =
      message.reason == Reason::kPolicyTrigger && session.rekey_wanted != Reason::kNone;
  pending.reason = asked ? session.rekey_wanted : message.reason;
  job->kind = HandshakeJob::Kind::kRekey;
  job->session = session.ref;
  job->session_id = session.record.id();
  job->generation = message.generation;
  job->rekey_seq = message.rekey_seq;
  job->client_ephemeral = message.ephemeral;
  job->root = session.root.clone();
  core_.ports.handshakes.submit(job);
}

void Rekeys::deny(Session& session, const wire::Rekey& message, Reason reason, MonoNs now) {
  core_.counters.add(ControllerCounter::kRekeysRefused);
  core_.emit(session, EventType::kRekeyDenied, reason,
             audit::KeyDetail{.epoch = session.epochs.current(), .generation = message.generation},
             now);
  session.rekey_reply =
      KeptRekeyReply{.rekey_seq = message.rekey_seq,
                     .reply = {.generation = message.generation,
                               .reason = reason,
                               .binding_version = session.record.binding_version(),
                               .rekey_seq = message.rekey_seq},
                     .ready = true,
                     .repeats = 0};
  // Offsets 16 to 64 of a refusal are zero, and binding_version at 8 is the one in force.
  reply(session);
}

void Rekeys::on_job(HandshakeJob* job, MonoNs now) {
  Session* session = core_.sessions.find(job->session);
  const bool awaited = session != nullptr && session->rekey &&
                       session->rekey->stage == PendingRekey::Stage::kComputing &&
                       session->rekey_reply.rekey_seq == job->rekey_seq &&
                       session->record.state() != State::kTerminated;
  if (!awaited) {
    core_.ports.handshakes.release(job);
    return;
  }
  if (job->failure) {
    const wire::Rekey request{.generation = job->generation,
                              .reason = session->rekey->reason,
                              .binding_version = session->record.binding_version(),
                              .ephemeral = job->client_ephemeral,
                              .rekey_seq = job->rekey_seq};
    session->rekey.reset();
    core_.emit_security(session, EventType::kSecurityValidationFailed, Reason::kBadProof,
                        session->binding->path.remote, now);
    deny(*session, request, Reason::kBadProof, now);
  } else {
    session->rekey->root = std::move(job->root);
    session->rekey->gateway_ephemeral = job->gateway_ephemeral;
    session->rekey->control_send =
        crypto::derive_control_key(session->rekey->root, session->record.id(),
                                   session->rekey->generation, Direction::kGatewayToClient);
    session->rekey->stage = PendingRekey::Stage::kInstalling;
    install(*session, now);
  }
  core_.ports.handshakes.release(job);
}

void Rekeys::install(Session& session, MonoNs now) {
  PendingRekey& pending = *session.rekey;
  bus::Command* command = core_.obtain(session, now);
  if (command == nullptr) return;
  pending.epoch = session.epochs.propose();
  auto& body = command->body.emplace<bus::InstallGeneration>();
  core_.derive_control(session, pending.root, pending.generation, body.control);
  core_.derive_epoch(session, pending.root,
                     {.epoch = pending.epoch, .generation = pending.generation},
                     session.record.binding_version(), body.epoch);
  core_.send(session, command, Ack::kInstallGeneration, pending.epoch);
}

void Rekeys::on_installed(Session& session, std::uint64_t epoch, MonoNs now) {
  if (!session.rekey || session.rekey->epoch != epoch) return;
  PendingRekey& pending = *session.rekey;
  pending.stage = PendingRekey::Stage::kInstalled;
  pending.made_at = now;
  pending.keys = {core_.policy_of(session).keys, now};
  core_.keys_installed(session, epoch, pending.generation, now);
  KeptRekeyReply& kept = session.rekey_reply;
  kept.reply = {.generation = pending.generation,
                .reason = Reason::kNone,
                .binding_version = session.record.binding_version(),
                .ephemeral = pending.gateway_ephemeral,
                .epoch = epoch,
                .owner_epoch = core_.settings.owner_epoch,
                .rekey_seq = kept.rekey_seq};
  kept.ready = true;
  reply(session);
}

void Rekeys::on_install_refused(Session& session, std::uint64_t epoch, MonoNs now) {
  if (!session.rekey || session.rekey->epoch != epoch) return;
  const wire::Rekey request{.generation = session.rekey->generation,
                            .reason = session.rekey->reason,
                            .binding_version = session.record.binding_version(),
                            .ephemeral = {},
                            .rekey_seq = session.rekey_reply.rekey_seq};
  session.rekey.reset();
  session.epochs.cancel();
  deny(session, request, Reason::kAtomicityFailed, now);
}

void Rekeys::reply(Session& session) {
  std::array<std::uint8_t, wire::kControlPayloadSize> payload{};
  wire::encode_rekey_reply(session.rekey_reply.reply, payload);
  core_.send_control(session, wire::Type::kRekeyReply, session.binding->client_cid, payload,
                     session.binding->path.local, session.binding->path.remote);
}

void Rekeys::on_generation_used(Session& session, std::uint32_t generation, MonoNs now) {
  if (session.rekey && session.rekey->stage == PendingRekey::Stage::kInstalled &&
      session.rekey->generation == generation)
    confirm(session, now);
}

void Rekeys::on_epoch_used(Session& session, std::uint64_t epoch, MonoNs now) {
  if (session.rekey && session.rekey->stage == PendingRekey::Stage::kInstalled &&
      session.rekey->epoch == epoch)
    confirm(session, now);
}

void Rekeys::confirm(Session& session, MonoNs now) {
  PendingRekey& pending = *session.rekey;
  bus::Command* command = core_.obtain(session, now);
  pending.confirmed = command == nullptr;  // then retry() does it
  if (command == nullptr) return;
  const auto generation = core_.commit_generation(session, pending.generation - 1, pending.keys);
  if (!generation || !session.epochs.commit(pending.epoch, kNever)) {
    core_.release(session, command);
    closing_.terminate(session, Reason::kInternalInconsistency, now);
    return;
  }
  session.root = std::move(pending.root);
  session.control_send = std::move(pending.control_send);
  session.rekey_wanted = Reason::kNone;
  core_.send(session, command, Ack::kConfirmGeneration, pending.epoch,
             bus::ConfirmGeneration{.epoch = pending.epoch});
  core_.counters.add(ControllerCounter::kRekeys);
  core_.emit(session, EventType::kKeyRotated, pending.reason,
             audit::KeyDetail{.epoch = pending.epoch, .generation = *generation}, now);
  session.rekey.reset();
}

bool Rekeys::cancel_for_jump(Session& session, MonoNs now) {
  return !session.rekey || cancel(session, Reason::kCancelledByJump, now);
}

bool Rekeys::cancel_for_check(Session& session, Duration heard_within, MonoNs now) {
  if (!session.rekey) return true;
  // A client that had the reply sends under the new generation alone: taking it away would cut the
  // session. What was heard since under the old one alone shows that it has not.
  const bool maybe_in_use = session.rekey->stage != PendingRekey::Stage::kInstalled ||
                            now - session.rekey->made_at < kReplyTaken + heard_within;
  return !maybe_in_use && cancel(session, Reason::kCancelledByJump, now);
}

bool Rekeys::cancel(Session& session, Reason reason, MonoNs now) {
  const PendingRekey& pending = *session.rekey;
  if (pending.confirmed) return false;  // it is in use: the confirmation comes first
  if (pending.epoch != 0) {
    bus::Command* command = core_.obtain(session, now);
    if (command == nullptr) return false;
    core_.send(session, command, Ack::kCancelGeneration, pending.generation,
               bus::CancelGeneration{.generation = pending.generation});
    session.epochs.cancel();
  }
  core_.emit(session, EventType::kRekeyDenied, reason,
             audit::KeyDetail{.epoch = pending.epoch, .generation = pending.generation}, now);
  core_.keys_expired(session, pending.epoch, reason, now);
  session.rekey.reset();
  session.rekey_reply.ready = false;
  return true;
}

void Rekeys::on_key_usage(Session& session, std::uint64_t epoch, std::uint64_t kind, MonoNs now) {
  constexpr std::uint64_t kHardLimit = 1;
  constexpr std::uint64_t kFailedOpens = 2;
  if (kind == kFailedOpens)
    core_.emit_security(&session, EventType::kSecurityKeyCompromiseSuspected,
                        Reason::kSecurityEvent, Endpoint{}, now);
  // Of keys that a newer epoch has replaced: nothing is left to renew, and nothing to end.
  if (epoch < session.epochs.current()) return;
  if (kind == kHardLimit && !session.rekey) {
    closing_.terminate(session, Reason::kKeysExpired, now);
    return;
  }
  session.want_rekey(kind == kFailedOpens ? Reason::kSecurityEvent : Reason::kUsageLimit);
}

std::expected<Reason, std::string> Rekeys::ask(Session& session) {
  if (!session::may_have_binding(session.record.state()) || !session.binding)
    return std::unexpected("its client has not confirmed it yet");
  if (session.rekey) return std::unexpected("its client is renewing its keys already");
  session.want_rekey(Reason::kPolicyTrigger);
  return session.rekey_wanted;
}

void Rekeys::on_epoch_released(Session& session, std::uint64_t epoch, MonoNs now) {
  session.epochs.release(epoch);
  core_.keys_expired(session, epoch, Reason::kDrainOver, now);
}

void Rekeys::retry(Session& session, MonoNs now) {
  if (!session.rekey) return;
  if (session.rekey->stage == PendingRekey::Stage::kInstalling && session.rekey->epoch == 0) {
    install(session, now);
  } else if (session.rekey->confirmed) {
    confirm(session, now);
  }
}

}  // namespace jumpgate::ctl
