#include "clients.hpp"

#include <cstdio>
#include <cstdlib>

#include "base/bytes.hpp"
#include "crypto/control_seal.hpp"
#include "crypto/hello.hpp"
#include "wire/control.hpp"
#include "wire/handshake.hpp"
#include "wire/prefix.hpp"

namespace jumpgate::bench {
namespace {

constexpr std::uint8_t kPaths = 2;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "engine: %s\n", what);
  std::abort();
}

Endpoint address_of(std::uint32_t client, std::uint8_t path) {
  return {.address = {.family = IpFamily::kV4,
                      .bytes = {static_cast<std::uint8_t>(10 + path),
                                static_cast<std::uint8_t>(client >> 16),
                                static_cast<std::uint8_t>(client >> 8),
                                static_cast<std::uint8_t>(client)}},
          .port = 4000};
}

Endpoint gateway() {
  return {.address = {.family = IpFamily::kV4, .bytes = {192, 0, 2, 1}}, .port = 51820};
}

/// Anything, as long as each generation of each session has its own.
crypto::RootSecret root_of(std::uint32_t client, std::uint32_t generation) {
  crypto::RootSecret root;
  root.get().fill(0x5a);
  base::store_le32(root.get().data(), client);
  base::store_le32(root.get().data() + 4, generation);
  return root;
}

// A client id names its client in the low half and is fresh in the high one.
std::uint32_t client_of(ConnectionId cid) {
  return static_cast<std::uint32_t>(cid.value) - 1;
}

}  // namespace

PublicKey static_key(std::uint32_t client) {
  PublicKey key{0x77};
  base::store_le32(key.data() + 1, client);
  return key;
}

Clients::Clients(std::uint32_t count, const PublicKey& gateway_key)
    : mac1_key_(crypto::derive_mac1_key(gateway_key)), clients_(count), in_slot_(count) {}

void Clients::handshake(ctl::HandshakeJob& job) {
  if (job.kind == ctl::HandshakeJob::Kind::kReadHello) {
    read(job);
  } else if (job.kind == ctl::HandshakeJob::Kind::kRekey) {
    rekey(job);
  } else {
    welcome(job);
  }
}

void Clients::read(ctl::HandshakeJob& job) const {
  job.peer = client_of(job.header.client_cid);
  wire::encode_hello_payload(
      {.counter = 1, .versions = {wire::kVersion}, .suites = {Suite::kAes256Gcm}}, job.payload);
  job.remote = static_key(job.peer);
}

ConnectionId Clients::next_id(std::uint32_t client) {
  return {std::uint64_t{clients_[client].ids++} << 32 | (client + 1)};
}

void Clients::welcome(ctl::HandshakeJob& job) {
  Client& client = clients_[job.peer];
  client.ref = job.session;
  client.session = job.session_id;
  in_slot_.at(client.ref.slot) = job.peer;
  job.root = root_of(job.peer, 0);
  wire::encode_answer_header({.type = wire::Type::kWelcome,
                              .id_key_phase = job.id_key_phase,
                              .version = wire::kVersion,
                              .client_cid = job.header.client_cid},
                             std::span(job.answer).first<wire::kHandshakeHeaderSize>());
  job.answer_size = wire::kWelcomeSize;
}

void Clients::rekey(ctl::HandshakeJob& job) {
  // The root in the job is the former one, and says whose it is.
  const std::uint32_t client = base::load_le32(job.root.get().data());
  job.root = root_of(client, job.generation);
  job.gateway_ephemeral = static_key(client);
}

Input Clients::hello(std::uint32_t client) const {
  Input input;
  input.report.kind = bus::ReportKind::kHandshake;
  input.report.from = address_of(client, 0);
  input.report.to = gateway();
  const wire::HelloOut message(input.bytes);
  wire::encode_hello_header({.version = wire::kVersion, .client_cid = {client + 1}},
                            message.first<wire::kHelloHeaderSize>());
  crypto::write_hello_macs(message, mac1_key_, std::nullopt);
  return input;
}

Input Clients::control(std::uint32_t client, wire::Type type, const Endpoint& from) const {
  Input input;
  input.report.kind = bus::ReportKind::kControl;
  input.report.type = type;
  input.report.session = clients_[client].ref;
  input.report.generation = clients_[client].generation;
  input.report.from = from;
  input.report.to = gateway();
  return input;
}

