// The gateway's side of jumps, checks and rekeys, as far as a client can tell.
#include <algorithm>
#include <iterator>

#include <gtest/gtest.h>

#include "scripted_gateway.hpp"
#include "wire/control.hpp"

namespace jumpgate::client::testing {
namespace {

using Payload = std::array<std::uint8_t, wire::kControlPayloadSize>;

}  // namespace

void ScriptedGateway::propose(std::uint64_t jump_seq, wire::ChallengeKind kind,
                              ConnectionId client_cid) {
  if (exchange_) epochs_.erase(exchange_->challenge.epoch);
  exchange_.emplace();
  wire::PathChallenge& c = exchange_->challenge;
  c.jump_seq = jump_seq;
  c.challenge_seq = ++challenge_seq_;
  c.epoch = propose_epoch.value_or(next_number());
  c.binding_version = binding_version_ + 1;
  c.owner_epoch = 1;
  c.gateway_id = issue();
  c.kind = kind;
  c.client_cid = jump_seq == 0 ? ConnectionId{} : client_cid;
  c.jump_ids = issue_jump_ids();
  exchange_->answers_to = client_cid;
  install(c.epoch, generation_, c.binding_version, c.gateway_id.cid, client_cid);
}

void ScriptedGateway::send_challenge(const Endpoint& to) {
  if (!exchange_->tokens.contains(to)) exchange_->tokens[to] = random_.array<16>();
  wire::PathChallenge c = exchange_->challenge;
  c.token = exchange_->tokens.at(to);
  c.observed = to;
  if (alter_challenge) alter_challenge(c);
  Payload payload{};
  wire::encode_path_challenge(c, payload);
  const ConnectionId cid =
      c.jump_seq == 0 ? epochs_.at(current_).client_cid : exchange_->answers_to;
  send_control(wire::Type::kPathChallenge, cid, to, payload, 1);
}

void ScriptedGateway::challenge(wire::ChallengeKind kind, const std::vector<Endpoint>& to) {
  propose(0, kind, {});
  for (const Endpoint& endpoint : to)
    send_challenge(endpoint);
}

void ScriptedGateway::on_reattach(const Endpoint& from, const wire::Reattach& reattach) {
  last_cause = reattach.cause;
  ASSERT_EQ(reattach.session_id, session_id_);
  Payload payload{};
  if (reattach.binding_version != binding_version_) {
    refuse_jump = wire::Refusal{};
    refuse_jump->reason = Reason::kStaleBindingVersion;
  }
  if (refuse_jump) {
    wire::Refusal refusal = *refuse_jump;
    refuse_jump.reset();
    refusal.jump_seq = reattach.jump_seq;
    refusal.binding_version = binding_version_;
    refusal.epoch = current_;
    refusal.root_generation = generation_;
    refusal.gateway_cid = epochs_.at(current_).gateway_cid;
    refusal.client_cid = epochs_.at(current_).client_cid;
    jump_seq_ = reattach.jump_seq;
    if (alter_refusal) alter_refusal(refusal);
    wire::encode_refusal(refusal, payload);
    return send_control(wire::Type::kRefusal, reattach.client_cid, from, payload);
  }
  if (reattach.jump_seq < jump_seq_) return;
  const bool repeated = reattach.jump_seq == jump_seq_ && exchange_;
  if (!repeated) {
    if (reattach.jump_seq == jump_seq_) return;
    jump_seq_ = reattach.jump_seq;
    if (pending_generation_) {  // an unconfirmed rekey is cancelled by a jump
      epochs_.erase(pending_epoch_);
      roots_.erase(*pending_generation_);
      pending_generation_.reset();
    }
    propose(reattach.jump_seq, wire::ChallengeKind::kReattach, reattach.client_cid);
  }
  send_challenge(from);
}

void ScriptedGateway::on_response(const Endpoint& from, const wire::PathResponse& response,
                                  MonoNs now) {
  if (exchange_ && response.challenge_seq == exchange_->challenge.challenge_seq) {
    const auto token = exchange_->tokens.find(from);
    if (token == exchange_->tokens.end() || token->second != response.token) return;
    const wire::PathChallenge c = exchange_->challenge;
    ASSERT_EQ(response.binding_version, c.binding_version);
    ASSERT_EQ(response.epoch, c.epoch);
    binding_version_ = c.binding_version;
    current_ = c.epoch;
    epochs_.at(current_).client_cid = response.client_cid;
    gateway_id_ = c.gateway_id;
    bound_ = from;
    jump_ids_.push_back(c.jump_ids);
    ++commits;
    std::ranges::copy(exchange_->held, std::back_inserter(received));
    last_ack_ = wire::Ack{.subject = wire::Type::kPathResponse,
                          .binding_version = c.binding_version,
                          .epoch = c.epoch,
                          .jump_seq = c.jump_seq,
                          .challenge_seq = c.challenge_seq};
    exchange_.reset();
  } else if (!last_ack_ || response.challenge_seq != last_ack_->challenge_seq) {
    return;
  }
  send_ack(*last_ack_, epochs_.at(current_).client_cid, from);
  if (!quiet) send_heartbeat(now);
}

void ScriptedGateway::send_ack(wire::Ack ack, ConnectionId to_cid, const Endpoint& to) {
  if (alter_ack) alter_ack(ack);
  Payload payload{};
  wire::encode_ack(ack, payload);
  send_control(wire::Type::kAck, to_cid, to, payload);
}

void ScriptedGateway::on_rekey(const wire::Rekey& rekey) {
  if (refuse_rekey) {
    last_reply_ = wire::RekeyReply{};
    last_reply_->generation = rekey.generation;
    last_reply_->reason = *refuse_rekey;
    last_reply_->binding_version = binding_version_;
    last_reply_->rekey_seq = rekey.rekey_seq;
  } else if (!last_reply_ || last_reply_->rekey_seq != rekey.rekey_seq) {
    crypto::KeyPair ephemeral = crypto::KeyPair::generate(random_);
    auto root = crypto::derive_rekeyed_root(
        roots_.at(generation_), session_id_, rekey.generation, ephemeral.private_key,
        Direction::kGatewayToClient,
        {.client_ephemeral = rekey.ephemeral, .gateway_ephemeral = ephemeral.public_key});
    ASSERT_TRUE(root);
    roots_.insert_or_assign(rekey.generation, std::move(*root));
    // A client that asks anew takes no reply to what it asked before.
    if (pending_generation_) epochs_.erase(pending_epoch_);
    pending_generation_ = rekey.generation;
    pending_epoch_ = next_number();
    install(pending_epoch_, rekey.generation, binding_version_, gateway_id_.cid,
            epochs_.at(current_).client_cid);
    last_reply_ = wire::RekeyReply{.generation = rekey.generation,
                                   .reason = Reason::kNone,
                                   .binding_version = binding_version_,
                                   .ephemeral = ephemeral.public_key,
                                   .epoch = pending_epoch_,
                                   .owner_epoch = 1,
                                   .rekey_seq = rekey.rekey_seq};
    if (alter_reply) alter_reply(*last_reply_);
  }
  Payload payload{};
  wire::encode_rekey_reply(*last_reply_, payload);
  send_control(wire::Type::kRekeyReply, epochs_.at(current_).client_cid, bound_, payload);
}

void ScriptedGateway::confirm_rekey() {
  generation_ = *pending_generation_;
  pending_generation_.reset();
  current_ = pending_epoch_;
  ++rekeys;
  next_heartbeat_ = MonoNs{};  // one at once, in the new epoch
}

}  // namespace jumpgate::client::testing
