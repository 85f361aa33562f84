#include "scripted_gateway.hpp"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "aead_sodium/aead_sodium.hpp"
#include "crypto/control_seal.hpp"
#include "crypto/nonce.hpp"
#include "wire/control.hpp"
#include "wire/handshake.hpp"
#include "wire/prefix.hpp"
#include "wire/traffic.hpp"

namespace jumpgate::client::testing {
namespace {

using Payload = std::array<std::uint8_t, wire::kControlPayloadSize>;

bool run_aead(Aead& aead, const TrafficKey& key, std::uint64_t counter, Message& message,
              bool seal) {
  ExpandedKey expanded;
  aead.expand(key.key, &expanded);
  AeadOp op{.expanded = &expanded,
            .aad = message.data(),
            .aad_length = wire::kPrefixSize,
            .length = static_cast<std::uint32_t>(message.size() - wire::kTrafficOverhead),
            .data = message.data() + wire::kPrefixSize,
            .tag = message.data() + message.size() - wire::kTagSize,
            .iv = crypto::traffic_nonce(key.iv, counter)};
  if (seal) {
    aead.seal({&op, 1});
  } else {
    aead.open({&op, 1});
  }
  return op.ok;
}

}  // namespace

ScriptedGateway::ScriptedGateway(const PublicKey& client, Send send)
    : random_(4711),
      own_(crypto::KeyPair::generate(random_)),
      client_(client),
      send_(std::move(send)),
      gcm_(aead_sodium::make_aead(Suite::kAes256Gcm)),
      chacha_(aead_sodium::make_aead(Suite::kChaCha20Poly1305)) {
  random_.fill(reset_key_.get());
}

void ScriptedGateway::send(const Endpoint& to, const Message& message) {
  const auto type = static_cast<wire::Type>(message[0]);
  ++sent[type];
  if (lose_outgoing && lose_outgoing(type)) return;
  send_(to, message);
}

ResetToken ScriptedGateway::token_of(ConnectionId id) const {
  return crypto::derive_reset_token(reset_key_, id);
}

wire::IssuedId ScriptedGateway::issue() {
  const ConnectionId cid{random_.nonzero_u64()};
  ids_.insert(cid);
  return {.cid = cid, .reset_token = token_of(cid)};
}

wire::JumpIds ScriptedGateway::issue_jump_ids() {
  wire::JumpIds ids{};
  for (std::size_t i = 0; i < policy.transport.max_candidate_count; ++i)
    ids.at(i) = issue();
  return ids;
}

// ---- Handshake

void ScriptedGateway::on_hello(const Endpoint& from, const Message& message, MonoNs now) {
  const auto header = wire::decode_hello_header(message);
  ASSERT_TRUE(header);
  if (refuse_version) {
    Message answer(wire::kVersionRefusalSize);
    wire::encode_version_refusal({.client_cid = header->client_cid, .versions = {7, 0, 0, 0}},
                                 std::span<std::uint8_t, wire::kVersionRefusalSize>(answer));
    return send(from, answer);
  }
  const wire::HelloBytes hello(message);
  if (!crypto::verify_mac1(hello, crypto::derive_mac1_key(own_.public_key))) return;
  if (!jar_) jar_.emplace(random_, now);
  if (under_load && !jar_->verify_mac2(hello, from, now)) {
    Message answer(wire::kCookieReplySize);
    crypto::make_cookie_reply(hello, jar_->cookie_for(from, now),
                              crypto::derive_cookie_key(own_.public_key), random_,
                              std::span<std::uint8_t, wire::kCookieReplySize>(answer));
    return send(from, answer);
  }
  auto noise = crypto::NoiseIk::responder(wire::make_prologue(*header), own_.clone());
  std::array<std::uint8_t, wire::kHelloPayloadSize> payload{};
  if (!noise.read_message1(wire::hello_noise(hello), payload)) return;
  if (noise.remote_static() != client_) return;
  const auto offered = wire::decode_hello_payload(payload);
  ASSERT_TRUE(offered);
  std::optional<Reason> refusal = refuse_hello;
  if (offered->counter <= highest_counter) refusal = Reason::kHelloCounterLow;
  if (refusal) {
    Message answer(wire::kHelloRefusalSize);
    wire::encode_answer_header(
        {.type = wire::Type::kHelloRefusal, .client_cid = header->client_cid},
        std::span(answer).first<wire::kHandshakeHeaderSize>());
    std::array<std::uint8_t, wire::kHelloRefusalPayloadSize> text{};
    wire::encode_hello_refusal_payload({.reason = *refusal, .highest_counter = highest_counter},
                                       text);
    ASSERT_TRUE(noise.write_message2(text, {}, random_,
                                     std::span(answer).subspan(wire::kHandshakeHeaderSize)));
    return send(from, answer);
  }
  highest_counter = offered->counter;
  begin_session(*offered, *header);
  wire::WelcomePayload welcome;
  welcome.session_id = session_id_;
  welcome.owner_epoch = 1;
  welcome.binding_version = 1;
  welcome.epoch = 1;
  welcome.gateway_id = gateway_id_;
  welcome.suite = suite_;
  welcome.jump_id_count = policy.transport.max_candidate_count;
  welcome.jump_ids = jump_ids_.back();
  welcome.address_count = 1;
  welcome.addresses[0] = {.address = {.family = IpFamily::kV4, .bytes = {10, 8, 0, 2}},
                          .length = 32};
  welcome.inner_mtu = 1400;
  welcome.policy = session::to_client_policy(policy);
  welcome.observed = from;
  if (alter_welcome) alter_welcome(welcome);
  std::array<std::uint8_t, wire::kWelcomePayloadSize> text{};
  wire::encode_welcome_payload(welcome, text);
  Message answer(wire::kWelcomeSize);
  wire::encode_answer_header({.type = wire::Type::kWelcome, .client_cid = header->client_cid},
                             std::span(answer).first<wire::kHandshakeHeaderSize>());
  ASSERT_TRUE(noise.write_message2(text, {}, random_,
                                   std::span(answer).subspan(wire::kHandshakeHeaderSize)));
  const auto keys = noise.split();
  ASSERT_TRUE(keys);
  roots_.clear();
  roots_.emplace(0, crypto::derive_root(*keys, session_id_));
  install(1, 0, 1, gateway_id_.cid, client_cid_);
  current_ = 1;
  send(from, answer);
}

void ScriptedGateway::begin_session(const wire::HelloPayload& hello,
                                    const wire::HelloHeader& header) {
  for (const Suite suite : hello.suites) {
    if (std::ranges::find(suites, suite) != suites.end()) {
      suite_ = suite;
      break;
    }
  }
  attached_ = false;
  random_.fill(session_id_.bytes);
  hello_counter_ = hello.counter;
  generation_ = 0;
  pending_generation_.reset();
  last_reply_.reset();
  epochs_.clear();
  ids_.clear();
  jump_ids_.clear();
  highest_ = 1;
  binding_version_ = 0;
  jump_seq_ = 0;
  challenge_seq_ = 0;
  exchange_.reset();
  last_ack_.reset();
  client_cid_ = header.client_cid;
  gateway_id_ = issue();
  jump_ids_.push_back(issue_jump_ids());
}

void ScriptedGateway::on_confirm(const Endpoint& from, MonoNs now) {
  if (!attached_) {
    attached_ = true;
    ++sessions;
    binding_version_ = 1;
    bound_ = from;
    next_heartbeat_ = now;
  }
  send_ack({.subject = wire::Type::kConfirm, .binding_version = 1, .epoch = 1}, client_cid_,
           bound_);
}

// ---- Keys and epochs

ScriptedGateway::Epoch& ScriptedGateway::install(std::uint64_t number, std::uint32_t generation,
                                                 std::uint64_t version, ConnectionId gateway_cid,
                                                 ConnectionId client_cid) {
  Epoch epoch;
  epoch.number = number;
  epoch.generation = generation;
  epoch.gateway_cid = gateway_cid;
  epoch.client_cid = client_cid;
  crypto::TrafficContext context{.session_id = session_id_,
                                 .generation = generation,
                                 .epoch = number,
                                 .binding_version = version,
                                 .owner_epoch = 1,
                                 .suite = suite_,
                                 .direction = Direction::kClientToGateway};
  epoch.receive = crypto::derive_traffic_key(roots_.at(generation), context).get();
  context.direction = Direction::kGatewayToClient;
  epoch.send = crypto::derive_traffic_key(roots_.at(generation), context).get();
  highest_ = std::max(highest_, number);
  return epochs_.insert_or_assign(number, epoch).first->second;
}

std::uint64_t ScriptedGateway::next_number() const {
  std::uint64_t number = highest_ + 1;
  const auto taken = [this](std::uint64_t n) {
    return std::ranges::any_of(epochs_, [n, this](const auto& e) {
      return e.first + 1 >= current_ && ((e.first ^ n) & 3U) == 0;
    });
  };
  while (taken(number))
    ++number;
  return number;
}

// ---- Traffic

void ScriptedGateway::send_traffic(wire::Type type, const Message& plaintext) {
  Epoch& epoch = epochs_.at(current_);
  Message message(plaintext.size() + wire::kTrafficOverhead);
  wire::write_prefix({.type = type,
                      .phase = static_cast<std::uint8_t>(epoch.number & 3U),
                      .id_key_phase = 0,
                      .counter = epoch.counter,
                      .cid = epoch.client_cid},
                     std::span(message).first<wire::kPrefixSize>());
  std::ranges::copy(plaintext, message.begin() + wire::kPrefixSize);
  run_aead(aead(), epoch.send, epoch.counter++, message, true);
  send(bound_, message);
}

void ScriptedGateway::send_data(const Message& inner) {
  send_traffic(wire::Type::kData, inner);
}

void ScriptedGateway::send_heartbeat(MonoNs now) {
  Epoch& epoch = epochs_.at(current_);
  wire::Heartbeat heartbeat;
  heartbeat.reattach_wanted = reattach_wanted;
  heartbeat.rekey_wanted = rekey_wanted;
  heartbeat.next_interval_ms = announced_ms;
  heartbeat.send_time_us = static_cast<std::uint32_t>(now.ns / 1000) | 1U;
  if (epoch.peer_time != 0) {
    heartbeat.echo_time_us = epoch.peer_time;
    heartbeat.echo_delay_us = static_cast<std::uint32_t>((now - epoch.peer_at).us());
  }
  if (!epoch.seen.empty()) heartbeat.received_highest = *epoch.seen.rbegin();
  heartbeat.received_count = epoch.seen.size();
  Message plaintext(wire::kHeartbeatSize);
  wire::encode_heartbeat(heartbeat, std::span<std::uint8_t, wire::kHeartbeatSize>(plaintext));
  send_traffic(wire::Type::kHeartbeat, plaintext);
}

void ScriptedGateway::send_close(Reason reason) {
  Message plaintext(wire::kCloseSize);
  wire::encode_close({.reason = reason}, std::span<std::uint8_t, wire::kCloseSize>(plaintext));
  send_traffic(wire::Type::kClose, plaintext);
}

void ScriptedGateway::send_control_close(std::uint64_t seq, const SessionId& named) {
  Payload payload{};
  wire::encode_control_close(
      {.close_seq = seq, .reason = Reason::kGatewayStopping, .session_id = named}, payload);
  send_control(wire::Type::kControlClose, epochs_.at(current_).client_cid, bound_, payload);
}

void ScriptedGateway::send_reset(const ResetToken& token, const Endpoint& to) {
  Message message(wire::kResetSize);
  wire::encode_reset({.random = {}, .token = token},
                     std::span<std::uint8_t, wire::kResetSize>(message));
  send(to, message);
}

void ScriptedGateway::tick(MonoNs now) {
  if (!attached_ || now < next_heartbeat_) return;
  next_heartbeat_ = now + milliseconds(500);
  if (!quiet) send_heartbeat(now);
}

void ScriptedGateway::on_datagram(const Endpoint& from, Message message, MonoNs now) {
  const auto type = wire::classify(message);
  ASSERT_TRUE(type) << "the client sent what is no JVP/1 message";
  ++heard[*type];
  if (*type == wire::Type::kHello) return on_hello(from, message, now);
  const auto prefix = wire::parse_prefix(message);
  ASSERT_TRUE(prefix);
  if (!ids_.contains(prefix->cid)) {
    if (message.size() > wire::kResetSize) send_reset(token_of(prefix->cid), from);
    return;
  }
  if (wire::class_of(*type) == wire::Class::kControl) return on_control(from, message, now);
  on_traffic(from, std::move(message), now);
}

void ScriptedGateway::on_traffic(const Endpoint& from, Message message, MonoNs now) {
  (void)from;
  const auto prefix = wire::parse_prefix(message);
  Epoch* epoch = nullptr;
  for (auto& [number, e] : epochs_) {
    if (e.gateway_cid == prefix->cid && (number & 3U) == prefix->phase) epoch = &e;
  }
  if (epoch == nullptr || !run_aead(aead(), epoch->receive, prefix->counter, message, false)) {
    ++unopened;
    return;
  }
  if (!epoch->seen.insert(prefix->counter).second) {
    ++duplicates;
    return;
  }
  if (pending_generation_ && epoch->number == pending_epoch_) confirm_rekey();
  const Message plaintext(message.begin() + wire::kPrefixSize,
                          message.end() - static_cast<std::ptrdiff_t>(wire::kTagSize));
  const bool proposed = exchange_ && epoch->number == exchange_->challenge.epoch;
  if (prefix->type == wire::Type::kData) {
    (proposed ? exchange_->held : received).push_back(plaintext);
  } else if (prefix->type == wire::Type::kClose) {
    closed = wire::decode_close(plaintext)->reason;
    attached_ = false;
  } else {
    const auto heartbeat = wire::decode_heartbeat(plaintext);
    ASSERT_TRUE(heartbeat);
    epoch->peer_time = heartbeat->send_time_us;
    epoch->peer_at = now;
    if (heartbeat->reply_wanted && !proposed && attached_ && !quiet) send_heartbeat(now);
  }
}

// ---- Control

void ScriptedGateway::send_control(wire::Type type, ConnectionId to_cid, const Endpoint& to,
                                   std::span<const std::uint8_t, wire::kControlPayloadSize> payload,
                                   std::uint8_t id_key_phase) {
  Message message(wire::kControlSize);
  const std::uint32_t generation = seal_under.value_or(generation_);
  const auto key = crypto::derive_control_key(roots_.at(generation), session_id_, generation,
                                              Direction::kGatewayToClient);
  crypto::seal_control({.type = type,
                        .phase = static_cast<std::uint8_t>(generation & 3U),
                        .id_key_phase = id_key_phase,
                        .counter = 0,
                        .cid = to_cid},
                       payload, key.get(), random_,
                       std::span<std::uint8_t, wire::kControlSize>(message));
  send(to, message);
}

void ScriptedGateway::on_control(const Endpoint& from, const Message& message, MonoNs now) {
  const auto prefix = wire::parse_prefix(message);
  Payload payload{};
  bool opened = false;
  std::uint32_t under = 0;
  for (const auto& [generation, root] : roots_) {
    if ((generation & 3U) != prefix->phase) continue;
    const auto key =
        crypto::derive_control_key(root, session_id_, generation, Direction::kClientToGateway);
    opened = crypto::open_control(crypto::ControlMessage(message), key.get(), payload);
    under = generation;
  }
  if (!opened) {
    ++unopened;
    return;
  }
  if (pending_generation_ && under == *pending_generation_) confirm_rekey();
  switch (prefix->type) {
    case wire::Type::kConfirm: {
      const auto confirm = wire::decode_confirm(payload);
      ASSERT_TRUE(confirm && confirm->session_id == session_id_ &&
                  confirm->hello_counter == hello_counter_);
      return on_confirm(from, now);
    }
    case wire::Type::kReattach:
      return on_reattach(from, *wire::decode_reattach(payload));
    case wire::Type::kPathResponse:
      return on_response(from, *wire::decode_path_response(payload), now);
    case wire::Type::kRekey:
      return on_rekey(*wire::decode_rekey(payload));
    case wire::Type::kControlClose:
      closed = wire::decode_control_close(payload)->reason;
      attached_ = false;
      return;
    default:
      FAIL() << "the client sent a gateway's message";
  }
}

}  // namespace jumpgate::client::testing