Input Clients::reattach(std::uint32_t client) {
  Client& self = clients_[client];
  self.path = static_cast<std::uint8_t>((self.path + 1) % kPaths);
  Input input = control(client, wire::Type::kReattach, address_of(client, self.path));
  wire::encode_reattach({.jump_seq = ++self.jump_seq,
                         .binding_version = self.binding_version,
                         .root_generation = self.generation,
                         .cause = Reason::kTransportRetiring,
                         .client_cid = next_id(client),
                         .session_id = self.session},
                        payload_of(input));
  return input;
}

Input Clients::rekey_asked(std::uint32_t client) const {
  Input input;
  input.ask_rekey = client;
  return input;
}

std::optional<Input> Clients::rekey_wanted(std::uint32_t slot) {
  const std::uint32_t client = in_slot_.at(slot);
  Client& self = clients_[client];
  if (self.rekeying) return std::nullopt;
  self.rekeying = true;
  Input input = control(client, wire::Type::kRekey, address_of(client, self.path));
  wire::encode_rekey({.generation = self.generation + 1,
                      .reason = Reason::kPolicyTrigger,
                      .binding_version = self.binding_version,
                      .ephemeral = static_key(client),
                      .rekey_seq = ++self.rekey_seq},
                     payload_of(input));
  return input;
}

Input Clients::edge(std::uint32_t client, bus::ReportKind kind, ConnectionId gateway_cid) const {
  Input input = control(client, {}, address_of(client, clients_[client].path));
  input.report.kind = kind;
  input.report.cid = gateway_cid;
  return input;
}

std::optional<Input> Clients::answer(const Datagram& datagram) {
  const auto bytes = std::span(datagram.bytes).first(datagram.size);
  if (const auto header = wire::decode_answer_header(bytes);
      header && header->type == wire::Type::kWelcome) {
    const std::uint32_t client = client_of(header->client_cid);
    ++welcomed_;
    Input input = control(client, wire::Type::kConfirm, datagram.remote);
    wire::encode_confirm({.session_id = clients_[client].session, .hello_counter = 1},
                         payload_of(input));
    return input;
  }
  const auto prefix = wire::parse_prefix(bytes);
  if (!prefix) fail("a message that no client reads");
  switch (prefix->type) {
    case wire::Type::kPathChallenge:
      return challenged(client_of(prefix->cid), datagram);
    case wire::Type::kRekeyReply:
      return replied(client_of(prefix->cid), datagram);
    case wire::Type::kAck:
      ++acknowledged_;
      return std::nullopt;
    case wire::Type::kControlClose:
      return std::nullopt;
    default:
      fail("the controller refused something");
  }
}

Clients::Opened Clients::open(std::uint32_t client, const Datagram& datagram) const {
  const Client& self = clients_[client];
  const auto key = crypto::derive_control_key(root_of(client, self.generation), self.session,
                                              self.generation, Direction::kGatewayToClient);
  Opened payload{};
  const auto message = std::span(datagram.bytes).first<wire::kControlSize>();
  if (!crypto::open_control(message, key.get(), payload)) fail("a message does not open");
  return payload;
}

std::optional<Input> Clients::replied(std::uint32_t client, const Datagram& datagram) {
  Client& self = clients_[client];
  const auto reply = wire::decode_rekey_reply(open(client, datagram));
  if (!reply || reply->reason != Reason::kNone || reply->rekey_seq != self.rekey_seq)
    fail("a REKEY was refused");
  self.generation = reply->generation;
  self.rekeying = false;
  Input input = control(client, {}, datagram.remote);
  input.report.kind = bus::ReportKind::kEpochConfirmed;
  input.report.value = reply->epoch;
  return input;
}

std::optional<Input> Clients::challenged(std::uint32_t client, const Datagram& datagram) {
  Client& self = clients_[client];
  const auto challenge = wire::decode_path_challenge(open(client, datagram));
  if (!challenge) fail("a CHALLENGE does not decode");
  self.binding_version = challenge->binding_version;
  Input input = control(client, wire::Type::kPathResponse, datagram.remote);
  wire::encode_path_response(
      {.jump_seq = challenge->jump_seq,
       .challenge_seq = challenge->challenge_seq,
       .token = challenge->token,
       .epoch = challenge->epoch,
       .binding_version = challenge->binding_version,
       .client_cid = challenge->client_cid.value != 0 ? challenge->client_cid : next_id(client)},
      payload_of(input));
  return input;
}

}  // namespace jumpgate::bench
