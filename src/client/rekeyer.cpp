#include "client/rekeyer.hpp"

#include <algorithm>
#include <utility>

#include "wire/control.hpp"

namespace jumpgate::client {

bool Rekeyer::may_start(bool jump_pending, MonoNs now) const {
  return !jump_pending && !ephemeral_ && !unconfirmed_ && now >= not_before_ &&
         core_.state() == State::kAttached;
}

void Rekeyer::on_send(bool jump_pending, MonoNs now) {
  if (!may_start(jump_pending, now)) return;
  if (core_.current()->wants_rekey()) {
    start(Reason::kUsageLimit, now);
  } else if (now >= core_.record.rekey_at()) {
    start(Reason::kTimeElapsed, now);
  }
}

void Rekeyer::on_wanted(bool jump_pending, MonoNs now) {
  if (may_start(jump_pending, now)) start(Reason::kPolicyTrigger, now);
}

void Rekeyer::start(Reason reason, MonoNs now) {
  ephemeral_ = crypto::KeyPair::generate(core_.world.random);
  request_ = {.generation = core_.keys.newest().number + 1,
              .reason = reason,
              .binding_version = core_.record.binding_version(),
              .ephemeral = ephemeral_->public_key,
              .rekey_seq = ++rekey_seq_};
  started_ = now;
  again_at_ = kNever;
  timer_.start(core_.rtt.smoothed(), now);
  send_rekey();
}

void Rekeyer::send_rekey() {
  std::array<std::uint8_t, wire::kControlPayloadSize> payload;
  wire::encode_rekey(request_, payload);
  const Route& route = core_.route();
  core_.send_control(route.uplink, route.gateway, wire::Type::kRekey, route.gateway_id,
                     route.id_key_phase, payload);
}

std::optional<DropReason> Rekeyer::fault(const wire::RekeyReply& reply,
                                         const Arrival& arrival) const {
  if (!ephemeral_ || reply.rekey_seq != request_.rekey_seq) return DropReason::kControlStale;
  if (arrival.generation != core_.keys.newest().number || reply.generation != request_.generation)
    return DropReason::kControlWrongGeneration;
  if (reply.reason == Reason::kStaleBindingVersion) return std::nullopt;  // it names another
  if (reply.binding_version != core_.record.binding_version())
    return DropReason::kControlWrongBinding;
  if (reply.reason == Reason::kNone && !core_.may_install(reply.epoch))
    return DropReason::kControlWrongEpoch;
  return std::nullopt;
}

bool Rekeyer::on_reply(const wire::RekeyReply& reply, MonoNs now) {
  const crypto::KeyPair ephemeral = std::move(*ephemeral_);
  cancel_unanswered();
  not_before_ = now + kRekeyTimeout;
  if (reply.reason != Reason::kNone) {
    again_at_ = not_before_;
    core_.emit(EventType::kRekeyDenied, reply.reason, now,
               audit::KeyDetail{.epoch = core_.current_epoch, .generation = reply.generation});
    return false;
  }
  auto root = crypto::derive_rekeyed_root(
      core_.keys.newest().root, core_.record.id(), reply.generation, ephemeral.private_key,
      Direction::kClientToGateway,
      {.client_ephemeral = ephemeral.public_key, .gateway_ephemeral = reply.ephemeral});
  // Before anything changes: rotating the keys can not be taken back.
  if (!root) {
    core_.world.drops.add(DropReason::kWireBadField);
    return false;
  }
  // Against the generation that the REKEY was made in.
  const auto generation = core_.commit_generation(request_.generation - 1, now);
  if (!generation) {
    core_.terminate(Reason::kInternalInconsistency, now);
    return false;
  }
  core_.keys.rotate(std::move(*root));
  const EpochInfo info{.number = reply.epoch,
                       .generation = reply.generation,
                       .binding_version = reply.binding_version,
                       .route = core_.route()};
  if (core_.install_next(info, reply.owner_epoch, now) == nullptr) {
    core_.terminate(Reason::kInternalInconsistency, now);
    return false;
  }
  core_.keys_installed(info, now);
  core_.send_in_next = true;
  unconfirmed_ = true;
  confirm_timer_.start(core_.rtt.smoothed(), now);
  return true;
}

bool Rekeyer::on_confirmed(MonoNs now) {
  if (!unconfirmed_) return false;
  unconfirmed_ = false;
  confirm_timer_.stop();
  core_.promote_next(now);
  ++completed_;
  core_.emit(
      EventType::kKeyRotated, request_.reason, now,
      audit::KeyDetail{.epoch = core_.current_epoch, .generation = core_.keys.newest().number});
  return true;
}

void Rekeyer::cancel_unanswered() {
  ephemeral_.reset();
  timer_.stop();
}

Rekeyer::Want Rekeyer::tick(bool jump_pending, MonoNs now) {
  if (ephemeral_ && now >= started_ + kRekeyTimeout) {
    cancel_unanswered();
    again_at_ = not_before_ = now + kRekeyTimeout;
    return Want::kProbe;
  }
  if (now >= again_at_) {
    again_at_ = kNever;
    if (may_start(jump_pending, now)) start(request_.reason, now);
  }
  if (now >= timer_.at) {
    timer_.sent_again(now);
    send_rekey();
  }
  if (now < confirm_timer_.at) return Want::kNothing;
  confirm_timer_.sent_again(now);
  if (confirm_timer_.sent > limits::kMaxAnswerRepeats) confirm_timer_.stop();
  return Want::kConfirmation;
}

MonoNs Rekeyer::next_deadline() const {
  MonoNs deadline = std::min({timer_.at, confirm_timer_.at, again_at_});
  if (ephemeral_) deadline = std::min(deadline, started_ + kRekeyTimeout);
  return deadline;
}

}  // namespace jumpgate::client
